/** Extending a paged cache by a chunk of new tokens for each request. */
import { bf16, type DTypeValue, dim, f8e4m3, f16, f32, i32, kernel, T, tensor } from 'tilec';
import { quantizeFp8 } from './macros/fp8.ts';
import { findTile } from './macros/requests.ts';
import { rotatePair } from './macros/rope.ts';
import { threadsFor } from './rows.ts';

export interface AppendPagedKvConfig {
  readonly headsKv: number;
  /** Elements of a head. */
  readonly dim: number;
  /** Tokens of a page: a power of two. */
  readonly pageSize: number;
  readonly dtype?: 'f16' | 'bf16';
  /** `dtype`, or f8e4m3 with one scale each for K and V. Default: dtype. */
  readonly cacheDtype?: 'f16' | 'bf16' | 'f8e4m3';
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
  const dtype: DTypeValue<'f16' | 'bf16'> = config.dtype === 'bf16' ? bf16 : f16;
  const fp8 = config.cacheDtype === 'f8e4m3';
  const cacheDtype: DTypeValue<'f16' | 'bf16' | 'f8e4m3'> = fp8 ? f8e4m3 : dtype;
  const totalQ = dim('totalQ');
  const batch = dim('batch');
  const numPages = dim('numPages');
  const half = rotaryDim / 2;

  return kernel(
    {
      kNew: tensor(dtype, [totalQ, headsKv, D]),
      vNew: tensor(dtype, [totalQ, headsKv, D]),
      kPages: tensor(cacheDtype, [numPages.times(pageSize), headsKv, D]),
      vPages: tensor(cacheDtype, [numPages.times(pageSize), headsKv, D]),
      ...(fp8 ? { kScale: tensor(f32, [1]), vScale: tensor(f32, [1]) } : {}),
      cuSeqlensQ: tensor(i32, [dim('batchPlus1')]),
      cacheSeqlens: tensor(i32, [batch]),
      blockTable: tensor(i32, [batch, dim('maxPagesPerReq')]),
      ...(rotaryDim > 0
        ? { cos: tensor(f32, [dim('maxPosition'), half]), sin: tensor(f32, [dim('maxPosition'), half]) }
        : {}),
    },
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
