/** Paged prefill end to end: attention and cache bytes against the f64 reference. */
import { describe, expect, it } from 'vitest';
import { toCuda } from '../../src/compile.ts';
import { compileCount } from '../../src/ops/index.ts';
import { pagedPrefill } from '../reference/attention.ts';
import { type PagedOptions, pagedInputs, withEmptySlots } from '../reference/paged.ts';
import { checkPrefill, DEVICES, expectAppended, operatorFor, pagedTensors } from './paged.ts';

const BASE = {
  heads: 4,
  headsKv: 2,
  dim: 32,
  pageSize: 64,
  dtype: 'f16',
  cacheDtype: 'f16',
  newLens: [17, 33],
  oldLens: [37, 100],
} as const satisfies PagedOptions;

const CACHES = [
  ['f16', 'f16'],
  ['f16', 'f8e4m3'],
  ['bf16', 'bf16'],
  ['bf16', 'f8e4m3'],
] as const;

/** What f32 accumulation reaches; the description of the operator allows tens of times as much. */
const REACHED = { f16: 2e-3, bf16: 1.6e-2 } as const;

describe.each(DEVICES)('on %s', (device) => {
  const check = async (change: Partial<PagedOptions>, o = {}, config = {}) => {
    const p = pagedInputs({ ...BASE, ...change });
    const { maxAbs } = await checkPrefill(p, o, { device, config: { BM: 32, BN: 64, threads: 64, ...config } });
    expect(maxAbs).toBeLessThan(REACHED[p.dtype]);
  };

  describe('caches and dtypes', () => {
    for (const [dtype, cacheDtype] of CACHES) it(`${dtype} over ${cacheDtype}`, () => check({ dtype, cacheDtype }));
  });

  // A tile of keys inside a page, of whole pages, and both; lengths that end in a tile, at its end, and one short of it.
  describe('page sizes and key tiles', () => {
    for (const pageSize of [16, 32, 64, 128])
      for (const BN of [32, 64, 128])
        for (const [dtype, cacheDtype] of CACHES)
          it(`pages of ${pageSize}, tiles of ${BN}, ${dtype} over ${cacheDtype}`, () =>
            check(
              { pageSize, dtype, cacheDtype, heads: 2, newLens: [17, 33, 1], oldLens: [37, 128, pageSize * 2 - 1] },
              {},
              { BN },
            ));
    it('tiles of 96, looked up row by row', () =>
      check({ cacheDtype: 'f8e4m3', newLens: [17, 33], oldLens: [96, 140] }, {}, { BN: 96 }));
  });

  describe('lengths', () => {
    it('as in the description of the operator', async () => {
      await check({ newLens: [64, 96], oldLens: [80, 128] });
      await check({ newLens: [33, 48], oldLens: [67, 80], cacheDtype: 'f8e4m3', dtype: 'bf16' });
    });
    it('the last page filled exactly, and no page to spare', () =>
      check({ newLens: [1], oldLens: [511], spareColumns: 0, sparePages: 0 }));
    it('requests without new tokens', () => check({ newLens: [0, 17, 0, 0, 5, 0], oldLens: [9, 70, 0, 64, 3, 128] }));
    it('requests without old tokens', () => check({ newLens: [40, 3], oldLens: [0, 0], cacheDtype: 'f8e4m3' }));
    it('one token', () => check({ newLens: [1], oldLens: [0] }));
    it('no tokens at all', () => check({ newLens: [0, 0], oldLens: [5, 0] }));
    it('no requests', () => check({ newLens: [], oldLens: [] }));
  });

  describe('page tables', () => {
    it('shuffled', () => check({ order: 'shuffled', pageSize: 16, cacheDtype: 'f8e4m3' }));
    it('in order', () => check({ order: 'sequential', pageSize: 16 }));
    it('a shared prefix', () =>
      check({ pageSize: 16, newLens: [20, 9, 33], oldLens: [64, 70, 49], sharedPages: 3, order: 'shuffled' }));
  });

  describe('groups', () => {
    for (const [heads, headsKv] of [
      [2, 2],
      [3, 1],
      [6, 1],
      [16, 2],
      [32, 1],
    ] as const)
      for (const cacheDtype of ['f16', 'f8e4m3'] as const)
        it(`of ${heads / headsKv}, ${cacheDtype}`, () =>
          check({ heads, headsKv, cacheDtype, newLens: [5], oldLens: [70] }));
  });

  describe('options', () => {
    it('no mask', () => check({}, { isCausal: false }));
    it('softcap', () => check({ cacheDtype: 'f8e4m3' }, { softcap: 5 }));
    it('a scale', () => check({}, { smScale: 0.5 }));
    it('softcap without a mask', () => check({ dtype: 'bf16', cacheDtype: 'bf16' }, { softcap: 1, isCausal: false }));
    for (const cacheDtype of ['f16', 'f8e4m3'] as const)
      for (const rotaryDim of [32, 8])
        it(`RoPE of ${rotaryDim} elements over ${cacheDtype}`, () => check({ rotaryDim, cacheDtype }));
    it('RoPE, bf16 over f8e4m3, dim 64', () => check({ rotaryDim: 64, dim: 64, dtype: 'bf16', cacheDtype: 'f8e4m3' }));
    it('dim 128', () => check({ dim: 128, newLens: [9], oldLens: [40] }));
    it('dim 256', () => check({ dim: 256, newLens: [3], oldLens: [40], cacheDtype: 'f8e4m3' }, {}, { BN: 32 }));
  });

  it('1 token, then 8192: nothing is compiled anew', async () => {
    const shape = { ...BASE, heads: 1, headsKv: 1, dim: 16, pageSize: 16, cacheDtype: 'f8e4m3' } as const;
    const newLens = Array.from({ length: 256 }, () => 32);
    // Without a choice a GPU has two kernels, for few rows and for many.
    for (const config of [{ BM: 32, BN: 32, threads: 64 }, ...(device === 'cuda' ? [{}] : [])]) {
      const few = pagedInputs({ ...shape, newLens: [1], oldLens: [3] });
      await checkPrefill(few, {}, { device, config });
      const before = compileCount();
      const many = pagedInputs({ ...shape, newLens, oldLens: newLens.map((_, b) => b % 50) });
      await checkPrefill(many, {}, { device, config });
      expect(compileCount()).toBe(before);
    }
  });

  it('token counts, requests and pages compile nothing anew', async () => {
    const first = pagedInputs({ ...BASE, newLens: [1], oldLens: [3] });
    const op = operatorFor(first);
    await op.run(await pagedTensors(first, device));
    const before = compileCount();
    for (const newLens of [[2], [100, 1], [7, 0, 9]]) {
      const p = pagedInputs({ ...BASE, newLens, oldLens: newLens.map(() => 10), spareColumns: newLens.length });
      await op.run(await pagedTensors(p, device));
    }
    expect(compileCount()).toBe(before);
  });

  it('new tokens count as they are, whatever the FP8 cache makes of them', async () => {
    const p = pagedInputs({ ...BASE, cacheDtype: 'f8e4m3', newLens: [17, 40], oldLens: [37, 0] });
    // 448 × 0.025 is the largest value that the cache of values can hold.
    const large = { ...p, vNew: p.vNew.map((v) => v * 32) };
    expect(Math.max(...large.vNew)).toBeGreaterThan(2 * 448 * p.vScale);
    const { relative } = await checkPrefill(large, {}, { device });
    expect(relative).toBeLessThan(1e-3);
  });

  it('slots that hold no token may hold NaN', async () => {
    for (const cacheDtype of ['bf16', 'f8e4m3'] as const) {
      const p = pagedInputs({
        ...BASE,
        dtype: 'bf16',
        cacheDtype,
        pageSize: 16,
        newLens: [17, 1, 0],
        oldLens: [37, 0, 9],
      });
      await checkPrefill(withEmptySlots(p, NaN), {}, { device });
    }
  });

  it('the page table of a request without new tokens is not looked at', async () => {
    const p = pagedInputs({ ...BASE, newLens: [5, 0, 3], oldLens: [70, 100, 4] });
    const blockTable = p.blockTable.slice();
    blockTable.fill(1 << 29, p.maxPagesPerReq, 2 * p.maxPagesPerReq);
    await checkPrefill({ ...p, blockTable }, {}, { device });
  });

  describe('numbers that are none', () => {
    const ODD = { ...BASE, cacheDtype: 'f8e4m3', dtype: 'bf16', newLens: [40], oldLens: [20] } as const;

    it('large values, NaN and negative zero are appended as they should', async () => {
      const p = pagedInputs({ ...ODD, newLens: [4] });
      // 448 × 0.02 is the largest value that the cache can hold.
      p.kNew.set([8.96, 8.97, 9.28, -9.3, 100, -1e30, NaN, -0, 0, 1e-30, 8.96 * 1.03]);
      p.vNew.set([NaN, -0, 1e6, -1e6]);
      const t = await pagedTensors(p, device);
      await operatorFor(p).run(t);
      await expectAppended(t, p);
    });

    const at = (p: { headsKv: number; dim: number }, token: number, d = 0): number => token * p.headsKv * p.dim + d;

    it('a NaN in a key reaches the rows that see it, of its heads, and no others', async () => {
      const p = pagedInputs(ODD);
      p.kNew[at(p, 7)] = NaN;
      await checkPrefill(p, {}, { device });
    });

    it('a NaN in an old key or value reaches all rows of its heads', async () => {
      for (const cacheDtype of ['bf16', 'f8e4m3'] as const) {
        const p = pagedInputs({ ...ODD, cacheDtype });
        const slot = p.blockTable[0]! * p.pageSize + 3;
        p.kPages[at(p, slot)] = NaN;
        p.vPages[at(p, slot + 1, p.dim + 5)] = NaN;
        await checkPrefill(p, {}, { device });
      }
    });

    it('a NaN in a value reaches the rows that see it, and at most the others of their tile', async () => {
      const p = pagedInputs(ODD);
      const clean = pagedPrefill(p);
      p.vNew[at(p, 35, 3)] = NaN;
      const t = await pagedTensors(p, device);
      await operatorFor(p).run(t);
      const got = await t.out.toFloat64Array();
      clean.forEach((want, i) => {
        const [token, head, d] = [Math.floor(i / (p.heads * p.dim)), Math.floor(i / p.dim) % p.heads, i % p.dim];
        const poisoned = head < p.heads / p.headsKv && d === 3;
        if (poisoned && token >= 35) expect(got[i], `row ${token}`).toBeNaN();
        // Tiles have 32 rows.
        else if (!poisoned || token < 32) expect(Math.abs(got[i]! - want), `row ${token}`).toBeLessThan(REACHED.bf16);
      });
      await expectAppended(t, p);
    });

    it('scores of minus infinity weigh nothing, even where a whole tile has no others', async () => {
      const p = pagedInputs({ ...ODD, cacheDtype: 'bf16', newLens: [40], oldLens: [130] });
      p.q.fill(1);
      for (let i = 0; i < 130; i++) {
        const slot = p.blockTable[Math.floor(i / p.pageSize)]! * p.pageSize + (i % p.pageSize);
        if (i !== 100) p.kPages[at(p, slot)] = -Infinity;
      }
      p.kNew[at(p, 5)] = -Infinity;
      await checkPrefill(p, {}, { device });
    });
  });

  // What a user gets who chooses nothing, and what the operator takes for few rows.
  describe.each([64, 128, 256])('the own tiles for heads of %d', (dim) => {
    const one = { dim, heads: 2, headsKv: 1, newLens: [150], oldLens: [133] } as const;
    it.each([
      ['f16', { cacheDtype: 'f16' }, {}],
      ['bf16, FP8, RoPE', { dtype: 'bf16', cacheDtype: 'f8e4m3', rotaryDim: dim / 2 }, {}],
      ['FP8, softcap', { cacheDtype: 'f8e4m3' }, { softcap: 2 }],
    ] as const)('%s', async (_, change, o) => {
      for (const config of [{}, { BM: 64 }]) {
        const p = pagedInputs({ ...BASE, ...one, ...change });
        const { maxAbs } = await checkPrefill(p, o, { device, config });
        expect(maxAbs).toBeLessThan(REACHED[p.dtype]);
      }
    });
  });

  it.each([0.1, 50, 255, 300, 1e4, 1e6])('a softcap of %d', (softcap) =>
    check({ newLens: [9], oldLens: [70] }, { softcap }),
  );
});

it('the scales of an FP8 cache are read once, in front of the loop', async () => {
  const p = pagedInputs({ ...BASE, cacheDtype: 'f8e4m3' });
  const [prefill] = operatorFor(p).kernels(await pagedTensors(p));
  const { source } = await toCuda(prefill!.kernel.def, { arch: 'sm_90a' });
  const lines = source.split('\n');
  for (const name of ['kScale', 'vScale']) {
    const reads = lines.flatMap((l, i) => (l.includes(`${name}[0]`) ? [i] : []));
    expect(reads, name).toHaveLength(1);
    expect(reads[0]).toBeLessThan(lines.findIndex((l) => l.includes('&kPages[')));
  }
});
