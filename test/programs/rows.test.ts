/** Programs that reduce rows or columns. */
import { bf16, bool, f16, f32, i32, i64 } from 'tilec';
import { describe, expect, it } from 'vitest';
import { DEVICES } from '../ops/paged.ts';
import { expectClose } from '../reference/compare.ts';
import { softmax } from '../reference/layers.ts';
import { normals, random } from '../reference/random.ts';
import { crossEntropy, IGNORED } from './kernels/crossEntropy.ts';
import { maskedColumns } from './kernels/grids.ts';
import { layerNorm } from './kernels/layerNorm.ts';
import { argmax, topK } from './kernels/order.ts';
import { tensorsOn } from './tensors.ts';

const sum = (xs: Float64Array): number => xs.reduce((a, b) => a + b, 0);
const rowsOf = (x: Float64Array, n: number): Float64Array[] =>
  Array.from({ length: x.length / n }, (_, i) => x.subarray(i * n, (i + 1) * n));

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);
  const r = random(24);

  it('layer norm of 1000 elements', async () => {
    const [rows, D, eps] = [5, 1000, 1e-5];
    const x = normals(r, rows * D, 'f16', 2).map((v) => v + 1);
    const weight = normals(r, D, 'f32');
    const bias = normals(r, D, 'f32');
    const y = await make.poisoned(f16, [rows, D]);
    const mean = await make.poisoned(f32, [rows]);
    const rstd = await make.poisoned(f32, [rows]);
    const xs = await make.of(f16, [rows, D], x);
    await layerNorm({ D })({
      x: xs,
      weight: await make.of(f32, [D], weight),
      bias: await make.of(f32, [D], bias),
      eps,
      y,
      mean,
      rstd,
    });
    const all = rowsOf(await xs.toFloat64Array(), D);
    const means = all.map((row) => sum(row) / D);
    const scales = all.map((row, i) => 1 / Math.sqrt(sum(row.map((v) => (v - means[i]!) ** 2)) / D + eps));
    const want = all.flatMap((row, i) => [...row].map((v, j) => (v - means[i]!) * scales[i]! * weight[j]! + bias[j]!));
    expectClose(await mean.toFloat64Array(), means, { atol: 1e-6, rtol: 1e-5 });
    expectClose(await rstd.toFloat64Array(), scales, { atol: 0, rtol: 1e-5 });
    expectClose(await y.toFloat64Array(), want, { atol: 1e-5, rtol: 2 ** -10 });
  });

  it('argmax, the first of equals', async () => {
    const [rows, n] = [7, 500];
    // One of 40 values, so that each row has its largest several times.
    const x = Float64Array.from({ length: rows * n }, () => r.integer(-20, 19));
    const value = await make.poisoned(f32, [rows]);
    const index = await make.poisoned(i64, [rows]);
    await argmax()({ x: await make.of(f32, [rows, n], x), value, index });
    const all = rowsOf(x, n);
    expect([...(await value.toFloat64Array())]).toEqual(all.map((row) => Math.max(...row)));
    expect([...(await index.toFloat64Array())]).toEqual(all.map((row) => row.indexOf(Math.max(...row))));
  });

  it('top k and their softmax', async () => {
    const [n, E, K] = [13, 60, 4];
    const x = normals(r, n * E, 'f32', 2);
    const weight = await make.poisoned(f32, [n, K]);
    const index = await make.poisoned(i32, [n, K]);
    await topK({ E, K })({ x: await make.of(f32, [n, E], x), weight, index });
    const best = rowsOf(x, E).map((row) => [...row.keys()].sort((a, b) => row[b]! - row[a]!).slice(0, K));
    expect([...(await index.toFloat64Array())]).toEqual(best.flat());
    const chosen = Float64Array.from(best.flatMap((at, i) => at.map((j) => x[i * E + j]!)));
    expectClose(await weight.toFloat64Array(), softmax(chosen, K), { atol: 1e-7, rtol: 1e-5 });
  });

  it('cross entropy with 2500 classes', async () => {
    const [rows, V, smoothing] = [5, 2500, 0.1];
    const x = normals(r, rows * V, 'bf16', 2);
    const labels = [3, V - 1, IGNORED, 0, 1000];
    const loss = await make.poisoned(f32, [rows]);
    const grad = await make.poisoned(bf16, [rows, V]);
    await crossEntropy({ smoothing })({
      logits: await make.of(bf16, [rows, V], x),
      label: await make.of(i64, [rows], labels),
      loss,
      grad,
    });
    const wantLoss = new Float64Array(rows);
    const wantGrad = new Float64Array(rows * V);
    for (const [i, row] of rowsOf(x, V).entries()) {
      const y = labels[i]!;
      if (y === IGNORED) continue;
      const logSum = Math.log(sum(row.map(Math.exp)));
      wantLoss[i] = logSum - (1 - smoothing) * row[y]! - (smoothing * sum(row)) / V;
      const target = (j: number): number => (j === y ? 1 - smoothing : 0) + smoothing / V;
      wantGrad.set(
        row.map((v, j) => Math.exp(v - logSum) - target(j)),
        i * V,
      );
    }
    expectClose(await loss.toFloat64Array(), wantLoss, { atol: 1e-5, rtol: 1e-5 });
    expectClose(await grad.toFloat64Array(), wantGrad, { atol: 1e-7, rtol: 2 ** -8 });
  });

  it('columns of a 3-D tensor under a mask', async () => {
    const [n, w, C] = [50, 80, 3];
    const x = normals(r, n * w * C, 'f32');
    const mask = Array.from({ length: n }, () => r.uniform() < 0.7);
    const weight = normals(r, n, 'f32');
    const sums = await make.poisoned(f32, [w, C]);
    const least = await make.poisoned(f32, [w, C]);
    await maskedColumns({ C })({
      x: await make.of(f32, [n, w, C], x),
      mask: await make.of(bool, [n], mask.map(Number)),
      weight: await make.of(f32, [n], weight),
      sum: sums,
      least,
    });
    const wantSum = new Float64Array(w * C);
    // The last tile's rows behind the end count as 0.
    const wantLeast = new Float64Array(w * C);
    for (const [i, row] of rowsOf(x, w * C).entries())
      for (const [j, v] of row.entries()) {
        const weighted = mask[i] ? Math.fround(v * weight[i]!) : 0;
        wantSum[j]! += weighted;
        wantLeast[j] = Math.min(wantLeast[j]!, weighted);
      }
    expectClose(await sums.toFloat64Array(), wantSum, { atol: 1e-5, rtol: 1e-5 });
    expectClose(await least.toFloat64Array(), wantLeast, { atol: 0, rtol: 0 });
  });
});
