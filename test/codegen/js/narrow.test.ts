/** Narrow floats and other conversions, exhaustively where that is possible. */
import { Float16Array } from '@petamoriken/float16';
import { describe, expect, test } from 'vitest';
import { oddOfBig, toI32, toI64, toU8, toU32, toU64 } from '../../../src/codegen/js/support/convert.ts';
import * as narrow from '../../../src/codegen/js/support/narrow.ts';
import { convert } from '../../../src/dsl/convert.ts';
import { codeCount, codeOf, decoded, NARROW, type Narrow, random } from './data.ts';

const ENCODE = { f16: narrow.toF16, bf16: narrow.toBF16, f8e4m3: narrow.toE4M3, f8e5m2: narrow.toE5M2 };
const TABLE = { f16: narrow.F16, bf16: narrow.BF16, f8e4m3: narrow.E4M3, f8e5m2: narrow.E5M2 };
const CANONICAL_NAN = { f16: 0x7fff, bf16: 0x7fff, f8e4m3: 0x7f, f8e5m2: 0x7f };

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);
const fromBits = (bits: number): number => {
  u32[0] = bits;
  return f32[0]!;
};
const bitsOf = (x: number): number => {
  f32[0] = x;
  return u32[0]!;
};

const expected = (d: Narrow, x: number): number =>
  Number.isNaN(x) ? CANONICAL_NAN[d] : codeOf(d, Number(convert(x, d)));

describe.each(NARROW)('%s', (d) => {
  test('every code has its value, and every value its code', () => {
    for (let code = 0; code < codeCount(d); code++) {
      const value = decoded(d, code);
      // An infinite e5m2 saturates when it is converted.
      const back = Number.isFinite(value) ? code : expected(d, value);
      if (Object.is(TABLE[d][code], value) && ENCODE[d](value) === back) continue;
      expect([code, TABLE[d][code], ENCODE[d](value)]).toEqual([code, value, back]);
    }
  });

  test('halfway between neighbours, and one float to either side', () => {
    const half = codeCount(d) / 2;
    for (let code = 0; code + 1 < half; code++) {
      const [a, b] = [decoded(d, code), decoded(d, code + 1)];
      if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
      const middle = bitsOf((a + b) / 2);
      for (const bits of [middle - 1, middle, middle + 1])
        for (const sign of [0, 0x80000000]) {
          const x = fromBits(sign + bits);
          if (ENCODE[d](x) !== expected(d, x)) expect([x, ENCODE[d](x)]).toEqual([x, expected(d, x)]);
        }
    }
  });

  test('floats of all sizes, infinities, NaNs', () => {
    const next = random(7);
    const some = Array.from({ length: 300_000 }, () => fromBits(Math.floor(next() * 2 ** 32)));
    for (const x of [...some, Infinity, -Infinity, NaN, 0, -0, 65519.996, 65520, 447.9, 464, 480, 1e30]) {
      const got = ENCODE[d](Math.fround(x));
      if (got !== expected(d, Math.fround(x))) expect([x, got]).toEqual([x, expected(d, Math.fround(x))]);
    }
  });

  test('doubles are rounded once', () => {
    const next = random(8);
    for (let i = 0; i < 100_000; i++) {
      const code = Math.floor((next() * codeCount(d)) / 2);
      const [a, b] = [decoded(d, code), decoded(d, code + 1)];
      if (!Number.isFinite(a) || !Number.isFinite(b) || code + 1 === codeCount(d) / 2) continue;
      // So close to the middle that f32 cannot tell: rounding twice would go wrong.
      const x = ((a + b) / 2) * (1 + (next() < 0.5 ? -1 : 1) * 2 ** -40);
      if (x === 0 || (a + b) / 2 === x) continue;
      const got = ENCODE[d](narrow.oddF32(x));
      if (got !== expected(d, x)) expect([x, got]).toEqual([x, expected(d, x)]);
    }
    for (const x of [1e300, -1e300, 1e-300, -1e-300]) expect(ENCODE[d](narrow.oddF32(x))).toBe(expected(d, x));
  });
});

test('f16 agrees with an implementation by others', () => {
  const next = random(9);
  const xs = Float32Array.from({ length: 100_000 }, () => fromBits(Math.floor(next() * 2 ** 32)));
  const theirs = new Float16Array(xs);
  xs.forEach((x, i) => {
    if (!Object.is(narrow.F16[narrow.toF16(x)], theirs[i])) expect(narrow.F16[narrow.toF16(x)]).toBe(theirs[i]);
  });
});

test('floats to integers truncate and saturate', () => {
  for (const x of [
    0,
    -0,
    0.9,
    -0.9,
    1.5,
    255.5,
    256,
    -1,
    2 ** 31 - 0.5,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 32,
    1e30,
    -1e30,
    NaN,
    Infinity,
    -Infinity,
  ]) {
    expect(toI32(x), `i32 of ${x}`).toBe(convert(x, 'i32'));
    expect(toU32(x), `u32 of ${x}`).toBe(convert(x, 'u32'));
    expect(toU8(x), `u8 of ${x}`).toBe(convert(x, 'u8'));
  }
  expect(toI64(-1.5)).toBe(-1n);
  expect(toI64(1e30)).toBe(2n ** 63n - 1n);
  expect(toI64(-1e30)).toBe(-(2n ** 63n));
  expect(toU64(1e30)).toBe(2n ** 64n - 1n);
  expect(toU64(-5)).toBe(0n);
  expect(toI64(NaN)).toBe(0n);
});

test('64-bit integers are rounded to f32 once', () => {
  const nearest = (x: bigint): number => {
    // The nearest of the floats around, by exact comparison; ties to the even significand.
    const guess = Math.fround(Number(x));
    const near = [bitsOf(guess) - 1, bitsOf(guess), bitsOf(guess) + 1].map(fromBits);
    const distance = (f: number): bigint => (BigInt(f) > x ? BigInt(f) - x : x - BigInt(f));
    return near.reduce((best, f) => {
      const [p, q] = [distance(f), distance(best)];
      return p < q || (p === q && bitsOf(f) % 2 === 0) ? f : best;
    });
  };
  const next = random(10);
  for (let i = 0; i < 20_000; i++) {
    const bits = 30 + Math.floor(next() * 33);
    // A float, plus half a unit, give or take one.
    const unit = 2n ** BigInt(Math.max(bits - 24, 1));
    const x =
      2n ** BigInt(bits) + BigInt(Math.floor(next() * 2 ** 23)) * unit + unit / 2n + BigInt(Math.floor(next() * 3) - 1);
    expect(Math.fround(oddOfBig(x))).toBe(nearest(x));
    expect(Math.fround(oddOfBig(-x))).toBe(-nearest(x));
  }
});
