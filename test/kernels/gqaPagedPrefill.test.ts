import { i32, Tensor } from 'tilec';
import { describe, expect, test } from 'vitest';
import { type GqaPagedPrefillConfig, gqaPagedPrefill } from '../../kernels/gqaPagedPrefill.ts';
import { pagedPrefill } from '../reference/attention.ts';
import { expectClose } from '../reference/compare.ts';
import { type PagedOptions, pagedInputs } from '../reference/paged.ts';
import { ATTENTION_TOLERANCE } from './attention.ts';
import { DTYPES, tensorOf as of, poisoned, seeded } from './data.ts';

type Case = Omit<GqaPagedPrefillConfig, 'dtype' | 'cacheDtype'> & Omit<PagedOptions, 'seed'>;

/** Small tiles keep a case short; the page paths depend on BN and the page size alone. */
const BASE = {
  heads: 2,
  headsKv: 1,
  dim: 32,
  pageSize: 64,
  dtype: 'f16',
  cacheDtype: 'f16',
  BM: 32,
  BN: 64,
  threads: 64,
  newLens: [17, 33],
  oldLens: [37, 100],
} as const satisfies Case;

/** The values, those of empty slots replaced. */
const poisonedAt = (pages: Float64Array, empty: number): Float64Array => pages.map((x) => (x === empty ? NaN : x));

async function check(c: Case): Promise<void> {
  const p = pagedInputs({ ...c, seed: seeded(JSON.stringify(c)).integer(1, 1e9) });
  const { heads, headsKv, dim, totalQ, dtype, cacheDtype, rope } = p;
  const fp8 = cacheDtype === 'f8e4m3';
  const rows = p.numPages * p.pageSize;
  // Slots without a token are NaN here: a weight of 0 does not make up for reading one.
  const empty = p.kPages.reduce((a, x) => Math.max(a, x), 0);
  const kPages = of(poisonedAt(p.kPages, empty), cacheDtype, [rows, headsKv, dim]);
  const vPages = of(poisonedAt(p.vPages, empty), cacheDtype, [rows, headsKv, dim]);
  const out = poisoned([totalQ, heads, dim], dtype);
  const before = [await kPages.toRaw(), await vPages.toRaw()];
  const half = (rope?.rotaryDim ?? 0) / 2;
  await gqaPagedPrefill(c)({
    q: of(p.q, dtype, [totalQ, heads, dim]),
    kNew: of(p.kNew, dtype, [totalQ, headsKv, dim]),
    vNew: of(p.vNew, dtype, [totalQ, headsKv, dim]),
    kPages,
    vPages,
    ...(fp8 ? { kScale: Tensor.from([p.kScale], DTYPES.f32), vScale: Tensor.from([p.vScale], DTYPES.f32) } : {}),
    cuSeqlensQ: Tensor.from([...p.cuSeqlensQ], i32),
    cacheSeqlens: Tensor.from([...p.cacheSeqlens], i32),
    blockTable: Tensor.from([...p.blockTable], i32, [p.batch, p.maxPagesPerReq]),
    ...(rope
      ? {
          cos: of(rope.cos, 'f32', [rope.cos.length / half, half]),
          sin: of(rope.sin, 'f32', [rope.sin.length / half, half]),
        }
      : {}),
    out,
  });
  expectClose(await out.toFloat64Array(), pagedPrefill(p, c), ATTENTION_TOLERANCE[dtype]);
  expect([await kPages.toRaw(), await vPages.toRaw()], 'the pages are only read').toEqual(before);
}

describe('page paths: a tile inside a page, of whole pages, looked up row by row', () => {
  for (const pageSize of [16, 32, 64, 128])
    for (const dtype of ['f16', 'bf16'] as const)
      for (const cacheDtype of [dtype, 'f8e4m3'] as const)
        for (const isCausal of [true, false])
          test(`pages of ${pageSize}, ${dtype} over ${cacheDtype}${isCausal ? ', causal' : ''}`, () =>
            check({ ...BASE, pageSize, dtype, cacheDtype, isCausal }));

  test.each([
    { BN: 32, pageSize: 16 },
    { BN: 32, pageSize: 64 },
    { BN: 96, pageSize: 64 },
    { BN: 96, pageSize: 16 },
    { BN: 96, pageSize: 128 },
  ])('tiles of $BN keys, pages of $pageSize', async ({ BN, pageSize }) => {
    for (const cacheDtype of ['f16', 'f8e4m3'] as const) await check({ ...BASE, BN, pageSize, cacheDtype });
  });

  test('pages in no order, some of them shared', () =>
    check({ ...BASE, pageSize: 16, order: 'shuffled', sharedPages: 2, oldLens: [48, 100], cacheDtype: 'f8e4m3' }));
});

describe('requests', () => {
  const one = { ...BASE, pageSize: 16, cacheDtype: 'f8e4m3' } as const;
  test.each([
    { what: 'some without new tokens, some without old ones', newLens: [0, 5, 0, 40], oldLens: [30, 0, 0, 64] },
    { what: 'no cache at all', newLens: [50, 20], oldLens: [0, 0] },
    { what: 'no new tokens at all', newLens: [0, 0], oldLens: [7, 0] },
    { what: 'one token that fills the last page', newLens: [1], oldLens: [511] },
    { what: 'one key less than whole tiles', newLens: [1, 2], oldLens: [31, 63], BN: 32 },
    { what: 'no spare column in the table', newLens: [1], oldLens: [17], spareColumns: 0 },
    { what: 'lengths of whole tiles and pages', newLens: [32, 64], oldLens: [64, 128] },
    { what: 'many row tiles', newLens: [110, 3, 65], oldLens: [5, 70, 16] },
  ])('$what', async ({ what: _, ...lengths }) => {
    await check({ ...one, ...lengths });
    await check({ ...one, ...lengths, cacheDtype: 'f16', isCausal: false });
  });
});

describe('heads', () => {
  test.each([
    { heads: 6, headsKv: 2, dim: 32 },
    { heads: 2, headsKv: 2, dim: 64 },
    { heads: 1, headsKv: 1, dim: 128, newLens: [18], oldLens: [70] },
  ])('$heads over $headsKv of $dim', async (shape) => {
    await check({ ...BASE, ...shape });
    await check({ ...BASE, ...shape, dtype: 'bf16', cacheDtype: 'f8e4m3' });
  });
});

describe('scores', () => {
  for (const cacheDtype of ['f16', 'f8e4m3'] as const) {
    const one = { ...BASE, cacheDtype };
    // Small enough to bend the scores, which are about 1.
    test(`softcap, ${cacheDtype} cache`, () => check({ ...one, softcap: 1.5 }));
    test(`a scale of their own, ${cacheDtype} cache`, () => check({ ...one, smScale: 0.4 }));
    test(`rotary embedding of whole heads, ${cacheDtype} cache`, () => check({ ...one, rotaryDim: 32 }));
    test(`rotary embedding of a part, not causal, ${cacheDtype} cache`, () =>
      check({ ...one, rotaryDim: 12, isCausal: false, newLens: [70, 3], oldLens: [10, 0] }));
  }
  test('all of them, bf16', () =>
    check({ ...BASE, dtype: 'bf16', cacheDtype: 'bf16', softcap: 3, smScale: 0.5, rotaryDim: 16 }));
});

test('the default tiles', () => {
  const { BM: _, BN: __, threads: ___, ...defaults } = { ...BASE, cacheDtype: 'f8e4m3' as const };
  return check({ ...defaults, newLens: [140], oldLens: [90] });
});
