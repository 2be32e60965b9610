/** Attention within a sliding window, with grouped heads and a sink for each head. */
import { dim, f16, f32, i32, kernel, scalar, T, tensor } from 'tilec';

/**
 * Q, O: [batch, seq, heads, D]; K, V: [batch, seq, kvHeads, D]; all f16. sink: [heads] f32, a score that every row has besides
 * its keys. Row i sees keys i - window + 1 to i. D is no power of two, and tiles are wider than some windows.
 */
export function slidingWindow({ heads = 4, kvHeads = 2, D = 80, BM = 64, BN = 48, numStages = 2 } = {}) {
  const B = dim('batch');
  const S = dim('seq');
  const scale = Math.LOG2E / Math.sqrt(D);
  return kernel(
    {
      Q: tensor(f16, [B, S, heads, D]),
      K: tensor(f16, [B, S, kvHeads, D]),
      V: tensor(f16, [B, S, kvHeads, D]),
      sink: tensor(f32, [heads]),
      window: scalar(i32),
      O: tensor(f16, [B, S, heads, D]),
    },
    ({ Q, K, V, sink, window, O }) => {
      const [bx, h, b] = T.grid([T.ceilDiv(S, BM), heads, B], { threads: 128 });
      const q = T.shared(f16, [BM, D]);
      const k = T.shared(f16, [BN, D]);
      const v = T.shared(f16, [BN, D]);
      const s = T.fragment(f32, [BM, BN]);
      const p = T.fragment(f16, [BM, BN]);
      const acc = T.fragment(f32, [BM, D]);
      const rowMax = T.fragment(f32, [BM]);
      const previous = T.fragment(f32, [BM]);
      const rowSum = T.fragment(f32, [BM]);
      const tileSum = T.fragment(f32, [BM]);
      const group = T.floorDiv(h, heads / kvHeads);
      T.copy(Q.tile([b, bx * BM, h, 0], [BM, 1, D]), q);
      T.clear(acc);
      T.clear(rowSum);
      T.fill(rowMax, -1e30);
      const first = T.floorDiv(T.max(bx * BM - window + 1, 0), BN);
      const last = T.ceilDiv(T.min((bx + 1) * BM, S), BN);
      for (const j of T.Pipelined(first, last, { numStages })) {
        T.copy(K.tile([b, j * BN, group, 0], [BN, 1, D]), k);
        T.copy(V.tile([b, j * BN, group, 0], [BN, 1, D]), v);
        T.gemm(q, k, s, { transposeB: true, clear: true });
        for (const [m, n] of T.Parallel(BM, BN)) {
          const row = bx * BM + m;
          const key = j * BN + n;
          if (key > row || row - key >= window) s[m][n] = -T.infinity;
        }
        T.copy(rowMax, previous);
        T.reduceMax(s, rowMax, { dim: 1, clear: false });
        for (const [m, n] of T.Parallel(BM, BN)) s[m][n] = T.exp2((s[m][n] - rowMax[m]) * scale);
        T.reduceSum(s, tileSum, { dim: 1 });
        for (const [m] of T.Parallel(BM))
          rowSum[m] = rowSum[m] * T.exp2((previous[m] - rowMax[m]) * scale) + tileSum[m];
        for (const [m, d] of T.Parallel(BM, D)) acc[m][d] *= T.exp2((previous[m] - rowMax[m]) * scale);
        T.copy(s, p);
        T.gemm(p, v, acc);
      }
      for (const [m] of T.Parallel(BM)) rowSum[m] += T.exp2(sink[h] * Math.LOG2E - rowMax[m] * scale);
      for (const [m, d] of T.Parallel(BM, D)) acc[m][d] /= rowSum[m];
      T.copy(acc, O.tile([b, bx * BM, h, 0], [BM, 1, D]));
    },
  );
}
