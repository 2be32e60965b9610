/** What the paged operators refuse, with the words they refuse it in; nothing is launched or written. */

import { beforeAll, describe, expect, it } from 'vitest';
import { AppendPagedKv, compileCount, GqaPagedPrefill, OperatorError } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { type PagedInputs, pagedInputs } from '../reference/paged.ts';
import { bytes, DEVICES, operatorFor, type PagedTensors, pagedTensors, tensor } from './paged.ts';

const PARAMS = { heads: 4, headsKv: 2, dim: 16, pageSize: 16, dtype: 'f16', cacheDtype: 'f8e4m3' } as const;
const OP = 'gqa-paged-prefill';

/** Runs `f`, which must throw an OperatorError; gives its message and checks that its fields are in it. */
async function refusal(f: () => unknown): Promise<string> {
  try {
    await f();
  } catch (e) {
    if (!(e instanceof OperatorError)) throw e;
    expect(e.message).toBe(`${e.operator}: ${e.argument}: expected ${e.expected}, got ${e.got}`);
    return e.message;
  }
  throw new Error('it was not refused');
}

describe('parameters', () => {
  const make = (change: object) => () => new GqaPagedPrefill({ ...PARAMS, ...change });
  it.each([
    [{ heads: 5 }, 'headsKv: expected a divisor of heads, got 2 where heads = 5'],
    [{ pageSize: 48 }, 'pageSize: expected a power of two, got 48'],
    [{ pageSize: 0 }, 'pageSize: expected an integer ≥ 1, got 0'],
    [{ dim: 24 }, 'dim: expected a multiple of 16, got 24'],
    [{ dim: 512 }, 'dim: expected an integer from 16 to 256, got 512'],
    [{ heads: 1.5 }, 'heads: expected an integer ≥ 1, got 1.5'],
    [{ heads: undefined }, 'heads: expected an integer ≥ 1, got nothing'],
    [{ dtype: 'f32' }, "dtype: expected 'f16' or 'bf16', got 'f32'"],
    [{ cacheDtype: 'bf16' }, "cacheDtype: expected dtype or f8e4m3, got 'bf16' where dtype = 'f16'"],
    [{ isCausal: 1 }, 'isCausal: expected true or false, got 1'],
    [{ smScale: NaN }, 'smScale: expected a number from 1e-20 to 1e+21, got NaN'],
    [{ smScale: 0 }, 'smScale: expected a number from 1e-20 to 1e+21, got 0'],
    [{ smScale: 1e-46 }, 'smScale: expected a number from 1e-20 to 1e+21, got 1e-46'],
    [{ smScale: Infinity }, 'smScale: expected a number from 1e-20 to 1e+21, got Infinity'],
    [{ softcap: -1 }, 'softcap: expected a number from 0 to 1e+30, got -1'],
    [{ softcap: 1e39 }, 'softcap: expected a number from 0 to 1e+30, got 1e+39'],
    [{ softcap: 1e-46 }, 'softcap: expected 0 or at least 0.001, got 1e-46'],
    [{ rotaryDim: 3 }, 'rotaryDim: expected even and at most dim, got 3 where dim = 16'],
    [{ rotaryDim: 32 }, 'rotaryDim: expected even and at most dim, got 32 where dim = 16'],
    [{ colour: 'red' }, 'colour: expected one of the parameters heads, headsKv, dim, pageSize,'],
  ])('%o', async (change, message) => {
    expect(await refusal(make(change))).toContain(`${OP}: ${message}`);
  });
});

describe.each(DEVICES)('calls on %s', (device) => {
  let p: PagedInputs;
  let op: GqaPagedPrefill;
  let roped: GqaPagedPrefill;
  beforeAll(() => {
    p = pagedInputs({ ...PARAMS, newLens: [10, 20], oldLens: [20, 5], sparePages: 2, rotaryDim: 8 });
    op = operatorFor({ ...p, rope: undefined });
    roped = operatorFor(p);
  });

  /** The refusal of a call with some inputs or tensors changed. Checks that no byte was written. */
  async function refused(
    change: Partial<PagedInputs>,
    tensors: (t: PagedTensors) => unknown = () => ({}),
    on = op,
  ): Promise<string> {
    const inputs = { ...p, ...change };
    const all = await pagedTensors(on === op ? { ...inputs, rope: undefined } : inputs, device);
    const args = { ...all, ...((await tensors(all)) as Partial<PagedTensors>) };
    const before = await Promise.all([all.kPages, all.vPages, all.out].map(bytes));
    const message = await refusal(() => on.run(args));
    const after = await Promise.all([all.kPages, all.vPages, all.out].map(bytes));
    expect(after).toEqual(before);
    return message;
  }
  const make = (dtype: Parameters<typeof tensor>[1], ...shape: number[]) =>
    tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)), dtype, shape, device);

  describe('tensors', () => {
    it.each<[string, (t: PagedTensors) => unknown, string]>([
      ['missing', () => ({ q: undefined }), 'q: expected a tensor of f16 [totalQ, 4, 16], got nothing'],
      ['no tensor', () => ({ kNew: [1, 2] }), 'kNew: expected a tensor of f16 [30, 2, 16], got an array'],
      ['unknown', async () => ({ mask: await make('f16', 1) }), 'mask: expected one of the tensors q, kNew,'],
      [
        'tables without RoPE',
        async () => ({ cos: await make('f32', 30, 4) }),
        'cos: expected no tensor, unless rotaryDim > 0, got a tensor',
      ],
      ['dtype', async () => ({ vNew: await make('bf16', 30, 2, 16) }), 'vNew: expected dtype f16, got dtype bf16'],
      [
        'cache dtype',
        async () => ({ kPages: await make('f16', 112, 2, 16) }),
        'kPages: expected dtype f8e4m3, got dtype f16',
      ],
      [
        'index dtype',
        async () => ({ cacheSeqlens: await make('i64', 2) }),
        'cacheSeqlens: expected dtype i32, got dtype i64',
      ],
      [
        'rank',
        async () => ({ q: await make('f16', 30, 64) }),
        'q: expected 3 dimensions, [totalQ, 4, 16], got 2, [30, 64]',
      ],
      [
        'heads',
        async () => ({ q: await make('f16', 30, 2, 16) }),
        'q: expected shape [30, 4, 16], got shape [30, 2, 16]',
      ],
      [
        'tokens',
        async () => ({ kNew: await make('f16', 29, 2, 16) }),
        'kNew: expected shape [30, 2, 16], got shape [29, 2, 16]',
      ],
      [
        'half a page',
        async () => ({ kPages: await make('f8e4m3', 100, 2, 16) }),
        'kPages: expected shape [numPages * 16, 2, 16], got shape [100, 2, 16]',
      ],
      [
        'fewer value pages',
        async (t) => ({ vPages: await make('f8e4m3', t.kPages.shape[0]! - 16, 2, 16) }),
        'vPages: expected shape [',
      ],
      ['scale', async () => ({ kScale: await make('f32', 2) }), 'kScale: expected shape [1], got shape [2]'],
      [
        'batch',
        async () => ({ cacheSeqlens: await make('i32', 3) }),
        'cacheSeqlens: expected shape [2], got shape [3]',
      ],
      [
        'table',
        async () => ({ blockTable: await make('i32', 3, 3) }),
        'blockTable: expected shape [2, maxPagesPerReq], got shape [3, 3]',
      ],
      [
        'no prefix sums',
        async () => ({ cuSeqlensQ: await make('i32', 0) }),
        'cuSeqlensQ: expected shape [batch + 1], got shape [0]',
      ],
      [
        'out',
        async () => ({ out: await make('f16', 30, 4, 32) }),
        'out: expected shape [30, 4, 16], got shape [30, 4, 32]',
      ],
    ])('%s', async (_, change, message) => {
      expect(await refused({}, change)).toContain(`${OP}: ${message}`);
    });

    it('missing scales and tables', async () => {
      expect(await refused({}, () => ({ vScale: undefined }))).toContain(
        'vScale: expected a tensor of f32 [1], got nothing',
      );
      expect(await refused({}, () => ({ sin: undefined }), roped)).toMatch(
        /sin: expected a tensor of f32 \[\d+, 4\], got nothing/,
      );
    });

    // What only a GPU has, as far as a check can see it.
    const onGpu = (t: Tensor, address: bigint) => ({
      dtype: t.dtype,
      shape: t.shape,
      device: t.device,
      disposed: false,
      address,
    });
    it('another device', async () => {
      const elsewhere = (t: PagedTensors) => ({ vNew: { ...onGpu(t.vNew, 0n), device: { toString: () => 'cuda:7' } } });
      expect(await refused({}, elsewhere)).toMatch(
        /vNew: expected a tensor on (cpu|cuda:0), where `q` is, got one on cuda:7/,
      );
    });
    it('a view off the grid of its rows', async () => {
      expect(await refused({}, (t) => ({ vNew: onGpu(t.vNew, 0x108n) }))).toBe(
        `${OP}: vNew: expected memory aligned to 16 bytes, as its rows are, got a view that starts at address 0x108`,
      );
    });

    it('a disposed tensor', async () => {
      const t = await pagedTensors({ ...p, rope: undefined }, device);
      t.vNew.dispose();
      expect(await refusal(() => op.run(t))).toBe(`${OP}: vNew: expected a live tensor, got one that was disposed of`);
    });
  });

  describe('contents', () => {
    const changed = (xs: Int32Array, i: number, v: number): Int32Array => xs.map((x, at) => (at === i ? v : x));
    it.each([0, -0, -0.02, NaN, Infinity, -Infinity])('a scale of %d', async (s) => {
      expect(await refused({ kScale: s })).toBe(
        `${OP}: kScale: expected a finite scale above 0, got ${Math.fround(s)}`,
      );
      expect(await refused({ vScale: s })).toContain('vScale: expected a finite scale above 0');
    });
    it('prefix sums', async () => {
      expect(await refused({ cuSeqlensQ: Int32Array.of(1, 10, 30) })).toBe(
        `${OP}: cuSeqlensQ: expected prefix sums that start at 0, got cuSeqlensQ[0] = 1`,
      );
      expect(await refused({ cuSeqlensQ: Int32Array.of(0, 31, 30) })).toBe(
        `${OP}: cuSeqlensQ: expected prefix sums that do not decrease, got cuSeqlensQ[1] = 31, cuSeqlensQ[2] = 30`,
      );
      expect(await refused({ cuSeqlensQ: Int32Array.of(0, 10, 29) })).toBe(
        `${OP}: cuSeqlensQ: expected prefix sums that end at totalQ = 30, got cuSeqlensQ[2] = 29`,
      );
    });
    it('lengths', async () => {
      expect(await refused({ cacheSeqlens: Int32Array.of(20, -1) })).toBe(
        `${OP}: cacheSeqlens: expected lengths ≥ 0, got cacheSeqlens[1] = -1`,
      );
      expect(await refused({ cacheSeqlens: Int32Array.of(39, 5) })).toBe(
        `${OP}: cacheSeqlens: expected at most 48 tokens a request, the capacity of blockTable's rows, got cacheSeqlens[0] = 39 and 10 new ones`,
      );
    });
    it('positions beyond the rotary tables', async () => {
      expect(await refused({ cacheSeqlens: Int32Array.of(21, 5) }, undefined, roped)).toBe(
        `${OP}: cacheSeqlens: expected positions below maxPosition = 30, the rows of cos and sin, got cacheSeqlens[0] = 21 and 10 new ones`,
      );
    });
    it('pages out of range, among those in use', async () => {
      const last = p.numPages - 1;
      expect(await refused({ blockTable: changed(p.blockTable, 1, p.numPages) })).toBe(
        `${OP}: blockTable: expected pages from 0 to ${last} among those in use, got blockTable[0][1] = ${p.numPages}`,
      );
      expect(await refused({ blockTable: changed(p.blockTable, p.maxPagesPerReq, -7) })).toContain(
        'got blockTable[1][0] = -7',
      );
    });
    it('entries that are not used may hold anything', async () => {
      const wild = changed(p.blockTable, 2, 1 << 30);
      const t = await pagedTensors({ ...p, rope: undefined, blockTable: wild }, device);
      await op.run(t);
    });
    it('two requests that append into one page', async () => {
      const shared = changed(p.blockTable, p.maxPagesPerReq + 1, p.blockTable[1]!);
      expect(await refused({ blockTable: shared })).toBe(
        `${OP}: blockTable: expected a page of its own wherever a request appends, got requests 0 and 1 both append into page ${p.blockTable[1]}`,
      );
    });
    it('one request that has a page twice', async () => {
      const twice = changed(p.blockTable, p.maxPagesPerReq + 1, p.blockTable[p.maxPagesPerReq]!);
      expect(await refused({ blockTable: twice })).toContain(
        `got request 1 has page ${p.blockTable[p.maxPagesPerReq]} twice`,
      );
    });
    it('old tokens that another request overwrites', async () => {
      // Request 0 keeps its 20 old tokens in two pages; request 1 would append to the second from row 2 on, where 2 … 3 are held.
      const p2 = pagedInputs({ ...PARAMS, newLens: [1, 3], oldLens: [36, 2] });
      const op2 = operatorFor(p2);
      const table = p2.blockTable.slice();
      table[p2.maxPagesPerReq] = table[1]!;
      const t = await pagedTensors({ ...p2, blockTable: table }, device);
      expect(await refusal(() => op2.run(t))).toBe(
        `${OP}: blockTable: expected old tokens that no request overwrites, got request 1 appends over tokens of request 0 in page ${table[1]}`,
      );
    });
  });

  it('the append refuses the same', async () => {
    const { headsKv, dim, pageSize, dtype, cacheDtype } = PARAMS;
    const append = new AppendPagedKv({ headsKv, dim, pageSize, dtype, cacheDtype });
    const table = p.blockTable.slice();
    table[p.maxPagesPerReq + 1] = table[1]!;
    for (const [change, message] of [
      [{ kScale: 0 }, 'kScale: expected a finite scale above 0, got 0'],
      [{ cuSeqlensQ: Int32Array.of(0, 31, 30) }, 'cuSeqlensQ: expected prefix sums that do not decrease'],
      [{ cacheSeqlens: Int32Array.of(39, 5) }, 'cacheSeqlens: expected at most 48 tokens a request'],
      [{ blockTable: p.blockTable.map((page) => page + 100) }, 'blockTable: expected pages from 0 to'],
      [{ blockTable: table }, 'blockTable: expected a page of its own wherever a request appends'],
    ] as const) {
      const { q: _, out: __, ...t } = await pagedTensors({ ...p, rope: undefined, ...change }, device);
      const before = await Promise.all([t.kPages, t.vPages].map(bytes));
      expect(await refusal(() => append.run(t))).toContain(`append-paged-kv: ${message}`);
      expect(await Promise.all([t.kPages, t.vPages].map(bytes))).toEqual(before);
    }
  });

  it('a refused call compiles nothing', async () => {
    const fresh = operatorFor({ ...p, rope: undefined }, { softcap: 3.25 });
    const t = await pagedTensors({ ...p, rope: undefined, vScale: -1 }, device);
    const before = compileCount();
    await refusal(() => fresh.run(t));
    expect(compileCount()).toBe(before);
  });
});
