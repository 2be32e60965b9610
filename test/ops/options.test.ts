/** What operators are made and called with beside tensors: tiles, levels of validation, host copies; and arguments that are missing. */
import { describe, expect, it } from 'vitest';
import { MANIFEST } from '../../manifest/index.ts';
import {
  Gemm,
  GqaForward,
  GqaPagedDecode,
  GqaPagedPrefill,
  OperatorError,
  QuantizeFp8Tensor,
  RmsNorm,
  Softmax,
} from '../../src/ops/index.ts';
import { pagedPrefill } from '../reference/attention.ts';
import { expectClose, TOLERANCES } from '../reference/compare.ts';
import { pagedInputs } from '../reference/paged.ts';
import { DEVICES, operatorFor, pagedTensors, SMALL, tensor } from './paged.ts';

const SHAPE = { heads: 2, headsKv: 1, dim: 32, pageSize: 16, dtype: 'f16' } as const;
const LENS = { newLens: [5, 9], oldLens: [20, 3] } as const;
/** As a caller without types. */
const untyped = <T>(x: unknown): T => x as T;

const refused = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    expect(e).toBeInstanceOf(OperatorError);
    return (e as OperatorError).message;
  }
  throw new Error('it was not refused');
};
const refusedRun = async (f: () => Promise<unknown>): Promise<string> => {
  const e: unknown = await f().then(
    () => undefined,
    (x: unknown) => x,
  );
  expect(e).toBeInstanceOf(OperatorError);
  return (e as OperatorError).message;
};

describe.each(DEVICES)('an optional tensor that is undefined is as good as absent, on %s', (device) => {
  const absent = { kScale: undefined, vScale: undefined, cos: undefined, sin: undefined };

  it.each(['full', 'none'] as const)('prefill with a 16-bit cache, validate: %s', async (validate) => {
    const p = pagedInputs({ ...SHAPE, ...LENS, cacheDtype: 'f16' });
    const t = await pagedTensors(p, device);
    await operatorFor(p).run({ ...t, ...absent }, { validate });
    expectClose(await t.out.toFloat64Array(), pagedPrefill(p), TOLERANCES.f16);
    await operatorFor(p).prepare({ ...t, ...absent });
    operatorFor(p).launch({ ...t, ...absent }, { validate: 'none' });
  });

  it('decode with a 16-bit cache, products without bias', async () => {
    const p = pagedInputs({ ...SHAPE, newLens: [0, 0], oldLens: [20, 3], cacheDtype: 'f16' });
    const { kPages, vPages, cacheSeqlens, blockTable } = await pagedTensors(p, device);
    const q = await tensor(new Float64Array(2 * 2 * 32), 'f16', [2, 2, 32], device);
    const out = await tensor(new Float64Array(2 * 2 * 32).fill(NaN), 'f16', [2, 2, 32], device);
    const args = { q, kPages, vPages, cacheSeqlens, blockTable, out, kScale: undefined, vScale: undefined };
    await new GqaPagedDecode(SHAPE).run(args);
    expect((await out.toFloat64Array()).every(Number.isFinite)).toBe(true);
    const make = () => tensor(new Float64Array(64).fill(1), 'f16', [8, 8], device);
    const [a, b, c] = [await make(), await make(), await make()];
    await new Gemm({ dtype: 'f16' }).run({ a, b, bias: undefined, out: c });
    expect((await c.toFloat64Array()).every((x) => x === 8)).toBe(true);
  });

  it('but null is not', async () => {
    const p = pagedInputs({ ...SHAPE, ...LENS, cacheDtype: 'f16' });
    const t = await pagedTensors(p, device);
    expect(await refusedRun(() => operatorFor(p).run(untyped({ ...t, kScale: null })))).toContain(
      "kScale: expected no tensor, unless cacheDtype == 'f8e4m3', got null",
    );
  });
});

describe('tiles', () => {
  const make = (config: unknown) => () =>
    new GqaForward({ heads: 2, dim: 32, headsKv: 1, dtype: 'f16' }, { config: untyped(config) });
  it.each<[unknown, string]>([
    [
      { isCausal: false },
      'config.isCausal: expected one of the tiles BM, BN, SN, threads or numStages, got `isCausal`',
    ],
    [{ BX: 3 }, 'config.BX: expected one of the tiles BM, BN, SN, threads or numStages, got `BX`'],
    [{ toString: 3 }, 'config.toString: expected one of the tiles'],
    [{ BM: 1e9 }, 'config.BM: expected an integer from 1 to 65536, got 1000000000'],
    [{ BM: 0 }, 'config.BM: expected an integer from 1 to 65536, got 0'],
    [{ BM: 64.5 }, 'config.BM: expected an integer from 1 to 65536, got 64.5'],
    [{ BM: '64' }, "config.BM: expected an integer from 1 to 65536, got '64'"],
    [{ threads: true }, 'config.threads: expected an integer from 1 to 65536, got true'],
    [{ threads: 100 }, 'config.threads: expected a multiple of 32, at most 1024, got 100'],
    [{ BM: 40 }, 'config.BM: expected a multiple of 16, got 40'],
    [{ BN: 64, SN: 48 }, 'config.SN: expected a divisor of BN, got 48 where BN = 64'],
    [
      { BM: 32, threads: 128 },
      'config.threads: expected at most 2 · BM, so that each warp has 16 rows, got 128 where BM = 32',
    ],
    [{ numStages: 9 }, 'config.numStages: expected at most 8, got 9'],
    [[64], 'config: expected an object of the tiles BM, BN, SN, threads and numStages, got an array'],
    [null, 'config: expected an object of the tiles BM, BN, SN, threads and numStages, got null'],
  ])('%j', (config, message) => {
    expect(refused(make(config))).toContain(`gqa-forward: ${message}`);
  });

  it('cannot override a parameter, in any operator', () => {
    for (const params of [{ eps: 100 }, { n: 8 }, { dtype: 'f16' }])
      expect(refused(() => new RmsNorm({ n: 16, dtype: 'f32' }, { config: untyped(params) }))).toContain(
        'expected one of the tiles BM or threads',
      );
    expect(refused(() => new QuantizeFp8Tensor({ n: 16, dtype: 'f32' }, { config: { threads: 96 } }))).toContain(
      'config.threads: expected a power of two, got 96',
    );
  });

  it('are taken, alone or with others left open, and change nothing of the result', async () => {
    const x = await tensor([1, 2, 3, 4], 'f32', [2, 2]);
    const results = [];
    for (const config of [undefined, {}, { BM: undefined }, { BM: 2 }, { BM: 1, threads: 64 }]) {
      const out = await tensor([0, 0, 0, 0], 'f32', [2, 2]);
      await new Softmax({ n: 2, dtype: 'f32' }, { config }).run({ x, out });
      results.push([...(await out.toFloat64Array())]);
    }
    for (const r of results) expect(r).toEqual(results[0]);
  });
});

describe('missing and misspelt arguments', () => {
  const p = pagedInputs({ ...SHAPE, ...LENS, cacheDtype: 'f8e4m3' });
  const op = operatorFor(p);

  it.each([undefined, null, 5, 'q', []])('an operator of %j', (params) => {
    expect(refused(() => new GqaPagedPrefill(untyped(params)))).toMatch(
      /^gqa-paged-prefill: parameters: expected an object of heads, headsKv, .* and rotaryDim, got (nothing|null|5|'q'|an array)$/,
    );
    if (params !== undefined)
      expect(refused(() => new RmsNorm({ n: 4, dtype: 'f32' }, untyped(params)))).toContain(
        'rms-norm: options: expected an object of options, got ',
      );
  });

  it('parameters with the names of what every object has', () => {
    expect(refused(() => new RmsNorm(untyped({ n: 4, dtype: 'f32', constructor: 3 })))).toContain(
      'constructor: expected one of the parameters n, dtype or eps',
    );
  });

  it.each(['full', 'none'] as const)('calls without tensors, validate: %s', async (validate) => {
    const message =
      /^gqa-paged-prefill: tensors: expected an object of the tensors q, kNew, .* and out, got (nothing|null|an array)$/;
    for (const args of [undefined, null, []]) {
      expect(await refusedRun(() => op.run(untyped(args), { validate }))).toMatch(message);
      expect(refused(() => op.launch(untyped(args), { validate }))).toMatch(message);
    }
    expect(await refusedRun(() => op.prepare(untyped(undefined)))).toMatch(message);
    expect(refused(() => op.workspace(untyped(undefined)))).toMatch(message);
    expect(refused(() => op.kernels(untyped(undefined)))).toMatch(message);
  });

  it('options of a call', async () => {
    const t = await pagedTensors(p);
    expect(await refusedRun(() => op.run(t, untyped(null)))).toBe(
      'gqa-paged-prefill: options: expected an object of options, got null',
    );
    expect(await refusedRun(() => op.run(t, untyped({ validate: 'off' })))).toBe(
      "gqa-paged-prefill: validate: expected 'full', 'host' or 'none', got 'off'",
    );
  });

  it('something like a tensor, without memory', async () => {
    const t = await pagedTensors(p);
    const like = { dtype: 'f16', shape: t.q.shape, device: t.q.device };
    expect(await refusedRun(() => op.run(untyped({ ...t, q: like })))).toBe(
      'gqa-paged-prefill: q: expected a tensor of f16 [totalQ, 2, 32], got an object of Object',
    );
  });
});

describe('host copies', () => {
  const p = pagedInputs({ ...SHAPE, ...LENS, cacheDtype: 'f8e4m3' });
  const op = operatorFor(p);
  it.each<[object, string]>([
    [
      { cacheSeqLens: [20, 3] },
      'host.cacheSeqLens: expected a copy of cuSeqlensQ, cacheSeqlens, blockTable, kScale or vScale, got one of `cacheSeqLens`',
    ],
    [{ q: [1] }, 'host.q: expected a copy of cuSeqlensQ,'],
    [
      { cacheSeqlens: [NaN, 3] },
      'host.cacheSeqlens: expected integers of 32 bits, as the tensor has, got host.cacheSeqlens[0] = NaN',
    ],
    [{ cacheSeqlens: [20, 2.5] }, 'got host.cacheSeqlens[1] = 2.5'],
    [{ cacheSeqlens: Float64Array.of(20.5, 3) }, 'got host.cacheSeqlens[0] = 20.5'],
    [{ cacheSeqlens: BigInt64Array.of(20n, 3n) }, 'got host.cacheSeqlens[0] = 20'],
    [{ cacheSeqlens: [20, 2 ** 32 + 3] }, 'got host.cacheSeqlens[1] = 4294967299'],
    [{ cacheSeqlens: ['20', 3] }, "got host.cacheSeqlens[0] = '20'"],
    [{ cacheSeqlens: 5 }, 'host.cacheSeqlens: expected an array of numbers, got 5'],
    [{ cacheSeqlens: null }, 'host.cacheSeqlens: expected an array of numbers, got null'],
    [{ kScale: ['0.5'] }, "host.kScale: expected numbers, got host.kScale[0] = '0.5'"],
    [{ kScale: [NaN] }, 'kScale: expected a finite scale above 0, got NaN'],
    [{ kScale: [1e-46] }, 'kScale: expected a finite scale above 0, got 1e-46'],
  ])('%o', async (host, message) => {
    const t = await pagedTensors(p);
    expect(await refusedRun(() => op.run(t, { host: untyped(host) }))).toContain(message);
    expect(refused(() => op.launch(t, { host: untyped(host) }))).toContain(message);
  });

  it('of an operator that reads no contents; of what is no object', async () => {
    const x = await tensor([1, 2], 'f32', [1, 2]);
    const softmax = new Softmax({ n: 2, dtype: 'f32' });
    expect(await refusedRun(() => softmax.run({ x, out: x }, { host: { x: [1, 2] } }))).toBe(
      'softmax: host.x: expected no host copies: nothing is read of its tensors, got one of `x`',
    );
    expect(await refusedRun(() => softmax.run({ x, out: x }, { host: untyped(null) }))).toContain(
      'host: expected an object of host copies, got null',
    );
  });

  it('undefined ones count as not given', async () => {
    const t = await pagedTensors(p);
    await op.run(t, { host: { cacheSeqlens: undefined, kScale: undefined } });
  });
});

describe('numbers that f32 does not hold', () => {
  it.each([1e-46, 1e39, 1e300, -1, NaN, Infinity])('eps: %d', (eps) => {
    expect(refused(() => new RmsNorm({ n: 4, dtype: 'f32', eps }))).toMatch(/rms-norm: eps: expected /);
  });
  it('bounds themselves give finite results', async () => {
    const p = pagedInputs({ ...SHAPE, ...LENS, cacheDtype: 'f16' });
    for (const o of [
      { smScale: 1e-20 },
      { smScale: 1e21 },
      { softcap: 1e-3 },
      { softcap: 1e30 },
      { smScale: 1e21, softcap: 1e-3 },
    ]) {
      const t = await pagedTensors(p);
      await operatorFor(p, o, SMALL).run(t);
      expect((await t.out.toFloat64Array()).every(Number.isFinite), JSON.stringify(o)).toBe(true);
    }
    const x = await tensor([0, 0, 1, 2], 'f32', [2, 2]);
    const weight = await tensor([1, 1], 'f32', [2]);
    for (const eps of [1e-30, 1e6]) {
      const out = await tensor([NaN, NaN, NaN, NaN], 'f32', [2, 2]);
      await new RmsNorm({ n: 2, dtype: 'f32', eps }).run({ x, weight, out });
      expect((await out.toFloat64Array()).every(Number.isFinite), `eps ${eps}`).toBe(true);
    }
  });
  it('no tile has the name of a parameter', () => {
    for (const e of Object.values(MANIFEST))
      for (const n of Object.keys(e.tiles)) expect(e.params).not.toHaveProperty(n);
  });
});
