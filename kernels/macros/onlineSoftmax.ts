/** Softmax over tiles that arrive one after another, as attention needs it (Milakov and Gimelshein, 2018). */
import { type Fragment, f32, macro, T } from 'tilec';

/** A cap above this is worth the exact tanh: the error of the fast one, 2^-23 of the cap, would count beside the scores. */
const FAST_CAP = 256;

/**
 * Takes one more tile of scores into a running softmax: `s` [M, N] becomes exp2((s − max) · scale), `rowMax` [M] the maximum
 * so far, `rowSum` [M] the sum of exponentials so far, and `acc` [M, D] is rescaled to the new maximum. `scale` is
 * log2(e) times the scale of the scores, and positive. A row whose scores are all −∞ so far has the sum 0.
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
    // What exponents count from: with 0 for −∞ no difference is NaN.
    const base = T.fragment(f32, [M]);
    const shrink = T.fragment(f32, [M]);
    const tileSum = T.fragment(f32, [M]);
    T.copy(rowMax, shrink);
    T.reduceMax(s, rowMax, { dim: 1, clear: false });
    for (const [m] of T.Parallel(M)) {
      base[m] = T.select(rowMax[m] > -T.infinity, rowMax[m] * scale, 0);
      shrink[m] = T.exp2(shrink[m] * scale - base[m]);
    }
    for (const [m, n] of T.Parallel(M, N)) s[m][n] = T.exp2(s[m][n] * scale - base[m]);
    T.reduceSum(s, tileSum, { dim: 1 });
    for (const [m] of T.Parallel(M)) rowSum[m] = rowSum[m] * shrink[m] + tileSum[m];
    for (const [m, d] of T.Parallel(M, D)) acc[m][d] *= shrink[m];
  },
);

/** c · tanh(x / c) of every score; tanh(y) = 1 − 2 / (e^2y + 1), whose error beside c stays below 1e-6. */
export const softcapScores = macro((s: Fragment<'f32', 2>, smScale: number, cap: number) => {
  const [M, N] = s.shape;
  if (cap > FAST_CAP) {
    for (const [m, n] of T.Parallel(M, N)) s[m][n] = cap * T.tanh((s[m][n] * smScale) / cap);
  } else {
    const c = (2 * Math.LOG2E * smScale) / cap;
    for (const [m, n] of T.Parallel(M, N)) s[m][n] = cap - 2 * cap * T.rcpApprox(T.exp2(s[m][n] * c) + 1);
  }
});
