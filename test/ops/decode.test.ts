/** Paged decode as an operator, against f64; and how it splits the sequence. */
import { describe, expect, it } from 'vitest';
import { partsFor } from '../../src/ops/decode.ts';
import { GqaPagedDecode } from '../../src/ops/index.ts';
import { blocksPerMultiprocessor } from '../../src/ops/occupancy.ts';
import { pagedDecode } from '../reference/attention.ts';
import { difference, expectClose, TOLERANCES } from '../reference/compare.ts';
import { type PagedOptions, pagedInputs, withEmptySlots } from '../reference/paged.ts';
import { normals, random } from '../reference/random.ts';
import { DEVICES, pagedTensors, tensor } from './paged.ts';

/** What f32 accumulation reaches. */
const REACHED = { f16: 2e-3, bf16: 1.6e-2 } as const;

describe.each(DEVICES)('on %s', (device) => {
  const r = random(29);
  const BASE = {
    heads: 4,
    headsKv: 2,
    dim: 32,
    pageSize: 16,
    dtype: 'f16',
    cacheDtype: 'f16',
    order: 'shuffled',
  } as const;
  const check = async (
    lens: readonly number[],
    change: Partial<PagedOptions> = {},
    o: { softcap?: number; smScale?: number; splits?: number } = {},
    empty?: number,
  ): Promise<void> => {
    const made = pagedInputs({ ...BASE, ...change, newLens: lens.map(() => 0), oldLens: lens });
    const p = empty === undefined ? made : withEmptySlots(made, empty);
    const { heads, headsKv, dim, pageSize, dtype, cacheDtype, batch } = p;
    const q = normals(r, batch * heads * dim, dtype);
    const { kNew: _, vNew: __, cuSeqlensQ: ___, ...t } = await pagedTensors(p, device);
    const { splits, ...params } = o;
    const op = new GqaPagedDecode({ heads, headsKv, dim, pageSize, dtype, cacheDtype, ...params }, { splits });
    const out = await tensor(new Float64Array(q.length).fill(NaN), dtype, [batch, heads, dim], device);
    await op.run({ ...t, q: await tensor(q, dtype, [batch, heads, dim], device), out });
    const tolerance = cacheDtype === 'f8e4m3' ? TOLERANCES.fp8Cache : TOLERANCES[dtype];
    const got = await out.toFloat64Array();
    const want = pagedDecode({ ...p, q }, o);
    expectClose(got, want, tolerance);
    expect(difference(got, want, tolerance).maxAbs).toBeLessThan(REACHED[dtype]);
  };
  it('requests of all lengths, an empty one too', () => check([100, 0, 1, 16, 511, 33]));
  for (const dtype of ['f16', 'bf16'] as const)
    for (const pageSize of [16, 32, 64, 128])
      it(`${dtype} over f8e4m3, pages of ${pageSize}`, () =>
        check([70, 130], { dtype, cacheDtype: 'f8e4m3', pageSize }));
  it.each([1, 2, 7, 40])('%d parts', (splits) => check([300, 20], {}, { splits }));
  // 44 tiles of keys: more parts than the combination takes in at once, with scores that differ by tens from part to part.
  it('parts of very different weights, in several steps', () =>
    check([1400, 900, 0], { heads: 2, headsKv: 1, pageSize: 64 }, { splits: 70, smScale: 4 }));
  it.each([
    [2, 2],
    [3, 1],
    [12, 2],
    [8, 1],
    [32, 1],
  ])('%d heads over %d', (heads, headsKv) => check([50], { heads, headsKv }));
  it('the last page filled exactly, and no page to spare', () =>
    check([512], { spareColumns: 0, sparePages: 0, cacheDtype: 'f8e4m3' }));
  it('slots that hold no token may hold NaN', async () => {
    for (const cacheDtype of ['f16', 'f8e4m3'] as const) await check([33, 0, 70], { cacheDtype }, {}, NaN);
  });
  it('shared pages', () => check([64, 70, 49], { sharedPages: 3 }));
  it('softcap and a scale', () => check([90, 40], { cacheDtype: 'f8e4m3' }, { softcap: 4, smScale: 0.4 }));
  it('no requests', () => check([]));

  it('refusals', async () => {
    const { heads, headsKv, dim, pageSize, dtype, cacheDtype } = BASE;
    for (const splits of [0, -1, 1.5, NaN])
      expect(() => new GqaPagedDecode({ heads, headsKv, dim, pageSize, dtype, cacheDtype }, { splits })).toThrow(
        `gqa-paged-decode: splits: expected an integer ≥ 1, got ${splits}`,
      );
    const op = new GqaPagedDecode({ heads, headsKv, dim, pageSize, dtype, cacheDtype });
    const p = pagedInputs({ ...BASE, newLens: [0, 0], oldLens: [20, 40] });
    const refused = async (change: Partial<typeof p>): Promise<void> => {
      const { kNew: _, vNew: __, cuSeqlensQ: ___, ...t } = await pagedTensors({ ...p, ...change }, device);
      const q = await tensor(new Float64Array(2 * heads * dim), dtype, [2, heads, dim], device);
      await op.run({ ...t, q, out: q });
    };
    await expect(refused({ cacheSeqlens: Int32Array.of(20, -3) })).rejects.toThrow(
      'cacheSeqlens: expected lengths ≥ 0, got cacheSeqlens[1] = -3',
    );
    await expect(refused({ cacheSeqlens: Int32Array.of(65, 1) })).rejects.toThrow(
      "expected at most 64 tokens a request, the capacity of blockTable's rows, got cacheSeqlens[0] = 65",
    );
    const table = p.blockTable.slice();
    table[1] = p.numPages;
    await expect(refused({ blockTable: table })).rejects.toThrow(`got blockTable[0][1] = ${p.numPages}`);
    const fp8 = pagedInputs({ ...BASE, cacheDtype: 'f8e4m3', newLens: [0], oldLens: [20] });
    const { kNew: _, vNew: __, cuSeqlensQ: ___, ...t } = await pagedTensors({ ...fp8, vScale: NaN }, device);
    const q = await tensor(new Float64Array(heads * dim), dtype, [1, heads, dim], device);
    const over8 = new GqaPagedDecode({ heads, headsKv, dim, pageSize, dtype, cacheDtype: 'f8e4m3' });
    await expect(over8.run({ ...t, q, out: q })).rejects.toThrow('vScale: expected a finite scale above 0, got NaN');
  });
});

describe('the number of parts', () => {
  it.each([
    // [requests times key heads, blocks that run at once, longest request]
    { rows: 32 * 8, resident: 132 * 8, tokens: 4096, parts: 4, why: 'one wave: a fifth part would start a second' },
    { rows: 8, resident: 132 * 8, tokens: 131072, parts: 128, why: 'no more than the combination likes' },
    { rows: 8, resident: 132 * 8, tokens: 1000, parts: 8, why: 'none shorter than 128 tokens' },
    { rows: 4000, resident: 132 * 8, tokens: 4096, parts: 1, why: 'more rows than blocks' },
    { rows: 8, resident: 132 * 8, tokens: 0, parts: 1, why: 'no pages' },
    { rows: 0, resident: 132 * 8, tokens: 256, parts: 2, why: 'no requests' },
  ])('$parts for $rows rows and $tokens tokens: $why', ({ rows, resident, tokens, parts }) => {
    expect(partsFor(rows, resident, tokens)).toBe(parts);
  });

  // By NVIDIA's occupancy calculator, for compute capability 9.0.
  const H100 = { sharedBytesPerBlock: 227 * 1024 };
  it.each([
    { threads: 32, sharedBytes: 24576, registers: 168, blocks: 9, by: 'shared memory' },
    { threads: 32, sharedBytes: 24576, registers: 182, blocks: 8, by: 'registers: two warps a quarter' },
    { threads: 32, sharedBytes: 0, registers: 40, blocks: 32, by: 'the number of blocks' },
    { threads: 512, sharedBytes: 0, registers: 32, blocks: 4, by: 'the number of warps' },
    { threads: 128, sharedBytes: 2304, registers: 64, blocks: 8, by: 'registers' },
    { threads: 128, sharedBytes: 232448, registers: 64, blocks: 1, by: 'all of the shared memory' },
    { threads: 1024, sharedBytes: 0, registers: 128, blocks: 0, by: 'registers: it cannot run' },
  ])('$blocks blocks of $threads threads by $by', ({ threads, sharedBytes, registers, blocks }) => {
    const resources = { registers, spillBytes: 0, localBytes: 0, staticSharedBytes: 0 };
    expect(blocksPerMultiprocessor({ threads, sharedBytes, resources }, H100)).toBe(blocks);
  });
});
