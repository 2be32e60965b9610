/** Gated linear attention, a chunk at a time. */
import { dim, f16, f32, kernel, T, tensor } from 'tilec';

/**
 * state_t = exp(g_t) · state_{t−1} + k_tᵀ · v_t; o_t = q_t · state_t. q, k, v: [batch, seq, D] f16; g: [batch, seq] f32, at
 * most 0; o: [batch, seq, D] f32. C rows make a chunk.
 */
export function gatedLinearAttention({ D = 64, C = 32 } = {}) {
  const B = dim('batch');
  const S = dim('seq');
  return kernel(
    {
      q: tensor(f16, [B, S, D]),
      k: tensor(f16, [B, S, D]),
      v: tensor(f16, [B, S, D]),
      g: tensor(f32, [B, S]),
      o: tensor(f32, [B, S, D]),
    },
    ({ q, k, v, g, o }) => {
      const [b] = T.grid([B], { threads: 128 });
      const qs = T.shared(f16, [C, D]);
      const ks = T.shared(f16, [C, D]);
      const vs = T.shared(f16, [C, D]);
      const scores = T.shared(f16, [C, C]);
      const rounded = T.shared(f16, [D, D]);
      const decayed = T.shared(f16, [C, D]);
      const state = T.fragment(f32, [D, D]);
      const s = T.fragment(f32, [C, C]);
      const acc = T.fragment(f32, [C, D]);
      const gate = T.shared(f32, [C]);
      const decay = T.shared(f32, [C]);
      T.clear(state);
      for (const t of T.serial(T.ceilDiv(S, C))) {
        T.copy(q.tile([b, t * C, 0], [C, D]), qs);
        T.copy(k.tile([b, t * C, 0], [C, D]), ks);
        T.copy(v.tile([b, t * C, 0], [C, D]), vs);
        T.copy(g.tile([b, t * C], [C]), gate);
        T.cumsum(gate, decay, { dim: 0 });
        // Within the chunk: rows see the keys up to their own.
        T.gemm(qs, ks, s, { transposeB: true, clear: true });
        for (const [i, j] of T.Parallel(C, C)) scores[i][j] = i >= j ? f16(s[i][j] * T.exp(decay[i] - decay[j])) : 0;
        // What came before it, by way of the state.
        T.copy(state, rounded);
        T.gemm(qs, rounded, acc, { clear: true });
        for (const [i, d] of T.Parallel(C, D)) acc[i][d] *= T.exp(decay[i]);
        T.gemm(scores, vs, acc);
        T.copy(acc, o.tile([b, t * C, 0], [C, D]));
        // The state at the chunk's end.
        const total = decay[C - 1];
        for (const [i, d] of T.Parallel(C, D)) decayed[i][d] = f16(f32(ks[i][d]) * T.exp(total - decay[i]));
        for (const [i, d] of T.Parallel(D, D)) state[i][d] *= T.exp(total);
        T.gemm(decayed, vs, state, { transposeA: true });
      }
    },
  );
}
