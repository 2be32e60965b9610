/** The kernels over rows: softmax and RMSNorm, with rows that are no multiple of an access. */
import { describe, expect, test } from 'vitest';
import { addRmsNorm, rmsNorm } from '../../kernels/rmsNorm.ts';
import { softmax } from '../../kernels/softmax.ts';
import { expectClose, type Tolerance } from '../reference/compare.ts';
import * as reference from '../reference/layers.ts';
import { roundTo } from '../reference/numbers.ts';
import { normal, poisoned, seeded } from './data.ts';

/** f32 arithmetic, then one rounding to the dtype. */
const TOLERANCE = {
  f32: { atol: 1e-6, rtol: 2e-6 },
  f16: { atol: 1e-6, rtol: 2 ** -11 + 1e-5 },
  bf16: { atol: 1e-6, rtol: 2 ** -8 + 1e-5 },
} as const satisfies Record<string, Tolerance>;

const CASES = [
  { rows: 3, n: 64, dtype: 'f16' },
  { rows: 5, n: 100, dtype: 'bf16' },
  { rows: 7, n: 33, dtype: 'f32', BM: 4, threads: 32 },
  { rows: 2, n: 1030, dtype: 'bf16', threads: 64 },
  { rows: 1, n: 1, dtype: 'f32' },
] as const;

describe('softmax', () => {
  test.each(CASES)('$rows rows of $n $dtype', async (c) => {
    const r = seeded(`softmax ${c.n}`);
    const x = normal(r, [c.rows, c.n], c.dtype, 4);
    const out = poisoned([c.rows, c.n], c.dtype);
    await softmax(c)({ x: x.tensor, out });
    expectClose(await out.toFloat64Array(), reference.softmax(x.values, c.n), TOLERANCE[c.dtype]);
  });

  test('rows of large and of very negative numbers', async () => {
    const n = 40;
    const r = seeded('softmax shifted');
    const x = normal(r, [2, n], 'f32');
    const values = x.values.map((v, i) => Math.fround(v + (i < n ? 1000 : -1000)));
    const out = poisoned([2, n], 'f32');
    await x.tensor.copyFrom(values);
    await softmax({ n, dtype: 'f32' })({ x: x.tensor, out });
    expectClose(await out.toFloat64Array(), reference.softmax(values, n), { atol: 1e-6, rtol: 1e-5 });
  });
});

describe('rmsNorm', () => {
  test.each(CASES)('$rows rows of $n $dtype', async (c) => {
    const r = seeded(`rmsNorm ${c.n}`);
    const x = normal(r, [c.rows, c.n], c.dtype);
    const weight = normal(r, [c.n], c.dtype);
    const out = poisoned([c.rows, c.n], c.dtype);
    await rmsNorm({ ...c, eps: 0.5 })({ x: x.tensor, weight: weight.tensor, out });
    expectClose(await out.toFloat64Array(), reference.rmsNorm(x.values, weight.values, 0.5), TOLERANCE[c.dtype]);
  });

  test.each(CASES)('after a residual addition: $rows rows of $n $dtype', async (c) => {
    const r = seeded(`addRmsNorm ${c.n}`);
    const shape = [c.rows, c.n];
    const x = normal(r, shape, c.dtype);
    const residual = normal(r, shape, c.dtype);
    const weight = normal(r, [c.n], c.dtype);
    const out = poisoned(shape, c.dtype);
    await addRmsNorm({ ...c, eps: 1e-5 })({
      x: x.tensor,
      residual: residual.tensor,
      weight: weight.tensor,
      out,
    });
    const sum = x.values.map((v, i) => roundTo(c.dtype, v + residual.values[i]!));
    expect(await residual.tensor.toFloat64Array()).toEqual(sum);
    expectClose(await out.toFloat64Array(), reference.rmsNorm(sum, weight.values, 1e-5), TOLERANCE[c.dtype]);
  });
});
