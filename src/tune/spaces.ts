/** The configurations that are tried for each operator. An operator that is not here is not tuned. */
import { bytesOf, type DType } from '../ir/dtype.ts';
import type { Choice, Params, Space } from './space.ts';

/** Rows of a matrix tile that one warp works on at least. */
const WARP_ROWS = 16;
/** Registers of one thread for an accumulator: more spill, fewer do not pay. */
const MOST_ACCUMULATORS = 128;
const LEAST_ACCUMULATORS = 32;
/** Of any GPU that is compiled for. */
const SHARED_BYTES = 227 * 1024;

const warps = (c: Choice): number => c.threads! / 32;
const dim = (p: Params): number => Number(p.dim);

const attention: Pick<Space, 'axes' | 'fits'> = {
  axes: { BM: [64, 128], BN: [32, 64, 128], SN: [16, 32, 64, 128], threads: [128, 256], numStages: [1, 2, 3] },
  fits: (c, p) =>
    c.BN! % c.SN! === 0 &&
    c.BM! / warps(c) >= WARP_ROWS &&
    (c.BM! * dim(p)) / c.threads! <= MOST_ACCUMULATORS &&
    (c.BM! + 2 * c.BN! * c.numStages!) * dim(p) * 2 <= SHARED_BYTES,
};

const rows: Space = {
  sizes: ['rows'],
  axes: { BM: [1, 2, 4], threads: [128, 256, 512, 1024] },
  // A thread holds between 8 and 128 elements of its block's rows.
  fits: (c, p) => {
    const each = (c.BM! * Number(p.n)) / c.threads!;
    return each >= 8 && each <= 128;
  },
};

const sheet: Space = {
  sizes: ['rows'],
  axes: { BM: [1, 2, 4, 8], BN: [512, 1024, 2048, 4096], threads: [128, 256, 512] },
  fits: (c) => {
    const each = (c.BM! * c.BN!) / c.threads!;
    return each >= 8 && each <= 64;
  },
};

export const SPACES: Readonly<Record<string, Space>> = {
  'gqa-paged-prefill': { sizes: ['totalQ', 'maxPagesPerReq'], ...attention },
  'gqa-forward': { sizes: ['batch', 'seq'], ...attention },
  'gqa-paged-decode': {
    sizes: ['batch', 'maxPagesPerReq'],
    axes: { BN: [16, 32, 64, 128], numStages: [1, 2, 3, 4, 6] },
    fits: (c, p) =>
      2 * c.BN! * dim(p) * (bytesOf(p.cacheDtype as DType) * c.numStages! + 2) <= SHARED_BYTES &&
      c.BN! * dim(p) <= 16384,
  },
  gemm: {
    sizes: ['m', 'n', 'k'],
    axes: { BM: [64, 128, 256], BN: [64, 128, 256], BK: [32, 64], threads: [128, 256], numStages: [2, 3, 4, 5] },
    fits: (c) => {
      const accumulators = (c.BM! * c.BN!) / c.threads!;
      return (
        accumulators >= LEAST_ACCUMULATORS &&
        accumulators <= MOST_ACCUMULATORS &&
        (c.BM! + c.BN!) * c.BK! * 2 * c.numStages! <= SHARED_BYTES
      );
    },
  },
  'rms-norm': rows,
  'add-rms-norm': rows,
  softmax: rows,
  'quantize-fp8-rows': rows,
  'silu-and-mul': sheet,
  'quantize-fp8-tensor': sheet,
  rope: { sizes: ['tokens'], axes: { BM: [1, 2, 4, 8], threads: [64, 128, 256, 512] } },
  'append-paged-kv': { sizes: ['totalQ'], axes: { BM: [1, 2, 4, 8, 16], threads: [128, 256, 512] } },
};
