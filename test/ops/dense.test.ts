/** GEMM and dense attention as operators, against f64. */
import { describe, expect, it } from 'vitest';
import { compileCount, Gemm, GqaForward } from '../../src/ops/index.ts';
import { denseAttention } from '../reference/attention.ts';
import { expectClose, TOLERANCES } from '../reference/compare.ts';
import * as reference from '../reference/layers.ts';
import { normals, random } from '../reference/random.ts';
import { DEVICES, tensor } from './paged.ts';

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
});
