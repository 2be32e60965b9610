/** The references against closed forms and against each other: they judge everything else. */
import { describe, expect, it } from 'vitest';
import { appendPagedKv, stored } from './append.ts';
import { denseAttention, pagedDecode, pagedPrefill } from './attention.ts';
import { difference, expectClose } from './compare.ts';
import { activate, addRmsNorm, gemm, quantizeFp8, rmsNorm, siluAndMul, softmax } from './layers.ts';
import { decodeE4m3, encodeE4m3, roundTo } from './numbers.ts';
import { type PagedShape, pagedInputs, slotOf } from './paged.ts';
import { normals, random } from './random.ts';
import { rope, ropeTables } from './rope.ts';

const SHAPE: PagedShape = { heads: 6, headsKv: 2, dim: 16, pageSize: 16, dtype: 'f16', cacheDtype: 'f16' };
const EXACT = { atol: 1e-12, rtol: 1e-12 };

describe('numbers', () => {
  it('every e4m3 byte survives decoding and encoding', () => {
    for (let b = 0; b < 256; b++) if ((b & 0x7f) !== 0x7f) expect(encodeE4m3(decodeE4m3(b))).toBe(b);
  });
  it('e4m3 rounds halves to even, saturates, keeps NaN and the sign of zero', () => {
    const cases: [number, number][] = [
      [1.0625, 0x38], // between 1 and 1.125
      [1.1875, 0x3a], // between 1.125 and 1.25
      [464, 0x7e],
      [1e30, 0x7e],
      [-Infinity, 0xfe],
      [NaN, 0x7f],
      [-0, 0x80],
      [2 ** -10, 0x00], // half of the smallest
      [3 * 2 ** -10, 0x02],
      [2 ** -9, 0x01],
    ];
    for (const [x, byte] of cases) expect(encodeE4m3(x), String(x)).toBe(byte);
  });
  it('bf16 and f16 round halves to even', () => {
    expect(roundTo('bf16', 1 + 2 ** -8)).toBe(1);
    expect(roundTo('bf16', 1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6);
    expect(roundTo('bf16', -0)).toBe(-0);
    expect(roundTo('bf16', 3.4e38)).toBe(Infinity);
    expect(roundTo('f16', 1 + 2 ** -11)).toBe(1);
    expect(roundTo('f16', 65520)).toBe(Infinity);
  });
  it('the division is rounded to f32 before it is rounded to e4m3', () => {
    // x / scale lies just above 1.0625, half way from 1 to 1.125; in f32 it is exactly there, and goes to the even 1.
    const scale = [0.02, 0.021, 0.022, 0.023, 0.024]
      .map(Math.fround)
      .find((s) => Math.fround(s * 1.0625) > s * 1.0625)!;
    const x = Math.fround(scale * 1.0625);
    expect(x / scale).toBeGreaterThan(1.0625);
    expect(stored(x, scale, 'f8e4m3')).toBe(1);
    expect(stored(-0, scale, 'f8e4m3')).toBe(-0);
    expect(stored(NaN, scale, 'f8e4m3')).toBeNaN();
    expect(stored(1e6, scale, 'f8e4m3')).toBe(448);
  });
});

describe('paged attention', () => {
  const inputs = pagedInputs({ ...SHAPE, newLens: [17, 0, 33], oldLens: [37, 5, 100], order: 'shuffled' });

  it('equals dense attention over the gathered sequence', () => {
    const out = pagedPrefill(inputs);
    const { kPages, vPages } = appendPagedKv(inputs);
    for (const b of [0, 2]) {
      const start = inputs.cuSeqlensQ[b]!;
      const n = inputs.cuSeqlensQ[b + 1]! - start;
      const total = inputs.cacheSeqlens[b]! + n;
      const { heads, headsKv, dim } = SHAPE;
      const plane = (pages: Float64Array): Float64Array =>
        Float64Array.from({ length: headsKv * total * dim }, (_, i) => {
          const h = Math.floor(i / (total * dim));
          const position = Math.floor(i / dim) % total;
          const slot = slotOf(inputs.blockTable, inputs.maxPagesPerReq, SHAPE.pageSize, b, position);
          return pages[(slot * headsKv + h) * dim + (i % dim)]!;
        });
      const q = Float64Array.from({ length: heads * n * dim }, (_, i) => {
        const h = Math.floor(i / (n * dim));
        return inputs.q[((start + (Math.floor(i / dim) % n)) * heads + h) * dim + (i % dim)]!;
      });
      const dense = denseAttention({
        batch: 1,
        heads,
        headsKv,
        seqQ: n,
        seqKv: total,
        dim,
        q,
        k: plane(kPages),
        v: plane(vPages),
      });
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < n; t++) {
          const at = ((start + t) * heads + h) * dim;
          expectClose(out.subarray(at, at + dim), dense.subarray((h * n + t) * dim, (h * n + t + 1) * dim), EXACT);
        }
    }
  });

  it('prefill of one token is decode after the append', () => {
    const one = pagedInputs({ ...SHAPE, newLens: [1, 1], oldLens: [40, 15] });
    const out = pagedPrefill(one, { softcap: 5 });
    const after = { ...one, ...appendPagedKv(one), cacheSeqlens: one.cacheSeqlens.map((n) => n + 1) };
    expectClose(out, pagedDecode(after, { softcap: 5 }), EXACT);
  });

  it('a chunk split in two gives the same rows', () => {
    const whole = pagedInputs({ ...SHAPE, newLens: [24], oldLens: [20], rotaryDim: 8 });
    const row = whole.headsKv * whole.dim;
    const part = (x: Float64Array, width: number, from: number, to: number) => x.subarray(from * width, to * width);
    const half = (from: number, to: number, pages: { kPages: Float64Array; vPages: Float64Array }) => ({
      ...whole,
      ...pages,
      totalQ: to - from,
      q: part(whole.q, whole.heads * whole.dim, from, to),
      kNew: part(whole.kNew, row, from, to),
      vNew: part(whole.vNew, row, from, to),
      cuSeqlensQ: Int32Array.of(0, to - from),
      cacheSeqlens: Int32Array.of(20 + from),
    });
    const first = half(0, 10, whole);
    const second = half(10, 24, appendPagedKv(first));
    const joined = [...pagedPrefill(first), ...pagedPrefill(second)];
    expectClose(joined, pagedPrefill(whole), EXACT);
  });

  it('without a mask a row sees later tokens, with one it does not', () => {
    const causal = pagedPrefill(inputs);
    const full = pagedPrefill(inputs, { isCausal: false });
    const row = SHAPE.heads * SHAPE.dim;
    expect(difference(full, causal, EXACT).bad).toBeGreaterThan(0);
    const last = (17 - 1) * row;
    expectClose(full.subarray(last, last + row), causal.subarray(last, last + row), EXACT);
  });

  it('softcap bounds the scores', () => {
    const hot = { ...inputs, q: inputs.q.map((x) => x * 1000) };
    // With scores within ±1e-3 all keys weigh the same: the mean of the values seen.
    const out = pagedPrefill(hot, { softcap: 1e-3, isCausal: false });
    const mean = pagedPrefill({ ...inputs, q: inputs.q.map(() => 0) }, { isCausal: false });
    expectClose(out, mean, { atol: 1e-2, rtol: 0 });
  });

  it('the append touches the new slots only', () => {
    const fp8 = pagedInputs({ ...SHAPE, cacheDtype: 'f8e4m3', newLens: [17, 0, 33], oldLens: [37, 5, 100] });
    const { kPages } = appendPagedKv(fp8);
    const row = SHAPE.headsKv * SHAPE.dim;
    let changed = 0;
    for (let s = 0; s < fp8.numPages * SHAPE.pageSize; s++)
      if (kPages.subarray(s * row, (s + 1) * row).some((x, i) => x !== fp8.kPages[s * row + i])) changed++;
    expect(changed).toBe(50);
  });

  it('page tables share whole old pages only, and give each new token a slot of its own', () => {
    const p = pagedInputs({ ...SHAPE, newLens: [20, 20, 3], oldLens: [40, 33, 10], sharedPages: 5, order: 'shuffled' });
    const w = p.maxPagesPerReq;
    expect(p.blockTable[w]).toBe(p.blockTable[0]);
    expect(p.blockTable[w + 1]).toBe(p.blockTable[1]);
    expect(p.blockTable[w + 2]).not.toBe(p.blockTable[2]);
    expect(p.blockTable[2 * w]).not.toBe(p.blockTable[0]);
    const slots = new Set<number>();
    for (let b = 0; b < 3; b++)
      for (let i = 0; i < p.cuSeqlensQ[b + 1]! - p.cuSeqlensQ[b]!; i++)
        slots.add(slotOf(p.blockTable, w, p.pageSize, b, p.cacheSeqlens[b]! + i));
    expect(slots.size).toBe(43);
  });
});

describe('layers', () => {
  const r = random(5);
  it('gemm: the transposes agree, bias and activation apply', () => {
    const [m, n, k] = [5, 7, 9];
    const a = normals(r, m * k, 'f32');
    const b = normals(r, k * n, 'f32');
    const flip = (x: Float64Array, rows: number, cols: number) =>
      Float64Array.from({ length: rows * cols }, (_, i) => x[(i % rows) * cols + Math.floor(i / rows)]!);
    const plain = gemm({ m, n, k, a, b });
    const both = gemm({ m, n, k, a: flip(a, m, k), b: flip(b, k, n), transposeA: true, transposeB: true });
    expectClose(both, plain, EXACT);
    const bias = normals(r, n, 'f32');
    const relu = gemm({ m, n, k, a, b, bias, activation: 'relu' });
    expectClose(
      relu,
      plain.map((x, i) => Math.max(0, x + bias[i % n]!)),
      EXACT,
    );
    expect(activate('gelu', 1)).toBeCloseTo(0.8413447460685429, 12);
    expect(activate('silu', -1)).toBeCloseTo(-0.2689414213699951, 12);
  });
  it('norms, softmax, silu', () => {
    const x = normals(r, 3 * 8, 'f32');
    const ones = new Float64Array(8).fill(1);
    for (let i = 0; i < 3; i++) {
      const y = rmsNorm(x, ones, 0).subarray(8 * i, 8 * i + 8);
      expect(y.reduce((s, v) => s + v * v, 0)).toBeCloseTo(8, 10);
      expect(
        softmax(x, 8)
          .subarray(8 * i, 8 * i + 8)
          .reduce((s, v) => s + v, 0),
      ).toBeCloseTo(1, 12);
    }
    const { sum, out } = addRmsNorm(x, x, ones, 0);
    expectClose(
      sum,
      x.map((v) => 2 * v),
      EXACT,
    );
    expectClose(out, rmsNorm(x, ones, 0), EXACT);
    expect([...siluAndMul(Float64Array.of(1, 0, 3, 5), 2)]).toEqual([3 * activate('silu', 1), 0]);
  });
  it('rope turns by the angle and leaves the rest', () => {
    const tables = ropeTables(8, 4);
    const x = normals(r, 2 * 6, 'f32');
    const y = rope(x, { heads: 1, dim: 6 }, [0, 3], tables, 'f64');
    expect([...y.subarray(0, 6)]).toEqual([...x.subarray(0, 6)]);
    expect(y[6]! ** 2 + y[8]! ** 2).toBeCloseTo(x[6]! ** 2 + x[8]! ** 2, 5);
    expect(Math.atan2(y[8]!, y[6]!) - Math.atan2(x[8]!, x[6]!)).toSatisfy(
      (a: number) => Math.abs(Math.sin(a - 3)) < 1e-5,
    );
    expect([...y.subarray(10)]).toEqual([...x.subarray(10)]);
  });
  it('quantisation: the largest becomes ±448, zeros stay', () => {
    const x = Float64Array.of(1, -2, 0.5, 0, 0, 0);
    const { values, scales } = quantizeFp8(x, 3);
    expect(values[1]).toBe(-448);
    expect(scales[0]).toBe(Math.fround(2 / 448));
    expect([...values.subarray(3)]).toEqual([0, 0, 0]);
    expect(scales[1]).toBe(1);
  });
});
