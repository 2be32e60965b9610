/** Dense attention, forward. */
import { bf16, type DTypeValue, dim, f16, f32, kernel, T, tensor } from 'tilec';
import { type AttentionTiling, attentionTiles } from './attentionTiles.ts';
import { onlineSoftmax } from './macros/onlineSoftmax.ts';

export interface FlashAttentionConfig extends AttentionTiling {
  readonly heads?: number;
  /** Divides `heads`; default: heads. */
  readonly headsKv?: number;
  /** Elements of a head: a multiple of 16. */
  readonly dim?: number;
  readonly dtype?: 'f16' | 'bf16';
  readonly isCausal?: boolean;
  /** Default dim ** −0.5. */
  readonly smScale?: number;
}

/**
 * O = softmax(Q · Kᵀ · smScale) · V, with f32 softmax. Q, O: [batch, heads, seq, dim]; K, V: [batch, headsKv, seq, dim]. Query
 * head h reads key head h / (heads / headsKv). Causal: row i sees columns up to i.
 */
export function flashAttention(config: FlashAttentionConfig = {}) {
  const { heads = 32, headsKv = heads, dim: D = 128, isCausal = true, smScale = D ** -0.5 } = config;
  const { BM, BN, SN, threads, numStages } = attentionTiles(D, config, { narrow: 128 });
  const dtype: DTypeValue<'f16' | 'bf16'> = config.dtype === 'bf16' ? bf16 : f16;
  const batch = dim('batch');
  const seq = dim('seq');
  const group = heads / headsKv;
  const scale = Math.LOG2E * smScale;

  return kernel(
    {
      Q: tensor(dtype, [batch, heads, seq, D]),
      K: tensor(dtype, [batch, headsKv, seq, D]),
      V: tensor(dtype, [batch, headsKv, seq, D]),
      O: tensor(dtype, [batch, heads, seq, D]),
    },
    ({ Q, K, V, O }) => {
      const tiles = T.ceilDiv(seq, BM);
      const [bx, h, b] = T.grid([T.ceilDiv(seq, BM), heads, batch], { threads });
      // The longest rows first: what is left for the end of the launch is short.
      const m0 = (isCausal ? tiles - 1 - bx : bx) * BM;
      const hk = T.floorDiv(h, group);
      const q = T.shared(dtype, [BM, D]);
      const k = T.shared(dtype, [BN, D]);
      const v = T.shared(dtype, [BN, D]);
      const s = T.fragment(f32, [BM, SN]);
      const p = T.fragment(dtype, [BM, SN]);
      const acc = T.fragment(f32, [BM, D]);
      const rowMax = T.fragment(f32, [BM]);
      const rowSum = T.fragment(f32, [BM]);

      T.copy(Q.tile([b, h, m0, 0], [BM, D]), q);
      T.clear(acc);
      T.clear(rowSum);
      T.fill(rowMax, -T.infinity);
      const columns = isCausal ? T.min(m0 + BM, seq) : seq;
      for (const j of T.Pipelined(T.ceilDiv(columns, BN), { numStages })) {
        T.copy(K.tile([b, hk, j * BN, 0], [BN, D]), k);
        T.copy(V.tile([b, hk, j * BN, 0], [BN, D]), v);
        for (const part of T.serial(BN / SN)) {
          const n0 = j * BN + part * SN;
          T.gemm(q, k.tile([part * SN, 0], [SN, D]), s, { transposeB: true, clear: true });
          // Only tiles on the diagonal and at the end need the mask.
          if (n0 + SN > (isCausal ? m0 : seq)) {
            for (const [m, n] of T.Parallel(BM, SN))
              s[m][n] = T.select(isCausal ? m0 + m >= n0 + n : n0 + n < seq, s[m][n], -T.infinity);
          }
          onlineSoftmax(s, acc, rowMax, rowSum, scale);
          T.copy(s, p);
          T.gemm(p, v.tile([part * SN, 0], [SN, D]), acc);
        }
      }
      for (const [m] of T.Parallel(BM)) rowSum[m] = 1 / rowSum[m];
      for (const [m, d] of T.Parallel(BM, D)) acc[m][d] *= rowSum[m];
      T.copy(acc, O.tile([b, h, m0, 0], [BM, D]));
    },
  );
}
