/** Grouped-query attention of one token a request over its paged cache: parts of the sequence, then their combination. */
import { bf16, type DTypeValue, dim, f8e4m3, f16, f32, kernel, T, tensor } from 'tilec';
import { onlineSoftmax, softcapScores } from './macros/onlineSoftmax.ts';
import { loadPages } from './macros/pages.ts';
import { type PagedKvConfig, pagedKv, type ScoreConfig } from './pagedKv.ts';

export interface GqaPagedDecodeConfig extends PagedKvConfig, ScoreConfig {
  readonly BN?: number;
  readonly numStages?: number;
}

/** log2 of no weight at all, finite so that differences of it stay numbers. */
const NOTHING = -1e30;

/**
 * Part `i` of each request's tiles: q [batch, heads, dim]; kPages, vPages [numPages * pageSize, headsKv, dim]; kScale, vScale [1];
 * cacheSeqlens [batch]; blockTable [batch, maxPagesPerReq]; gives partial [splits, batch, heads, dim], the attention
 * within the part, and weight [splits, batch, heads], log2 of its sum of exponentials.
 *
 * One warp a block: the few query heads of a group fill one row of matrix tiles, and more warps would only repeat it. Codes
 * of an FP8 cache go to the tensor cores as they are, exact in f16; their scales ride on the exponent's and the result's,
 * which is less rounding than dequantising each element, and less work. bf16 queries join them in f16 after each row is
 * brought below 1 by a power of two.
 */
export function gqaPagedDecode(config: GqaPagedDecodeConfig) {
  const { heads, headsKv, dim: D, pageSize, smScale = D ** -0.5, softcap = 0, BN = 32, numStages = 2 } = config;
  const { dtype, fp8, batch, tensors: cache } = pagedKv(config);
  const work = fp8 ? f16 : dtype;
  const splits = dim('splits');
  const group = heads / headsKv;
  const BM = Math.ceil(group / 16) * 16;

  return kernel(
    {
      q: tensor(dtype, [batch, heads, D]),
      ...cache,
      partial: tensor(f32, [splits, batch, heads, D]),
      weight: tensor(f32, [splits, batch, heads]),
    },
    ({ q, kPages, vPages, kScale, vScale, cacheSeqlens, blockTable, partial, weight }) => {
      // Shared memory bounds the blocks of a multiprocessor: `minBlocks` keeps the assembler from spilling for more of them.
      // Heads side by side: their rows are neighbours in memory.
      const [hk, part, request] = T.grid([headsKv, splits, batch], { threads: 32, minBlocks: 1 });
      const length = cacheSeqlens[request];
      const each = T.ceilDiv(T.ceilDiv(length, BN), splits);
      const begin = part * each;
      const end = T.min(begin + each, T.ceilDiv(length, BN));

      // Long heads leave no registers for them beside the accumulator.
      const queries = D > 192 ? T.shared(work, [BM, D]) : T.fragment(work, [BM, D]);
      const rowFactor = T.fragment(f32, [BM]);
      const k = T.shared(dtype, [BN, D]);
      const v = T.shared(dtype, [BN, D]);
      const kCodes = T.shared(f8e4m3, [BN, D]);
      const vCodes = T.shared(f8e4m3, [BN, D]);
      // Keys, then values, of an FP8 tile.
      const wide16 = T.shared(work, [BN, D]);
      const s = T.fragment(f32, [BM, BN]);
      const p = T.fragment(work, [BM, BN]);
      const acc = T.fragment(f32, [BM, D]);
      const rowMax = T.fragment(f32, [BM]);
      const rowSum = T.fragment(f32, [BM]);
      // Rows behind the group repeat its last head: they are computed and not stored.
      const normalized = fp8 && dtype === bf16;
      if (normalized) {
        const exact = T.fragment(f32, [BM, D]);
        for (const [m, d] of T.Parallel(BM, D)) exact[m][d] = f32(q[request][hk * group + T.min(m, group - 1)][d]);
        T.reduceAbsMax(exact, rowFactor, { dim: 1 });
        for (const [m] of T.Parallel(BM))
          rowFactor[m] = T.select(rowFactor[m] > 0, T.exp2(T.ceil(T.log2(rowFactor[m]))), 1);
        for (const [m, d] of T.Parallel(BM, D)) queries[m][d] = exact[m][d] / rowFactor[m];
      } else {
        for (const [m, d] of T.Parallel(BM, D)) queries[m][d] = work(q[request][hk * group + T.min(m, group - 1)][d]);
      }
      T.clear(acc);
      T.clear(rowSum);
      T.fill(rowMax, NOTHING);
      const kFactor = kScale ? kScale[0] * smScale : smScale;
      const vFactor = vScale ? vScale[0] : 1;
      const scale = softcap > 0 ? Math.LOG2E : kFactor * Math.LOG2E;

      for (const j of T.Pipelined(begin, end, { numStages })) {
        loadPages(kPages, blockTable, fp8 ? kCodes : k, request, hk, j * BN, length, pageSize);
        loadPages(vPages, blockTable, fp8 ? vCodes : v, request, hk, j * BN, length, pageSize);
        if (fp8) T.copy(kCodes, wide16);
        T.gemm(queries, fp8 ? wide16 : k, s, { transposeB: true, clear: true });
        if (normalized) for (const [m, n] of T.Parallel(BM, BN)) s[m][n] *= rowFactor[m];
        if (softcap > 0) softcapScores(s, kFactor, softcap);
        if ((j + 1) * BN > length) {
          for (const [m, n] of T.Parallel(BM, BN)) s[m][n] = T.select(j * BN + n < length, s[m][n], -T.infinity);
        }
        onlineSoftmax(s, acc, rowMax, rowSum, scale);
        T.copy(s, p);
        if (fp8) T.copy(vCodes, wide16);
        T.gemm(p, fp8 ? wide16 : v, acc);
      }

      for (const [m] of T.Parallel(BM)) {
        if (m < group)
          weight[part][request][hk * group + m] = T.select(
            rowSum[m] > 0,
            rowMax[m] * scale + T.log2(rowSum[m]),
            NOTHING,
          );
      }
      for (const [m, d] of T.Parallel(BM, D)) {
        if (m < group)
          partial[part][request][hk * group + m][d] = T.select(rowSum[m] > 0, (acc[m][d] * vFactor) / rowSum[m], 0);
      }
    },
  );
}

/** Parts that one step of the combination takes in. */
const STEP = 8;

/** partial [splits, batch, heads, dim] and weight [splits, batch, heads] of `gqaPagedDecode` to out [batch, heads, dim]. */
export function combineSplits({ heads, dim: D, dtype }: Pick<GqaPagedDecodeConfig, 'heads' | 'dim' | 'dtype'>) {
  const out: DTypeValue<'f16' | 'bf16'> = dtype === 'bf16' ? bf16 : f16;
  const batch = dim('batch');
  const splits = dim('splits');
  return kernel(
    {
      partial: tensor(f32, [splits, batch, heads, D]),
      weight: tensor(f32, [splits, batch, heads]),
      out: tensor(out, [batch, heads, D]),
    },
    ({ partial, weight, out: result }) => {
      const [h, request] = T.grid([heads, batch], { threads: 128 });
      const parts = T.fragment(f32, [STEP, D]);
      const share = T.fragment(f32, [STEP]);
      const acc = T.fragment(f32, [D]);
      const sum = T.fragment(f32, [1]);
      const max = T.fragment(f32, [1]);
      const before = T.fragment(f32, [1]);
      T.clear(acc);
      T.clear(sum);
      T.fill(max, NOTHING);
      for (const i of T.serial(T.ceilDiv(splits, STEP))) {
        T.clear(parts);
        T.fill(share, -T.infinity);
        for (const [n] of T.Parallel(STEP)) if (i * STEP + n < splits) share[n] = weight[i * STEP + n][request][h];
        for (const [n, d] of T.Parallel(STEP, D))
          if (i * STEP + n < splits) parts[n][d] = partial[i * STEP + n][request][h][d];
        T.copy(max, before);
        T.reduceMax(share, max, { dim: 0, clear: false });
        for (const [n] of T.Parallel(STEP)) share[n] = T.exp2(share[n] - max[0]);
        for (const [n, d] of T.Parallel(STEP, D)) parts[n][d] *= share[n];
        for (const [one] of T.Parallel(1)) sum[one] *= T.exp2(before[one] - max[one]);
        for (const [d] of T.Parallel(D)) acc[d] *= T.exp2(before[0] - max[0]);
        T.reduceSum(share, sum, { dim: 0, clear: false });
        T.reduceSum(parts, acc, { dim: 0, clear: false });
      }
      // Where no part saw anything all weigh the same, and are 0.
      for (const [d] of T.Parallel(D)) result[request][h][d] = acc[d] / sum[0];
    },
  );
}
