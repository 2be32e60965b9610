import { i32, Tensor } from 'tilec';
import { describe, test } from 'vitest';
import { combineSplits, type GqaPagedDecodeConfig, gqaPagedDecode } from '../../kernels/gqaPagedDecode.ts';
import { pagedDecode } from '../reference/attention.ts';
import { expectClose } from '../reference/compare.ts';
import { type PagedOptions, pagedInputs } from '../reference/paged.ts';
import { ATTENTION_TOLERANCE } from './attention.ts';
import { DTYPES, tensorOf as of, poisoned, seeded } from './data.ts';

type Case = Omit<GqaPagedDecodeConfig, 'dtype' | 'cacheDtype'> &
  Omit<PagedOptions, 'seed' | 'newLens'> & { readonly splits: number };

const BASE = {
  heads: 8,
  headsKv: 2,
  dim: 32,
  pageSize: 64,
  dtype: 'f16',
  cacheDtype: 'f16',
  oldLens: [37, 100, 1],
  splits: 3,
} as const satisfies Case;

async function check(c: Case): Promise<void> {
  const newLens = c.oldLens.map(() => 1);
  const p = pagedInputs({ ...c, newLens, seed: seeded(JSON.stringify(c)).integer(1, 1e9) });
  const { batch, heads, headsKv, dim, dtype, cacheDtype } = p;
  const rows = p.numPages * p.pageSize;
  const fp8 = cacheDtype === 'f8e4m3';
  const partial = poisoned([c.splits, batch, heads, dim], 'f32');
  const weight = poisoned([c.splits, batch, heads], 'f32');
  const out = poisoned([batch, heads, dim], dtype);
  await gqaPagedDecode(c)({
    q: of(p.q, dtype, [batch, heads, dim]),
    kPages: of(p.kPages, cacheDtype, [rows, headsKv, dim]),
    vPages: of(p.vPages, cacheDtype, [rows, headsKv, dim]),
    ...(fp8 ? { kScale: Tensor.from([p.kScale], DTYPES.f32), vScale: Tensor.from([p.vScale], DTYPES.f32) } : {}),
    cacheSeqlens: Tensor.from([...p.cacheSeqlens], i32),
    blockTable: Tensor.from([...p.blockTable], i32, [batch, p.maxPagesPerReq]),
    partial,
    weight,
  });
  await combineSplits(c)({ partial, weight, out });
  expectClose(await out.toFloat64Array(), pagedDecode(p, c), ATTENTION_TOLERANCE[dtype]);
}

describe('paged decode', () => {
  for (const cacheDtype of ['f16', 'f8e4m3'] as const)
    for (const pageSize of [16, 32, 64])
      test(`${cacheDtype} pages of ${pageSize}`, () => check({ ...BASE, cacheDtype, pageSize }));
  test('bf16', () => check({ ...BASE, dtype: 'bf16', cacheDtype: 'bf16' }));
  test('bf16 over FP8', () => check({ ...BASE, dtype: 'bf16', cacheDtype: 'f8e4m3' }));
  test('softcap', () => check({ ...BASE, cacheDtype: 'f8e4m3', softcap: 20 }));
  test('a group of 20 heads', () => check({ ...BASE, heads: 20, headsKv: 1 }));
  test('groups of one head', () => check({ ...BASE, heads: 2, headsKv: 2 }));
  test('one part', () => check({ ...BASE, splits: 1 }));
  test('more parts than tiles', () => check({ ...BASE, splits: 7 }));
  test('an empty cache gives zeros', () => check({ ...BASE, oldLens: [0, 5] }));
});
