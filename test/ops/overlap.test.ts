/** Calls whose outputs lie where they must not are refused before anything is written; those that may replace an input are right. */
import { expect, it } from 'vitest';
import { MANIFEST } from '../../manifest/index.ts';
import {
  AddRmsNorm,
  AppendPagedKv,
  Gemm,
  GqaPagedDecode,
  OperatorError,
  QuantizeFp8Tensor,
  RmsNorm,
  Rope,
  SiluAndMul,
  Softmax,
} from '../../src/ops/index.ts';
import { Signature, type TensorArgs } from '../../src/ops/signature.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { pagedInputs } from '../reference/paged.ts';
import { bytes, operatorFor, pagedTensors, tensor } from './paged.ts';

const SHAPE = { heads: 2, headsKv: 2, dim: 32, pageSize: 16, dtype: 'f16' } as const;
const random = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(i * 7 + 1));
const make = (dtype: 'f16' | 'f32' | 'f8e4m3', ...shape: number[]): Promise<Tensor> =>
  tensor(random(shape.reduce((a, b) => a * b, 1)), dtype, shape);

/** The refusal of the call, which must leave all tensors as they were. */
async function refused(call: () => Promise<void>, tensors: object): Promise<string> {
  const all = Object.values(tensors) as Tensor[];
  const before = await Promise.all(all.map(bytes));
  const e: unknown = await call().then(
    () => undefined,
    (x: unknown) => x,
  );
  expect(e).toBeInstanceOf(OperatorError);
  expect(await Promise.all(all.map(bytes))).toEqual(before);
  return (e as OperatorError).message;
}

it('prefill: pages of keys and values, new tokens and results are all apart', async () => {
  // As many new tokens as there are rows in the pages, so that shapes fit.
  const p = pagedInputs({ ...SHAPE, newLens: [32], oldLens: [0], sparePages: 0, cacheDtype: 'f16' });
  expect(p.totalQ).toBe(p.numPages * p.pageSize);
  const t = await pagedTensors(p);
  const op = operatorFor(p);
  for (const [change, message] of [
    [{ vPages: t.kPages }, 'kPages: expected memory of its own, got memory that it shares with `vPages`'],
    [{ kPages: t.vPages }, 'kPages: expected memory of its own, got memory that it shares with `vPages`'],
    [{ out: t.kNew }, 'out: expected memory of its own, got memory that it shares with `kNew`'],
    [{ out: t.vPages }, 'vPages: expected memory of its own, got memory that it shares with `out`'],
    [{ kPages: t.kNew }, 'kPages: expected memory of its own, got memory that it shares with `kNew`'],
    [{ out: t.q }, 'out: expected memory of its own, got memory that it shares with `q`'],
  ] as const) {
    const args = { ...t, ...change };
    expect(await refused(() => op.run(args), args)).toBe(`gqa-paged-prefill: ${message}`);
    expect(await refused(() => op.run(args, { validate: 'host' }), args)).toContain(message);
  }
  // What is only read may be shared; and the caller may vouch for all of it.
  await op.run({ ...t, vNew: t.kNew });
  await op.run({ ...t, out: t.q }, { validate: 'none' });
  const { q: _, out: __, ...rest } = t;
  const append = new AppendPagedKv({ headsKv: 2, dim: 32, pageSize: 16, dtype: 'f16' });
  const shared = { ...rest, vPages: t.vNew };
  expect(await refused(() => append.run(shared), shared)).toContain('vPages: expected memory of its own');
});

it('views into one tensor: apart they are taken, where they overlap by one row they are not', async () => {
  const all = await make('f32', 7, 8);
  const op = new Softmax({ n: 8, dtype: 'f32' });
  await op.run({ x: all.slice(0, 3), out: all.slice(3, 6) });
  await op.run({ x: all.slice(3, 6), out: all.slice(0, 3) });
  const args = { x: all.slice(0, 3), out: all.slice(2, 5) };
  expect(await refused(() => op.run(args), args)).toBe(
    'softmax: out: expected memory of its own, or exactly that of x, got memory that it shares with `x`',
  );
  await op.run({ x: all.slice(2, 2), out: all.slice(0, 0) });
});

it('products, gates, quantised tensors', async () => {
  const [a, b] = [await make('f16', 16, 16), await make('f16', 16, 16)];
  const gemm = new Gemm({ dtype: 'f16' });
  for (const out of [a, b])
    expect(await refused(() => gemm.run({ a, b, out }), { a, b })).toContain(
      'gemm: out: expected memory of its own, got',
    );
  const wide = await make('f32', 2, 16);
  const silu = new SiluAndMul({ n: 8, dtype: 'f32' });
  const out = wide.reshape([4, 8]).slice(0, 2);
  expect(await refused(() => silu.run({ x: wide, out }), { wide })).toContain(
    'silu-and-mul: out: expected memory of its own',
  );
  const [x, scale] = [await make('f32', 1, 4), await make('f32', 1)];
  const own = x.reshape([4]).slice(0, 1);
  const codes = await make('f8e4m3', 1, 4);
  const quantize = new QuantizeFp8Tensor({ n: 4, dtype: 'f32' });
  expect(await refused(() => quantize.run({ x, out: codes, scale: own }), { x, codes, scale })).toContain(
    'scale: expected memory of its own',
  );
});

it('a weight is not written over; a residual and a result are two', async () => {
  const [x, residual, weight] = [await make('f32', 1, 8), await make('f32', 1, 8), await make('f32', 8)];
  const norm = new RmsNorm({ n: 8, dtype: 'f32' });
  expect(await refused(() => norm.run({ x, weight, out: weight.reshape([1, 8]) }), { x, weight })).toContain(
    '`weight`',
  );
  const add = new AddRmsNorm({ n: 8, dtype: 'f32' });
  const t = { x, residual, weight };
  expect(await refused(() => add.run({ ...t, out: residual }), t)).toContain('shares with `out`');
  expect(await refused(() => add.run({ ...t, residual: x, out: residual }), t)).toContain('shares with `x`');
});

/** Results written in place of an input equal those written beside it. */
it.each<[string, (x: Tensor, out: Tensor) => Promise<void>, readonly number[]]>([
  [
    'rms-norm',
    async (x, out) => new RmsNorm({ n: 72, dtype: 'f32' }).run({ x, weight: await make('f32', 72), out }),
    [70, 72],
  ],
  [
    'add-rms-norm',
    async (x, out) => {
      const residual = await make('f32', 70, 72);
      await new AddRmsNorm({ n: 72, dtype: 'f32' }).run({ x, residual, weight: await make('f32', 72), out });
      expect(await residual.toFloat64Array()).not.toEqual(random(70 * 72).map(Math.fround));
    },
    [70, 72],
  ],
  ['softmax', (x, out) => new Softmax({ n: 72, dtype: 'f32' }).run({ x, out }), [70, 72]],
  [
    'rope',
    async (x, out) => {
      const positions = await tensor(
        Int32Array.from({ length: 33 }, (_, i) => i % 9),
        'i32',
        [33],
      );
      const [cos, sin] = [await make('f32', 9, 8), await make('f32', 9, 8)];
      await new Rope({ heads: 3, dim: 32, rotaryDim: 16, dtype: 'f32' }).run({ x, positions, cos, sin, out });
    },
    [33, 3, 32],
  ],
])('%s in place', async (_, run, shape) => {
  const [x, same] = [await make('f32', ...shape), await make('f32', ...shape)];
  const apart = await tensor(new Float64Array(x.size).fill(NaN), 'f32', shape);
  await run(x, apart);
  await run(same, same);
  expect(await same.toFloat64Array()).toEqual(await apart.toFloat64Array());
  expect(await apart.toFloat64Array()).not.toEqual(await x.toFloat64Array());
});

it('decode may write over its queries', async () => {
  const p = pagedInputs({ ...SHAPE, newLens: [0, 0], oldLens: [20, 3], cacheDtype: 'f16' });
  const { kPages, vPages, cacheSeqlens, blockTable } = await pagedTensors(p);
  const op = new GqaPagedDecode(SHAPE);
  const [q, out] = [await make('f16', 2, 2, 32), await make('f16', 2, 2, 32)];
  await op.run({ q, kPages, vPages, cacheSeqlens, blockTable, out });
  await op.run({ q, kPages, vPages, cacheSeqlens, blockTable, out: q });
  expect(await bytes(q)).toEqual(await bytes(out));
});

it('on a GPU addresses are compared', () => {
  const signature = new Signature(MANIFEST.softmax, { n: 8, dtype: 'f32' });
  const device: Device = Object.create(Device.prototype, { toString: { value: () => 'cuda:0' } });
  const at = (address: bigint, rows = 4) => ({
    dtype: 'f32',
    shape: [rows, 8],
    size: rows * 8,
    device,
    disposed: false,
    address,
  });
  const check = (x: object, out: object) => () => signature.check({ x, out } as TensorArgs);
  const base = 0x7f12_3456_0000n;
  expect(check(at(base), at(base + 128n))).not.toThrow();
  expect(check(at(base + 128n), at(base))).not.toThrow();
  expect(check(at(base), at(base))).not.toThrow();
  expect(check(at(base), at(base + 96n))).toThrow('got memory that it shares with `x`');
  expect(check(at(base + 96n), at(base))).toThrow('got memory that it shares with `x`');
  // Nothing of an earlier call counts, nor tensors of no bytes.
  expect(check(at(base, 0), at(base, 0))).not.toThrow();
  expect(check(at(0n, 0), at(0n, 0))).not.toThrow();
});
