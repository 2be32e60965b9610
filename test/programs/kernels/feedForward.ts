/** The gated half of a feed-forward layer: two GEMMs of one operand and an activation. */
import { bf16, dim, type f32 as F32, f32, kernel, macro, T, tensor } from 'tilec';

const gelu = macro((x: F32): f32 => 0.5 * x * (1 + T.erf(x * Math.SQRT1_2)));

/** h: [m, n] = act(x · gate) * (x · up); x: [m, k], gate and up: [k, n], all bf16. Tiles and threads are multiples of 3. */
export function gatedFeedForward({
  BM = 96,
  BN = 88,
  BK = 48,
  activation = 'silu' as 'silu' | 'gelu',
  threads = 192,
} = {}) {
  const M = dim('m');
  const N = dim('n');
  const K = dim('k');
  return kernel(
    { x: tensor(bf16, [M, K]), gate: tensor(bf16, [K, N]), up: tensor(bf16, [K, N]), h: tensor(bf16, [M, N]) },
    ({ x, gate, up, h }) => {
      const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)], { threads });
      const xt = T.shared(bf16, [BM, BK]);
      const gates = T.shared(bf16, [BK, BN]);
      const ups = T.shared(bf16, [BK, BN]);
      const a = T.fragment(f32, [BM, BN]);
      const b = T.fragment(f32, [BM, BN]);
      T.clear(a);
      T.clear(b);
      for (const k of T.Pipelined(T.ceilDiv(K, BK), { numStages: 2 })) {
        T.copy(x.tile([by * BM, k * BK], [BM, BK]), xt);
        T.copy(gate.tile([k * BK, bx * BN], [BK, BN]), gates);
        T.copy(up.tile([k * BK, bx * BN], [BK, BN]), ups);
        T.gemm(xt, gates, a);
        T.gemm(xt, ups, b);
      }
      const act = (v: F32): f32 => (activation === 'silu' ? v * T.sigmoid(v) : gelu(v));
      for (const [i, j] of T.Parallel(BM, BN)) a[i][j] = act(a[i][j]) * b[i][j];
      T.copy(a, h.tile([by * BM, bx * BN], [BM, BN]));
    },
  );
}
