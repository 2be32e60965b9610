// biome-ignore-all format: stands as it does in the design notes
// biome-ignore-all assist: stands as it does in the design notes
// biome-ignore-all lint: stands as it does in the design notes
/** The example of the design notes, unchanged: it must type-check. */
import { T, kernel, macro, tensor, dim, f16, f32 } from 'tilec';

/** Causal attention forward. Q, K, V, O: [batch, heads, seq, 128] float16. */
export function flashAttention({ heads = 32, causal = true, BM = 128, BN = 64 } = {}) {
  const D = 128, B = dim('batch'), S = dim('seq');
  const scale = Math.LOG2E / Math.sqrt(D);

  return kernel(
    { Q: tensor(f16, [B, heads, S, D]), K: tensor(f16, [B, heads, S, D]),
      V: tensor(f16, [B, heads, S, D]), O: tensor(f16, [B, heads, S, D]) },
    ({ Q, K, V, O }) => {
      const [bx, h, b] = T.grid([T.ceilDiv(S, BM), heads, B], { threads: 128 });
      const q = T.shared(f16, [BM, D]), k = T.shared(f16, [BN, D]), v = T.shared(f16, [BN, D]);
      const s = T.fragment(f32, [BM, BN]), p = T.fragment(f16, [BM, BN]), acc = T.fragment(f32, [BM, D]);
      const rowMax = T.fragment(f32, [BM]), prevMax = T.fragment(f32, [BM]);
      const rowSum = T.fragment(f32, [BM]), tileSum = T.fragment(f32, [BM]);

      T.copy(Q.tile([b, h, bx * BM, 0], [BM, D]), q);
      T.clear(acc); T.clear(rowSum); T.fill(rowMax, -T.infinity);

      const blocks = causal ? T.ceilDiv((bx + 1) * BM, BN) : T.ceilDiv(S, BN);
      for (const j of T.Pipelined(blocks, { numStages: 2 })) {
        T.copy(K.tile([b, h, j * BN, 0], [BN, D]), k);
        T.gemm(q, k, s, { transposeB: true, clear: true });
        if (causal) {                                    // host value: folded away at compile time
          for (const [m, n] of T.Parallel(BM, BN))
            s[m][n] = T.select(bx * BM + m >= j * BN + n, s[m][n], -T.infinity);
        }
        T.copy(rowMax, prevMax);
        T.reduceMax(s, rowMax, { dim: 1, clear: false });
        for (const [m, n] of T.Parallel(BM, BN)) s[m][n] = T.exp2((s[m][n] - rowMax[m]) * scale);
        T.reduceSum(s, tileSum, { dim: 1 });
        for (const [m] of T.Parallel(BM))
          rowSum[m] = rowSum[m] * T.exp2((prevMax[m] - rowMax[m]) * scale) + tileSum[m];
        for (const [m, d] of T.Parallel(BM, D)) acc[m][d] *= T.exp2((prevMax[m] - rowMax[m]) * scale);
        T.copy(s, p);
        T.copy(V.tile([b, h, j * BN, 0], [BN, D]), v);
        T.gemm(p, v, acc);
      }
      for (const [m, d] of T.Parallel(BM, D)) acc[m][d] /= rowSum[m];
      T.copy(acc, O.tile([b, h, bx * BM, 0], [BM, D]));
    });
}
