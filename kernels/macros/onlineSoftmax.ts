/** Softmax over tiles that arrive one after another, as attention needs it (Milakov and Gimelshein, 2018). */
import { type Fragment, f32, macro, T } from 'tilec';

/**
 * Takes one more tile of scores into a running softmax: `s` [M, N] becomes exp2((s − max) · scale), `rowMax` [M] the maximum
 * so far, `rowSum` [M] the sum of exponentials so far, and `acc` [M, D] is rescaled to the new maximum. `scale` is
 * log2(e) times the scale of the scores, and positive. A row must have seen a finite score by its first call.
 */
export const onlineSoftmax = macro(
  (
    s: Fragment<'f32', 2>,
    acc: Fragment<'f32', 2>,
    rowMax: Fragment<'f32', 1>,
    rowSum: Fragment<'f32', 1>,
    scale: number,
  ) => {
    const [M, N] = s.shape;
    const D = acc.shape[1];
    const prevMax = T.fragment(f32, [M]);
    const tileSum = T.fragment(f32, [M]);
    T.copy(rowMax, prevMax);
    T.reduceMax(s, rowMax, { dim: 1, clear: false });
    for (const [m, n] of T.Parallel(M, N)) s[m][n] = T.exp2(s[m][n] * scale - rowMax[m] * scale);
    T.reduceSum(s, tileSum, { dim: 1 });
    for (const [m] of T.Parallel(M)) rowSum[m] = rowSum[m] * T.exp2((prevMax[m] - rowMax[m]) * scale) + tileSum[m];
    for (const [m, d] of T.Parallel(M, D)) acc[m][d] *= T.exp2((prevMax[m] - rowMax[m]) * scale);
  },
);

/** c · tanh(x / c) of every score; tanh(y) = 1 − 2 / (e^2y + 1), whose error beside c stays below 1e-6. */
export const softcapScores = macro((s: Fragment<'f32', 2>, smScale: number, cap: number) => {
  const [M, N] = s.shape;
  const c = (2 * Math.LOG2E * smScale) / cap;
  for (const [m, n] of T.Parallel(M, N)) s[m][n] = cap - 2 * cap * T.rcpApprox(T.exp2(s[m][n] * c) + 1);
});
