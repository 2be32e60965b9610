/** Programs that move elements, and so must be exact. */
import { f16, f32, i32, i64 } from 'tilec';
import { describe, expect, it } from 'vitest';
import { DEVICES } from '../ops/paged.ts';
import { expectClose } from '../reference/compare.ts';
import { normals, random } from '../reference/random.ts';
import { compact, gatherRows, gatherScatter } from './kernels/gather.ts';
import { stencil } from './kernels/grids.ts';
import { bitonicSort } from './kernels/order.ts';
import { transposeDirect, transposeFragment, transposeShared } from './kernels/transpose.ts';
import { tensorsOn } from './tensors.ts';

const transposed = (a: Float64Array, m: number, n: number): Float64Array =>
  a.map((_, at) => a[(at % m) * n + Math.floor(at / m)]!);

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);
  const r = random(23);

  describe.each([
    [101, 203],
    [96, 192],
    [1, 77],
  ])('transposes of %i × %i', (m, n) => {
    it('through shared memory', async () => {
      const a = normals(r, m * n, 'f16');
      const b = await make.poisoned(f16, [n, m]);
      await transposeShared()({ a: await make.of(f16, [m, n], a), b });
      expect(await b.toFloat64Array()).toEqual(transposed(a, m, n));
    });

    it.each([transposeFragment, transposeDirect])('%o', async (factory) => {
      const a = normals(r, m * n, 'f32');
      const b = await make.poisoned(f32, [n, m]);
      await factory()({ a: await make.of(f32, [m, n], a), b });
      expect(await b.toFloat64Array()).toEqual(transposed(a, m, n));
    });
  });

  it('gather, scatter, add', async () => {
    const [n, v, o, D] = [61, 40, 13, 100];
    const x = normals(r, v * D, 'f32');
    const from = Array.from({ length: n }, () => r.integer(-3, v - 1));
    const to = Array.from({ length: n }, () => r.integer(-2, o - 1));
    const out = await make.full(f32, [o, D], 0);
    await gatherScatter({ D })({
      x: await make.of(f32, [v, D], x),
      from: await make.of(i64, [n], from),
      to: await make.of(i32, [n], to),
      out,
    });
    const want = new Float64Array(o * D);
    for (let i = 0; i < n; i++)
      if (from[i]! >= 0 && to[i]! >= 0) for (let j = 0; j < D; j++) want[to[i]! * D + j]! += x[from[i]! * D + j]!;
    expectClose(await out.toFloat64Array(), want, { atol: 1e-5, rtol: 1e-6 });
  });

  it('gather of rows, some of them left alone', async () => {
    const [n, v, D] = [61, 40, 100];
    const x = normals(r, v * D, 'f32');
    const from = Array.from({ length: n }, () => r.integer(-3, v - 1));
    const out = await make.full(f32, [n, D], -5);
    await gatherRows({ D })({ x: await make.of(f32, [v, D], x), from: await make.of(i64, [n], from), out });
    const want = Float64Array.from({ length: n * D }, (_, at) => {
      const row = from[Math.floor(at / D)]!;
      return row < 0 ? -5 : x[row * D + (at % D)]!;
    });
    expect(await out.toFloat64Array()).toEqual(want);
  });

  it('compaction', async () => {
    const n = 1000;
    const x = normals(r, n, 'f32');
    const out = await make.full(f32, [n], -9);
    const count = await make.poisoned(i32, [1]);
    await compact()({ x: await make.of(f32, [n], x), out, count });
    const positive = x.filter((v) => v > 0);
    const want = new Float64Array(n).fill(-9);
    want.set(positive);
    expect(await out.toFloat64Array()).toEqual(want);
    expect([...(await count.toFloat64Array())]).toEqual([positive.length]);
  });

  it('sorting rows', async () => {
    const [rows, N] = [3, 256];
    const x = normals(r, rows * N, 'f32');
    const t = await make.of(f32, [rows, N], x);
    await bitonicSort({ N })({ x: t });
    const want = x.slice();
    for (let row = 0; row < rows; row++) want.subarray(row * N, (row + 1) * N).sort();
    expect(await t.toFloat64Array()).toEqual(want);
  });

  it('stencil with a halo', async () => {
    const [h, w] = [40, 70];
    const x = normals(r, h * w, 'f32');
    const y = await make.poisoned(f32, [h, w]);
    await stencil()({ x: await make.of(f32, [h, w], x), y });
    const at = (i: number, j: number): number => (i < 0 || j < 0 || i >= h || j >= w ? 0 : x[i * w + j]!);
    const want = x.map((centre, k) => {
      const [i, j] = [Math.floor(k / w), k % w];
      return at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1) - 4 * centre;
    });
    expectClose(await y.toFloat64Array(), want, { atol: 2e-6, rtol: 1e-6 });
  });
});
