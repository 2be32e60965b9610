/** Grouped-query attention of a chunk of new tokens, against a paged cache of old ones. */
import { f8e4m3, f32, type i32, kernel, type Shared, T, tensor } from 'tilec';
import { type AttentionTiling, attentionTiles } from './attentionTiles.ts';
import { dequantizeFp8 } from './macros/fp8.ts';
import { onlineSoftmax, softcapScores } from './macros/onlineSoftmax.ts';
import { loadPages } from './macros/pages.ts';
import { findTile } from './macros/requests.ts';
import { applyRope } from './macros/rope.ts';
import { newTokens, type PagedKvConfig, pagedKv, type ScoreConfig } from './pagedKv.ts';

export interface GqaPagedPrefillConfig extends PagedKvConfig, ScoreConfig, AttentionTiling {
  readonly isCausal?: boolean;
  /** Even, at most dim; 0 (default): no rotary embedding. */
  readonly rotaryDim?: number;
}

/**
 * q, out [totalQ, heads, dim], kNew, vNew [totalQ, headsKv, dim] packed by request; kPages, vPages [numPages * pageSize, headsKv, dim];
 * kScale, vScale [1]; cuSeqlensQ [batch + 1]; cacheSeqlens [batch]; blockTable [batch, maxPagesPerReq]; cos, sin
 * [maxPosition, rotaryDim / 2].
 *
 * Token i of a request sees its old tokens and, causal, new ones up to i. Two loops over key tiles, one over the pages and
 * one over kNew and vNew, each with tiles of its own start, so that no tile straddles old and new; the running softmax
 * does not mind. The pages are only read: `appendPagedKv` extends them.
 */
export function gqaPagedPrefill(config: GqaPagedPrefillConfig) {
  const { heads, headsKv, dim: D, pageSize, isCausal = true, smScale = D ** -0.5, softcap = 0, rotaryDim = 0 } = config;
  const { BM, BN, SN, threads, numStages } = attentionTiles(D, config, { rotated: rotaryDim > 0, narrow: 64 });
  const { dtype, fp8, batch, tensors: cache } = pagedKv(config);
  const { totalQ, tensors: chunk } = newTokens(config);
  const group = heads / headsKv;
  // With a softcap the scores are final before the softmax, else their scale rides on its exponent.
  const scale = Math.LOG2E * (softcap > 0 ? 1 : smScale);

  return kernel(
    { q: tensor(dtype, [totalQ, heads, D]), ...chunk, ...cache, out: tensor(dtype, [totalQ, heads, D]) },
    ({ q, kNew, vNew, kPages, vPages, kScale, vScale, cuSeqlensQ, cacheSeqlens, blockTable, cos, sin, out }) => {
      // As many row tiles as any split of totalQ into `batch` requests can need; the last ones may find no work.
      const [bx, h] = T.grid([T.floorDiv(totalQ, BM) + batch, heads], { threads, minBlocks: D > 128 ? 1 : 2 });
      const hk = T.floorDiv(h, group);

      const [request, fromFirst] = findTile(cuSeqlensQ, batch, bx, BM);
      if (request < 0) return;
      const first = cuSeqlensQ[request];
      const length = cuSeqlensQ[request + 1] - first;
      const old = cacheSeqlens[request];
      // Last tiles first: they see the most keys.
      const m0 = (T.ceilDiv(length, BM) - 1 - fromFirst) * BM;

      const qTile = T.shared(dtype, [BM, D]);
      const s = T.fragment(f32, [BM, SN]);
      const p = T.fragment(dtype, [BM, SN]);
      const acc = T.fragment(f32, [BM, D]);
      const rowMax = T.fragment(f32, [BM]);
      const rowSum = T.fragment(f32, [BM]);
      T.copy(q.tile([first + m0, h, 0], [BM, 1, D]), qTile);
      if (cos && sin) applyRope(qTile, qTile, dtype, cos, sin, old + m0, old + length, rotaryDim);
      T.clear(acc);
      T.clear(rowSum);
      T.fill(rowMax, -T.infinity);

      /** Takes in one tile of keys and values; in a `ragged` one only the scores that are `visible` count. */
      const attend = (
        k: Shared<'f16' | 'bf16', 2>,
        v: Shared<'f16' | 'bf16', 2>,
        ragged: boolean,
        visible: (m: i32, n: i32) => boolean,
      ) => {
        for (const part of T.serial(BN / SN)) {
          T.gemm(qTile, k.tile([part * SN, 0], [SN, D]), s, { transposeB: true, clear: true });
          if (softcap > 0) softcapScores(s, smScale, softcap);
          if (ragged) {
            for (const [m, n] of T.Parallel(BM, SN))
              s[m][n] = T.select(visible(m, part * SN + n), s[m][n], -T.infinity);
          }
          onlineSoftmax(s, acc, rowMax, rowSum, scale);
          T.copy(s, p);
          T.gemm(p, v.tile([part * SN, 0], [SN, D]), acc);
        }
      };

      const k = T.shared(dtype, [BN, D]);
      const v = T.shared(dtype, [BN, D]);
      const kCodes = T.shared(f8e4m3, [BN, D]);
      const vCodes = T.shared(f8e4m3, [BN, D]);
      const kFactor = kScale ? kScale[0] : 1;
      const vFactor = vScale ? vScale[0] : 1;
      for (const j of T.Pipelined(T.ceilDiv(old, BN), { numStages })) {
        loadPages(kPages, blockTable, fp8 ? kCodes : k, request, hk, j * BN, old, pageSize);
        loadPages(vPages, blockTable, fp8 ? vCodes : v, request, hk, j * BN, old, pageSize);
        if (fp8) {
          dequantizeFp8(kCodes, k, kFactor);
          dequantizeFp8(vCodes, v, vFactor);
        }
        attend(k, v, (j + 1) * BN > old, (_, n) => j * BN + n < old);
      }

      const kNewTile = T.shared(dtype, [BN, D]);
      const vNewTile = T.shared(dtype, [BN, D]);
      const kRotated = rotaryDim > 0 ? T.shared(dtype, [BN, D]) : kNewTile;
      const columns = isCausal ? T.min(m0 + BM, length) : length;
      for (const j of T.Pipelined(T.ceilDiv(columns, BN), { numStages })) {
        for (const [n, d] of T.Parallel(BN, D))
          kNewTile[n][d] = T.select(j * BN + n < columns, kNew[first + j * BN + n][hk][d], 0);
        for (const [n, d] of T.Parallel(BN, D))
          vNewTile[n][d] = T.select(j * BN + n < columns, vNew[first + j * BN + n][hk][d], 0);
        if (cos && sin) applyRope(kNewTile, kRotated, dtype, cos, sin, old + j * BN, old + length, rotaryDim);
        const edge = isCausal ? m0 : length;
        attend(kRotated, vNewTile, (j + 1) * BN > edge, (m, n) =>
          isCausal ? m0 + m >= j * BN + n : j * BN + n < length,
        );
      }

      for (const [m] of T.Parallel(BM)) rowSum[m] = T.select(rowSum[m] > 0, 1 / rowSum[m], 0);
      for (const [m, d] of T.Parallel(BM, D)) {
        if (m0 + m < length) out[first + m0 + m][h][d] = acc[m][d] * rowSum[m];
      }
    },
  );
}
