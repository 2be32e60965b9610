/** The operators over rows, on every dtype and on ragged sizes, against f64. */
import { describe, expect, it } from 'vitest';
import {
  AddRmsNorm,
  OperatorError,
  QuantizeFp8Rows,
  QuantizeFp8Tensor,
  RmsNorm,
  Rope,
  SiluAndMul,
  Softmax,
} from '../../src/ops/index.ts';
import { expectBytes, expectClose, type Tolerance } from '../reference/compare.ts';
import * as reference from '../reference/layers.ts';
import { e4m3Bytes, roundAll, roundTo } from '../reference/numbers.ts';
import { allMagnitudes, normals, random } from '../reference/random.ts';
import { randomRopeTables, rope } from '../reference/rope.ts';
import { bytes, DEVICES, tensor } from './paged.ts';

const DTYPES = ['f32', 'f16', 'bf16'] as const;
/** One rounding to the dtype on top of f32 arithmetic. */
const TOLERANCE: Readonly<Record<(typeof DTYPES)[number], Tolerance>> = {
  f32: { atol: 1e-6, rtol: 1e-5 },
  f16: { atol: 1e-5, rtol: 2 ** -10 },
  bf16: { atol: 1e-4, rtol: 2 ** -7 },
};
const SIZES = [
  { rows: 5, n: 128 },
  { rows: 33, n: 72 },
  { rows: 3, n: 1 },
  { rows: 2, n: 1037 },
  { rows: 1, n: 4099 },
] as const;
const CASES = DTYPES.flatMap((dtype) => SIZES.map((s) => ({ ...s, dtype })));

describe.each(DEVICES)('on %s', (device) => {
  const poisoned = (dtype: (typeof DTYPES)[number] | 'f8e4m3', ...shape: number[]) =>
    tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(NaN), dtype, shape, device);
  const r = random(11);

  describe.each(CASES)('$rows × $n $dtype', ({ rows, n, dtype }) => {
    const x = normals(r, rows * n, dtype, 3);
    const weight = normals(r, n, dtype);

    it('RMSNorm', async () => {
      const out = await poisoned(dtype, rows, n);
      const args = {
        x: await tensor(x, dtype, [rows, n], device),
        weight: await tensor(weight, dtype, [n], device),
        out,
      };
      await new RmsNorm({ n, dtype, eps: 1e-3 }).run(args);
      expectClose(await out.toFloat64Array(), reference.rmsNorm(x, weight, 1e-3), TOLERANCE[dtype]);
    });

    it('residual addition and RMSNorm', async () => {
      const residual = normals(r, rows * n, dtype, 2);
      const sum = await tensor(residual, dtype, [rows, n], device);
      const out = await poisoned(dtype, rows, n);
      await new AddRmsNorm({ n, dtype }).run({
        x: await tensor(x, dtype, [rows, n], device),
        residual: sum,
        weight: await tensor(weight, dtype, [n], device),
        out,
      });
      const want = x.map((v, i) => roundTo(dtype, Math.fround(v + residual[i]!)));
      expect(await sum.toFloat64Array()).toEqual(want);
      expectClose(await out.toFloat64Array(), reference.rmsNorm(want, weight, 1e-5), TOLERANCE[dtype]);
    });

    it('softmax', async () => {
      const out = await poisoned(dtype, rows, n);
      await new Softmax({ n, dtype }).run({ x: await tensor(x, dtype, [rows, n], device), out });
      expectClose(await out.toFloat64Array(), reference.softmax(x, n), TOLERANCE[dtype]);
    });

    it('SiLU and product', async () => {
      const both = normals(r, rows * 2 * n, dtype, 2);
      const out = await poisoned(dtype, rows, n);
      await new SiluAndMul({ n, dtype }).run({ x: await tensor(both, dtype, [rows, 2 * n], device), out });
      expectClose(await out.toFloat64Array(), reference.siluAndMul(both, n), TOLERANCE[dtype]);
    });

    it.each(['normal', 'all magnitudes'] as const)('FP8 by rows and whole, exactly: %s numbers', async (kind) => {
      const data = kind === 'normal' ? x.slice() : roundAll(dtype, allMagnitudes(r, rows * n, -30, 12));
      data.fill(0, 0, rows > 2 ? n : 0);
      for (const per of [n, rows * n]) {
        const out = await poisoned('f8e4m3', rows, n);
        const scale = await poisoned('f32', per === n ? rows : 1);
        const op = per === n ? new QuantizeFp8Rows({ n, dtype }) : new QuantizeFp8Tensor({ n, dtype });
        await op.run({ x: await tensor(data, dtype, [rows, n], device), out, scale });
        const want = reference.quantizeFp8(data, per);
        expect(await scale.toFloat64Array()).toEqual(want.scales);
        expectBytes(await bytes(out), e4m3Bytes(want.values));
      }
    });
  });

  it('quantisation keeps NaN and leaves it out of the scale', async () => {
    const data = Float64Array.of(1, NaN, -3, 0.5);
    const want = reference.quantizeFp8(data, 4);
    expect(want.scales[0]).toBe(Math.fround(3 / 448));
    for (const op of [new QuantizeFp8Rows({ n: 4, dtype: 'f32' }), new QuantizeFp8Tensor({ n: 4, dtype: 'f32' })]) {
      const out = await poisoned('f8e4m3', 1, 4);
      const scale = await poisoned('f32', 1);
      await op.run({ x: await tensor(data, 'f32', [1, 4], device), out, scale });
      expect(await scale.toFloat64Array()).toEqual(want.scales);
      expectBytes(await bytes(out), e4m3Bytes(want.values));
    }
  });

  it('quantisation of numbers so small that their scale would be 0', async () => {
    for (const op of [new QuantizeFp8Rows({ n: 4, dtype: 'f32' }), new QuantizeFp8Tensor({ n: 4, dtype: 'f32' })]) {
      const out = await poisoned('f8e4m3', 1, 4);
      const scale = await poisoned('f32', 1);
      await op.run({
        x: await tensor(Float64Array.of(2 ** -149, 0, -(2 ** -149), 0), 'f32', [1, 4], device),
        out,
        scale,
      });
      expect(await scale.toFloat64Array()).toEqual(Float64Array.of(1));
      expectBytes(await bytes(out), Uint8Array.of(0, 0, 0x80, 0));
    }
  });

  describe.each([
    { heads: 4, dim: 64, rotaryDim: 64 },
    { heads: 3, dim: 48, rotaryDim: 20 },
    { heads: 1, dim: 128, rotaryDim: 2 },
  ])('RoPE of $rotaryDim in $heads heads of $dim', ({ heads, dim, rotaryDim }) => {
    it.each(DTYPES)('%s', async (dtype) => {
      const tokens = 7;
      const tables = randomRopeTables(r, 40, rotaryDim);
      const x = normals(r, tokens * heads * dim, dtype);
      const positions = [39, 0, 3, 3, 17, 1, 20];
      const out = await poisoned(dtype, tokens, heads, dim);
      await new Rope({ heads, dim, rotaryDim, dtype }).run({
        x: await tensor(x, dtype, [tokens, heads, dim], device),
        positions: await tensor(positions, 'i32', [tokens], device),
        cos: await tensor(tables.cos, 'f32', [40, rotaryDim / 2], device),
        sin: await tensor(tables.sin, 'f32', [40, rotaryDim / 2], device),
        out,
      });
      expectBytes(
        await bytes(out),
        await bytes(await tensor(rope(x, { heads, dim }, positions, tables, dtype), dtype, [x.length])),
      );
    });
  });

  it('RoPE refuses positions beyond its tables', async () => {
    const zeros = (dtype: 'f16' | 'i32' | 'f32', ...shape: number[]) =>
      tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)), dtype, shape, device);
    const args = {
      x: await zeros('f16', 2, 1, 16),
      cos: await zeros('f32', 5, 8),
      sin: await zeros('f32', 5, 8),
      out: await zeros('f16', 2, 1, 16),
    };
    for (const [positions, got] of [
      [[0, 5], 'positions[1] = 5'],
      [[-1, 0], 'positions[0] = -1'],
    ] as const) {
      const call = new Rope({ heads: 1, dim: 16, dtype: 'f16' }).run({
        ...args,
        positions: await tensor(positions, 'i32', [2], device),
      });
      await expect(call).rejects.toThrow(OperatorError);
      await expect(call).rejects.toThrow(
        `rope: positions: expected positions from 0 to 4, the rows of cos and sin, got ${got}`,
      );
    }
  });

  it('no rows', async () => {
    const x = await poisoned('f16', 0, 64);
    const out = await poisoned('f16', 0, 64);
    await new Softmax({ n: 64, dtype: 'f16' }).run({ x, out });
    expect(out.size).toBe(0);
  });
});
