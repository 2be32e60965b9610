/**
 * Lesson 8: attention. O = softmax(Q · Kᵀ / √D) · V, without ever storing the scores.
 *
 * All before comes together here: tiles of keys and values arrive through a pipeline, each is scored by a product, the softmax
 * runs over them piece by piece as in lesson 3, and what it has weighted so far is rescaled when its maximum grows.
 */
import { dim, type Fragment, f16, f32, kernel, macro, T, Tensor, tensor } from 'tilec';
import { check, device } from './support.ts';

/** Takes a tile of scores in: s becomes exp2((s − max) · scale), and sum and acc are rescaled to the new maximum. */
const onlineSoftmax = macro(
  (s: Fragment<'f32', 2>, acc: Fragment<'f32', 2>, max: Fragment<'f32', 1>, sum: Fragment<'f32', 1>, scale: number) => {
    const [M, N] = s.shape;
    const [, D] = acc.shape;
    const before = T.fragment(f32, [M]);
    const tileSum = T.fragment(f32, [M]);
    T.copy(max, before);
    T.reduceMax(s, max, { dim: 1, clear: false });
    // GPUs have an instruction for 2^x; log2(e) is part of the scale, and the product with it one multiply-add.
    for (const [m, n] of T.Parallel(M, N)) s[m][n] = T.exp2(s[m][n] * scale - max[m] * scale);
    T.reduceSum(s, tileSum, { dim: 1 });
    for (const [m] of T.Parallel(M)) sum[m] = sum[m] * T.exp2((before[m] - max[m]) * scale) + tileSum[m];
    for (const [m, d] of T.Parallel(M, D)) acc[m][d] *= T.exp2((before[m] - max[m]) * scale);
  },
);

/** Q, K, V, O: [batch, heads, seq, D]. Causal: row i sees columns up to i. */
export function attention({ heads = 2, D = 64, isCausal = true, BM = 128, BN = 32, numStages = 2 } = {}) {
  const [batch, seq] = [dim('batch'), dim('seq')];
  const scale = Math.LOG2E / Math.sqrt(D);
  const shape = [batch, heads, seq, D] as const;
  return kernel(
    { Q: tensor(f16, shape), K: tensor(f16, shape), V: tensor(f16, shape), O: tensor(f16, shape) },
    ({ Q, K, V, O }) => {
      const [bx, h, b] = T.grid([T.ceilDiv(seq, BM), heads, batch], { threads: 128 });
      const q = T.shared(f16, [BM, D]);
      const k = T.shared(f16, [BN, D]);
      const v = T.shared(f16, [BN, D]);
      const s = T.fragment(f32, [BM, BN]);
      const p = T.fragment(f16, [BM, BN]);
      const acc = T.fragment(f32, [BM, D]);
      const max = T.fragment(f32, [BM]);
      const sum = T.fragment(f32, [BM]);

      // A region has an origin for every dimension; extents may be given for the last ones alone.
      T.copy(Q.tile([b, h, bx * BM, 0], [BM, D]), q);
      T.clear(acc);
      T.clear(sum);
      T.fill(max, -T.infinity);
      // Causal rows see no key behind themselves: half of all tiles are never fetched.
      const columns = isCausal ? T.min((bx + 1) * BM, seq) : seq;
      for (const j of T.Pipelined(T.ceilDiv(columns, BN), { numStages })) {
        T.copy(K.tile([b, h, j * BN, 0], [BN, D]), k);
        T.copy(V.tile([b, h, j * BN, 0], [BN, D]), v);
        T.gemm(q, k, s, { transposeB: true, clear: true });
        // Columns behind the end are zeros, not absent, so they are masked like those that may not be seen.
        for (const [m, n] of T.Parallel(BM, BN))
          s[m][n] = T.select(isCausal ? bx * BM + m >= j * BN + n : j * BN + n < seq, s[m][n], -T.infinity);
        onlineSoftmax(s, acc, max, sum, scale);
        // The second product wants 16-bit operands. They never leave the registers: the compiler lays `s` out so that what
        // one product leaves in a thread is what the other needs there.
        T.copy(s, p);
        T.gemm(p, v, acc);
      }
      for (const [m, d] of T.Parallel(BM, D)) acc[m][d] /= sum[m];
      T.copy(acc, O.tile([b, h, bx * BM, 0], [BM, D]));
    },
  );
}

const [batch, heads, seq, D] = [1, 2, 140, 64];
const shape = [batch, heads, seq, D];
const random = (seed: number) => Tensor.random(shape, f16, { low: -2, high: 2, seed }).to(device);
const [Q, K, V] = await Promise.all([random(1), random(2), random(3)]);
const [q, k, v] = await Promise.all([Q, K, V].map((t) => t.toFloat64Array()));

for (const isCausal of [true, false]) {
  const O = Tensor.full(shape, Number.NaN, f16, { device });
  await attention({ isCausal })({ Q, K, V, O });

  const want = new Float64Array(q!.length);
  for (let head = 0; head < batch * heads; head++)
    for (let i = 0; i < seq; i++) {
      const row = (j: number): number => (head * seq + j) * D;
      const seen = isCausal ? i + 1 : seq;
      const dot = (j: number): number =>
        Array.from({ length: D }, (_, d) => q![row(i) + d]! * k![row(j) + d]!).reduce((x, y) => x + y);
      const weights = Array.from({ length: seen }, (_, j) => Math.exp(dot(j) / Math.sqrt(D)));
      const total = weights.reduce((x, y) => x + y);
      weights.forEach((w, j) => {
        for (let d = 0; d < D; d++) want[row(i) + d]! += (w / total) * v![row(j) + d]!;
      });
    }
  await check(isCausal ? 'causal attention' : 'attention', O, want, { atol: 2e-3, rtol: 2e-3 });
}
