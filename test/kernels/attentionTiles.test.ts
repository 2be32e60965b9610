/** The tiles of attention: they fit the GPU, and what depends on each other fits. */
import { describe, expect, test } from 'vitest';
import { attentionTiles } from '../../kernels/attentionTiles.ts';
import { flashAttention } from '../../kernels/flashAttention.ts';
import { gqaPagedPrefill } from '../../kernels/gqaPagedPrefill.ts';
import { toCuda } from '../../src/compile.ts';
import { TARGETS } from '../../src/ir/target.ts';

const SIZES = ['sm_80', 'sm_89', 'sm_90a'].map((arch) => TARGETS[arch as 'sm_80'].maxSharedBytes);

describe.each([16, 64, 80, 96, 128, 192, 256])('heads of %d', (dim) => {
  test('warps of 16 or 32 rows; scores in whole matrix tiles that divide the keys', () => {
    for (const sharedBytes of SIZES)
      for (const rotated of [false, true])
        for (const own of [{}, { BM: 64 }, { BN: 96 }, { BM: 32, BN: 64 }, { BN: 16 }]) {
          const { BM, BN, SN, threads, numStages } = attentionTiles(
            dim,
            { sharedBytes, ...own },
            { rotated, narrow: 64 },
          );
          expect(BM / (threads / 32)).toBeOneOf([16, 32]);
          expect(BN % SN).toBe(0);
          expect(SN % 16).toBe(0);
          expect(numStages).toBeGreaterThanOrEqual(2);
          expect({ BM, BN }).toMatchObject(own);
        }
  });

  test('the accumulator leaves registers for the scores', () => {
    const { BM, SN, threads } = attentionTiles(dim, {}, { narrow: 64 });
    expect((BM * (dim + SN)) / threads).toBeLessThanOrEqual(160);
  });
});

test.each([64, 128, 256])('heads of %d: kernels need no more shared memory than they were told to', async (dim) => {
  for (const sharedBytes of SIZES) {
    const paged = { heads: 4, headsKv: 1, dim, pageSize: 64, sharedBytes } as const;
    for (const k of [
      flashAttention({ dim, sharedBytes }),
      gqaPagedPrefill({ ...paged, dtype: 'bf16' }),
      gqaPagedPrefill({ ...paged, cacheDtype: 'f8e4m3', rotaryDim: dim }),
    ])
      expect((await toCuda(k.def)).device.sharedBytes).toBeLessThanOrEqual(sharedBytes);
  }
});

test('few rows: blocks of half as many, and what is won by that', () => {
  expect(attentionTiles(64, { BM: 64 }, { narrow: 64 })).toEqual({
    BM: 64,
    BN: 128,
    SN: 128,
    threads: 128,
    numStages: 3,
  });
  expect(attentionTiles(128, { BM: 64 }, { narrow: 64 })).toEqual({
    BM: 64,
    BN: 64,
    SN: 64,
    threads: 128,
    numStages: 2,
  });
});
