/** Grouped-query attention of a chunk of new tokens, against a paged cache of old ones. */
import { bf16, type DTypeValue, dim, f8e4m3, f16, f32, i32, kernel, type Shared, T, tensor } from 'tilec';
import { type AttentionTiling, attentionTiles } from './attentionTiles.ts';
import { dequantizeFp8 } from './macros/fp8.ts';
import { onlineSoftmax, softcapScores } from './macros/onlineSoftmax.ts';
import { loadPages } from './macros/pages.ts';
import { findTile } from './macros/requests.ts';
import { applyRope } from './macros/rope.ts';

export interface GqaPagedPrefillConfig extends AttentionTiling {
  readonly heads: number;
  /** Divides `heads`. */
  readonly headsKv: number;
  /** Elements of a head: a multiple of 16. */
  readonly dim: number;
  /** Tokens of a page: a power of two. */
  readonly pageSize: number;
  readonly dtype?: 'f16' | 'bf16';
  /** `dtype`, or f8e4m3 with one scale each for K and V. Default: dtype. */
  readonly cacheDtype?: 'f16' | 'bf16' | 'f8e4m3';
  readonly isCausal?: boolean;
  /** Positive; default dim ** −0.5. */
  readonly smScale?: number;
  /** 0 (default): off. */
  readonly softcap?: number;
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
  const dtype: DTypeValue<'f16' | 'bf16'> = config.dtype === 'bf16' ? bf16 : f16;
  const fp8 = config.cacheDtype === 'f8e4m3';
  const cacheDtype: DTypeValue<'f16' | 'bf16' | 'f8e4m3'> = fp8 ? f8e4m3 : dtype;
  const totalQ = dim('totalQ');
  const batch = dim('batch');
  const numPages = dim('numPages');
  const group = heads / headsKv;
  // With a softcap the scores are final before the softmax, else their scale rides on its exponent.
  const scale = Math.LOG2E * (softcap > 0 ? 1 : smScale);

  return kernel(
    {
      q: tensor(dtype, [totalQ, heads, D]),
      kNew: tensor(dtype, [totalQ, headsKv, D]),
      vNew: tensor(dtype, [totalQ, headsKv, D]),
      kPages: tensor(cacheDtype, [numPages.times(pageSize), headsKv, D]),
      vPages: tensor(cacheDtype, [numPages.times(pageSize), headsKv, D]),
      ...(fp8 ? { kScale: tensor(f32, [1]), vScale: tensor(f32, [1]) } : {}),
      cuSeqlensQ: tensor(i32, [dim('batchPlus1')]),
      cacheSeqlens: tensor(i32, [batch]),
      blockTable: tensor(i32, [batch, dim('maxPagesPerReq')]),
      ...(rotaryDim > 0
        ? {
            cos: tensor(f32, [dim('maxPosition'), rotaryDim / 2]),
            sin: tensor(f32, [dim('maxPosition'), rotaryDim / 2]),
          }
        : {}),
      out: tensor(dtype, [totalQ, heads, D]),
    },
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
