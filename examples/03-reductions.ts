/**
 * Lesson 3: reductions. Softmax over rows of any length.
 *
 * A row may be longer than the registers of a block can hold, so it comes in pieces. Two numbers a row carry over from piece
 * to piece: the largest element so far, and the sum of exponentials beside it, rescaled whenever the maximum grows.
 */
import { dim, f32, kernel, T, Tensor, tensor } from 'tilec';
import { check, device } from './support.ts';

const rows = dim('rows');
const n = dim('n');

/** out = exp(x − max) / Σ exp(x − max) over each row. x, out: [rows, n]. */
export function softmax({ BM = 4, BN = 128 } = {}) {
  return kernel({ x: tensor(f32, [rows, n]), out: tensor(f32, [rows, n]) }, ({ x, out }) => {
    const [block] = T.grid([T.ceilDiv(rows, BM)], { threads: 128 });
    const s = T.fragment(f32, [BM, BN]);
    const max = T.fragment(f32, [BM]);
    const sum = T.fragment(f32, [BM]);
    const newMax = T.fragment(f32, [BM]);
    const tileSum = T.fragment(f32, [BM]);
    // A tile has no value until it is written; reading it before is an error of compilation.
    T.fill(max, -T.infinity);
    T.clear(sum);

    // `n` is known at the launch only, and so is the number of iterations.
    for (const j of T.serial(T.ceilDiv(n, BN))) {
      T.copy(x.tile([block * BM, j * BN], [BM, BN]), s);
      // Behind the row's end the copy read zeros, which are not part of it. `T.select(c, a, b)` is `c ? a : b`.
      for (const [m, i] of T.Parallel(BM, BN)) s[m][i] = T.select(j * BN + i < n, s[m][i], -T.infinity);

      // Along dimension 1, together with what newMax holds already. The compiler splits the work among registers, lanes and
      // warps, by where the elements of `s` lie.
      T.copy(max, newMax);
      T.reduceMax(s, newMax, { dim: 1, clear: false });
      for (const [m, i] of T.Parallel(BM, BN)) s[m][i] = T.exp(s[m][i] - newMax[m]);
      T.reduceSum(s, tileSum, { dim: 1 });
      for (const [m] of T.Parallel(BM)) sum[m] = sum[m] * T.exp(max[m] - newMax[m]) + tileSum[m];
      T.copy(newMax, max);
    }

    for (const j of T.serial(T.ceilDiv(n, BN))) {
      T.copy(x.tile([block * BM, j * BN], [BM, BN]), s);
      for (const [m, i] of T.Parallel(BM, BN)) s[m][i] = T.exp(s[m][i] - max[m]) / sum[m];
      T.copy(s, out.tile([block * BM, j * BN], [BM, BN]));
    }
  });
}

const kernelOfAll = softmax();
for (const [height, length] of [
  [7, 1000],
  [3, 5],
  [1, 2049],
] as const) {
  const x = await Tensor.random([height, length], f32, { low: -20, high: 20 }).to(device);
  const out = Tensor.full([height, length], Number.NaN, f32, { device });
  await kernelOfAll({ x, out });

  const values = await x.toFloat64Array();
  const want = new Float64Array(values.length);
  for (let r = 0; r < height; r++) {
    const row = values.subarray(r * length, (r + 1) * length);
    const max = Math.max(...row);
    const sum = row.reduce((total, v) => total + Math.exp(v - max), 0);
    row.forEach((v, i) => {
      want[r * length + i] = Math.exp(v - max) / sum;
    });
  }
  await check(`softmax of ${height} rows of ${length}`, out, want, { atol: 1e-9, rtol: 2e-5 });
}
