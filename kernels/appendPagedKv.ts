/** Extending a paged cache by a chunk of new tokens for each request. */
import { f32, kernel, T } from 'tilec';
import { quantizeFp8 } from './macros/fp8.ts';
import { findTile } from './macros/requests.ts';
import { rotatePair } from './macros/rope.ts';
import { newTokens, type PagedKvConfig, pagedKv } from './pagedKv.ts';
import { threadsFor } from './rows.ts';

export interface AppendPagedKvConfig extends PagedKvConfig {
  /** Even, at most dim; 0 (default): no rotary embedding. */
  readonly rotaryDim?: number;
  /** Tokens of a block. */
  readonly BM?: number;
  readonly threads?: number;
}

const PER_BLOCK = 8192;

/**
 * Logical position `cacheSeqlens[b] + i` of the cache gets token i of request b; K is rotated to that position first, and
 * rounded to `dtype`. FP8: e4m3(x / scale). No other byte of the pages changes. Tensors as in `gqaPagedPrefill`, of which
 * this is the second half.
 */
export function appendPagedKv(config: AppendPagedKvConfig) {
  const { headsKv, dim: D, pageSize, rotaryDim = 0 } = config;
  const BM = config.BM ?? Math.max(1, 2 ** Math.floor(Math.log2(PER_BLOCK / (headsKv * D))));
  const threads = config.threads ?? threadsFor(BM * headsKv * D);
  const { dtype, fp8, batch, tensors: cache } = pagedKv(config);
  const { totalQ, tensors: chunk } = newTokens(config);
  const half = rotaryDim / 2;

  return kernel(
    { ...chunk, ...cache },
    ({ kNew, vNew, kPages, vPages, kScale, vScale, cuSeqlensQ, cacheSeqlens, blockTable, cos, sin }) => {
      const [block] = T.grid([T.floorDiv(totalQ, BM) + batch], { threads });
      const [request, tile] = findTile(cuSeqlensQ, batch, block, BM);
      if (request < 0) return;
      const first = cuSeqlensQ[request] + tile * BM;
      const count = cuSeqlensQ[request + 1] - first;
      const position = cacheSeqlens[request] + tile * BM;
      const kFactor = kScale ? kScale[0] : 1;
      const vFactor = vScale ? vScale[0] : 1;

      for (const [m, h, d] of T.Parallel(BM, headsKv, D)) {
        if (m < count) {
          const p = position + m;
          const slot = blockTable[request][T.floorDiv(p, pageSize)] * pageSize + (p % pageSize);
          // A 16-bit cache gets the element itself, not a value made of it: the bits of a NaN count too.
          vPages[slot][h][d] = fp8 ? quantizeFp8(f32(vNew[first + m][h][d]), vFactor) : vNew[first + m][h][d];
        }
      }
      if (cos && sin) {
        for (const [m, h, i] of T.Parallel(BM, headsKv, half)) {
          if (m < count) {
            const p = position + m;
            const slot = blockTable[request][T.floorDiv(p, pageSize)] * pageSize + (p % pageSize);
            const [low, high] = rotatePair(
              f32(kNew[first + m][h][i]),
              f32(kNew[first + m][h][half + i]),
              cos[p][i],
              sin[p][i],
            );
            kPages[slot][h][i] = fp8 ? quantizeFp8(f32(dtype(low)), kFactor) : dtype(low);
            kPages[slot][h][half + i] = fp8 ? quantizeFp8(f32(dtype(high)), kFactor) : dtype(high);
          }
        }
      }
      if (rotaryDim < D) {
        for (const [m, h, i] of T.Parallel(BM, headsKv, D - rotaryDim)) {
          if (m < count) {
            const p = position + m;
            const slot = blockTable[request][T.floorDiv(p, pageSize)] * pageSize + (p % pageSize);
            const x = kNew[first + m][h];
            kPages[slot][h][rotaryDim + i] = fp8 ? quantizeFp8(f32(x[rotaryDim + i]), kFactor) : x[rotaryDim + i];
          }
        }
      }
    },
  );
}
