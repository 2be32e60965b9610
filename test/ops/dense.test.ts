/** GEMM, dense attention and paged decode as operators, against f64. */
import { describe, expect, it } from 'vitest';
import { compileCount, Gemm, GqaForward, GqaPagedDecode } from '../../src/ops/index.ts';
import { denseAttention, pagedDecode } from '../reference/attention.ts';
import { expectClose, TOLERANCES } from '../reference/compare.ts';
import * as reference from '../reference/layers.ts';
import { type PagedOptions, pagedInputs } from '../reference/paged.ts';
import { normals, random } from '../reference/random.ts';
import { DEVICES, pagedTensors, tensor } from './paged.ts';

describe.each(DEVICES)('on %s', (device) => {
  const r = random(23);
  const config = { BM: 32, BN: 32, BK: 32, threads: 64, numStages: 2 };

  describe('GEMM', () => {
    const check = async (
      [m, n, k]: readonly [number, number, number],
      params: ConstructorParameters<typeof Gemm>[0],
    ): Promise<void> => {
      const { dtype, outDtype = dtype, transposeA, transposeB, hasBias, activation } = params;
      const a = normals(r, m * k, dtype, 0.5);
      const b = normals(r, k * n, dtype, 0.5);
      const bias = hasBias ? normals(r, n, outDtype) : undefined;
      const out = await tensor(new Float64Array(m * n).fill(NaN), outDtype, [m, n], device);
      await new Gemm(params, { config }).run({
        a: await tensor(a, dtype, transposeA ? [k, m] : [m, k], device),
        b: await tensor(b, dtype, transposeB ? [n, k] : [k, n], device),
        ...(bias ? { bias: await tensor(bias, outDtype, [n], device) } : {}),
        out,
      });
      const want = reference.gemm({ m, n, k, a, b, transposeA, transposeB, bias, activation });
      const rtol = { f32: 1e-4, f16: 2 ** -10, bf16: 2 ** -7 }[outDtype];
      expectClose(await out.toFloat64Array(), want, { atol: 2e-4, rtol });
    };
    for (const transposeA of [false, true])
      for (const transposeB of [false, true])
        it(`A${transposeA ? 'ᵀ' : ''} · B${transposeB ? 'ᵀ' : ''}`, () =>
          check([48, 40, 72], { dtype: 'f16', transposeA, transposeB }));
    it.each(['relu', 'gelu', 'silu'] as const)('bias and %s', (activation) =>
      check([33, 40, 64], { dtype: 'bf16', transposeB: true, hasBias: true, activation }),
    );
    it('a result in f32, a bias in f32', () => check([20, 24, 40], { dtype: 'f16', outDtype: 'f32', hasBias: true }));
    it('even sizes', () => check([10, 34, 38], { dtype: 'bf16', transposeB: true }));
    it('odd sizes', () => check([7, 33, 37], { dtype: 'f16' }));
    it('no columns in A', () => check([4, 8, 0], { dtype: 'f16', hasBias: true }));
    it('rows compile nothing anew', async () => {
      await check([8, 16, 16], { dtype: 'f16' });
      const before = compileCount();
      await check([100, 24, 48], { dtype: 'f16' });
      expect(compileCount()).toBe(before);
    });
    it('refuses a bias that it has no place for, and matrices that do not meet', async () => {
      const zeros = (...shape: number[]) => tensor(new Float64Array(shape[0]! * (shape[1] ?? 1)), 'f16', shape, device);
      const args = { a: await zeros(4, 8), b: await zeros(8, 16), out: await zeros(4, 16) };
      const op = new Gemm({ dtype: 'f16' });
      await expect(op.run({ ...args, bias: await zeros(16) })).rejects.toThrow(
        'gemm: bias: expected no tensor, unless hasBias, got a tensor',
      );
      await expect(op.run({ ...args, b: await zeros(9, 16) })).rejects.toThrow(
        'gemm: b: expected shape [8, n], got shape [9, 16]',
      );
      await expect(op.run({ ...args, out: await zeros(4, 15) })).rejects.toThrow(
        'gemm: out: expected shape [4, 16], got shape [4, 15]',
      );
    });
  });

  describe('dense attention', () => {
    it.each([
      { heads: 4, headsKv: 2, dim: 32, seq: 70, isCausal: true, dtype: 'f16' },
      { heads: 3, headsKv: 1, dim: 64, seq: 33, isCausal: false, dtype: 'bf16' },
      { heads: 2, headsKv: 2, dim: 128, seq: 1, isCausal: true, dtype: 'f16' },
    ] as const)('$heads/$headsKv heads of $dim, $seq tokens, causal $isCausal, $dtype', async (c) => {
      const { heads, headsKv, dim, seq, dtype } = c;
      const batch = 2;
      const q = normals(r, batch * heads * seq * dim, dtype);
      const k = normals(r, batch * headsKv * seq * dim, dtype);
      const v = normals(r, batch * headsKv * seq * dim, dtype);
      const out = await tensor(new Float64Array(q.length).fill(NaN), dtype, [batch, heads, seq, dim], device);
      const kv = [batch, headsKv, seq, dim];
      const op = new GqaForward(
        { heads, headsKv, dim, dtype, isCausal: c.isCausal },
        { config: { BM: 32, BN: 32, threads: 64 } },
      );
      await op.run({
        q: await tensor(q, dtype, [batch, heads, seq, dim], device),
        k: await tensor(k, dtype, kv, device),
        v: await tensor(v, dtype, kv, device),
        out,
      });
      const want = denseAttention(
        { batch, heads, headsKv, seqQ: seq, seqKv: seq, dim, q, k, v },
        { isCausal: c.isCausal },
      );
      expectClose(await out.toFloat64Array(), want, TOLERANCES[dtype]);
    });
  });

  describe('paged decode', () => {
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
    ): Promise<void> => {
      const p = pagedInputs({ ...BASE, ...change, newLens: lens.map(() => 0), oldLens: lens });
      const { heads, headsKv, dim, pageSize, dtype, cacheDtype, batch } = p;
      const q = normals(r, batch * heads * dim, dtype);
      const { kNew: _, vNew: __, cuSeqlensQ: ___, ...t } = await pagedTensors(p, device);
      const { splits, ...params } = o;
      const op = new GqaPagedDecode({ heads, headsKv, dim, pageSize, dtype, cacheDtype, ...params }, { splits });
      const out = await tensor(new Float64Array(q.length).fill(NaN), dtype, [batch, heads, dim], device);
      await op.run({ ...t, q: await tensor(q, dtype, [batch, heads, dim], device), out });
      const tolerance = cacheDtype === 'f8e4m3' ? TOLERANCES.fp8Cache : TOLERANCES[dtype];
      expectClose(await out.toFloat64Array(), pagedDecode({ ...p, q }, o), tolerance);
    };
    it('requests of all lengths, an empty one too', () => check([100, 0, 1, 16, 511, 33]));
    for (const dtype of ['f16', 'bf16'] as const)
      for (const pageSize of [16, 32, 64, 128])
        it(`${dtype} over f8e4m3, pages of ${pageSize}`, () =>
          check([70, 130], { dtype, cacheDtype: 'f8e4m3', pageSize }));
    it.each([1, 2, 7, 40])('%d parts', (splits) => check([300, 20], {}, { splits }));
    it('groups of 8 and 3', async () => {
      await check([50], { heads: 8, headsKv: 1 });
      await check([50], { heads: 6, headsKv: 2 });
    });
    it('softcap and a scale', () => check([90, 40], { cacheDtype: 'f8e4m3' }, { softcap: 4, smScale: 0.4 }));
    it('no requests', () => check([]));

    it('refusals', async () => {
      const { heads, headsKv, dim, pageSize, dtype, cacheDtype } = BASE;
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
    });
  });
});
