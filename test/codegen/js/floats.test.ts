/** Float expressions: each operation rounded once to its dtype; math functions to a few units in the last place. */
import { describe, expect, test } from 'vitest';
import { convert } from '../../../src/dsl/convert.ts';
import type { DType } from '../../../src/ir/dtype.ts';
import { decoded, NARROW, random, type Scalar, uniform } from './data.ts';
import { compile, evaluate } from './run.ts';

const FLOATS = ['f64', 'f32', 'f16', 'bf16', 'f8e4m3', 'f8e5m2'] as const;
const EDGES = [0, -0, 1, -1, 0.5, 2 ** -20, -(2 ** -20), 440, -440, 3, Infinity, -Infinity, NaN];

function pairs(d: DType): { a: number[]; b: number[] } {
  const edges = EDGES.map((x) => Number(convert(x, d)));
  const all = [...edges, ...uniform(d, 30, 3, 4), ...uniform(d, 10, 4, 200)];
  const a = all.flatMap((x) => all.map(() => x));
  const b = all.flatMap(() => all);
  return { a, b };
}

/** Arithmetic of narrow floats is done in f32. */
const round = (d: DType, x: number): number => Number(convert(d === 'f64' ? x : Math.fround(x), d));
const fmax = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b));

const OPS: Readonly<Record<string, (a: number, b: number, d: DType) => number | boolean>> = {
  'a + b': (a, b, d) => round(d, a + b),
  'a - b': (a, b, d) => round(d, a - b),
  'a * b': (a, b, d) => round(d, a * b),
  'a / b': (a, b, d) => round(d, a / b),
  'a % b': (a, b) => a % b,
  'fmod(a, b)': (a, b) => a % b,
  '(a + b) * a - b': (a, b, d) => round(d, round(d, round(d, a + b) * a) - b),
  'select(a < b, a + b, a * b)': (a, b, d) => round(d, a < b ? a + b : a * b),
  'min(a, b)': (a, b) => -fmax(-a, -b),
  'max(a, b)': fmax,
  '-a': (a) => -a,
  '-(a + b) - -a': (a, b, d) => round(d, -round(d, a + b) + a),
  'abs(a)': (a) => Math.abs(a),
  'floor(a)': (a) => Math.floor(a),
  'ceil(a)': (a) => Math.ceil(a),
  'trunc(a)': (a) => Math.trunc(a),
  'round(a)': (a) => Math.floor(a) + Number(a - Math.floor(a) >= 0.5),
  'sign(a)': (a) => Math.sign(a),
  'a < b': (a, b) => a < b,
  'a <= b': (a, b) => a <= b,
  'a > b': (a, b) => a > b,
  'a >= b': (a, b) => a >= b,
  'a == b': (a, b) => a === b,
  'a != b': (a, b) => a !== b,
  'isnan(a)': (a) => Number.isNaN(a),
  'isinf(a)': (a) => Math.abs(a) === Infinity,
  'isfinite(a)': (a) => Number.isFinite(a),
};

/** Equal, zeros of both signs too, except where the operation does not say which. */
const same = (x: Scalar, want: number, op: string): boolean =>
  Object.is(x, want) || (/m(in|ax)|round/.test(op) && x === want);

describe.each(FLOATS)('%s', (d) => {
  const { a, b } = pairs(d);
  test.each(Object.keys(OPS))('%s', (op) => {
    const want = a.map((x, i) => OPS[op]!(x, b[i]!, d));
    const isBool = typeof want[0] === 'boolean';
    const got = evaluate(op, isBool ? 'bool' : d, { a: [d, a], b: [d, b] });
    got.forEach((x, i) => {
      if (!same(x, Number(want[i]), op)) expect(`${a[i]}, ${b[i]}: ${x}`).toBe(`${a[i]}, ${b[i]}: ${Number(want[i])}`);
    });
  });

  test.each(FLOATS)('to %s', (to) => {
    const next = random(5);
    const xs = [...EDGES, ...Array.from({ length: 2000 }, () => (next() - 0.5) * 2 ** (next() * 40 - 20))].map((x) =>
      Number(convert(x, d)),
    );
    expect(evaluate(`${to}(a)`, to, { a: [d, xs] })).toEqual(xs.map((x) => convert(x, to)));
  });

  test.each(['i8', 'i16', 'i32', 'u8', 'u16', 'u32', 'i64', 'u64'] as const)('to %s', (to) => {
    const xs = [...EDGES, 127.9, 128, -129, 40000.7, 3e9, -3e9, 5e9].map((x) => Number(convert(x, d)));
    const got = evaluate(`${to}(a)`, to, { a: [d, xs] });
    expect(got.map(Number)).toEqual(xs.map((x) => Number(convert(x, to))));
  });

  test('to and from bool', () => {
    const xs = EDGES.map((x) => Number(convert(x, d)));
    expect(evaluate('bool(a)', 'bool', { a: [d, xs] })).toEqual(xs.map((x) => Number(x !== 0)));
    expect(evaluate(`${d}(a)`, d, { a: ['bool', [true, false]] })).toEqual([1, 0]);
    expect(evaluate(`${d}(a != a)`, d, { a: ['i32', [1]] })).toEqual([0]);
  });

  test('from integers', () => {
    const xs = [0, 1, -1, 2047, 2049, 4099, 65519, 65520, -70000, 16777217, 2 ** 31 - 1, -(2 ** 31)];
    expect(evaluate(`${d}(a)`, d, { a: ['i32', xs] })).toEqual(xs.map((x) => convert(x, d)));
    const us = xs.map((x) => x >>> 0);
    expect(evaluate(`${d}(a)`, d, { a: ['u32', us] })).toEqual(us.map((x) => convert(x, d)));
    // Halfway between two bfloat16 or f32, and one more: f64 on the way would lose the one.
    const big = [
      2n ** 60n + 2n ** 52n,
      2n ** 60n + 2n ** 52n + 1n,
      2n ** 60n + 2n ** 36n + 1n,
      -(2n ** 62n) - 2n ** 54n - 1n,
    ];
    const mantissa = { f64: 52, f32: 23, f16: 10, bf16: 7, f8e4m3: 3, f8e5m2: 2 }[d];
    const want = big.map((x) => {
      const n = x < 0n ? -x : x;
      const drop = BigInt(n.toString(2).length - 1 - mantissa);
      const [q, r, half] = [n >> drop, n & ((1n << drop) - 1n), 1n << (drop - 1n)];
      const up = r > half || (r === half && q % 2n === 1n);
      const nearest = Number((q + BigInt(up)) << drop) * (x < 0n ? -1 : 1);
      return Number(convert(nearest, d));
    });
    expect(evaluate(`${d}(a)`, d, { a: ['i64', big] })).toEqual(want);
  });
});

describe.each(NARROW)('%s moves', (d) => {
  test('bit by bit between elements, NaNs too', () => {
    const codes = Array.from({ length: 256 }, (_, i) => i);
    const bits = d === 'f16' || d === 'bf16' ? 'u16' : 'u8';
    const shift = bits === 'u16' ? 257 : 1;
    const all = codes.map((c) => c * shift);
    expect(evaluate(`bitcast.${bits}(bitcast.${d}(a))`, bits, { a: [bits, all] })).toEqual(all);
    expect(evaluate(`bitcast.${d}(a)`, d, { a: [bits, all] })).toEqual(all.map((c) => decoded(d, c)));
  });
});

test('an infinite e5m2 keeps its code, and only conversions saturate', () => {
  const inf = [Infinity, -Infinity];
  const raw = `kernel k(A: f8e5m2[2], B: f8e5m2[2], C: f8e5m2[2]) grid(1) threads(32) {
    parallel (i) in (2) {
      let x: f8e5m2 = A[i]
      B[i] = select(i == 0, x, A[i])
      C[i] = f8e5m2(f32(x))
    } }`;
  const A = new Uint8Array([0x7c, 0xfc]);
  const tensors = { A, B: new Uint8Array(2), C: new Uint8Array(2) };
  compile(raw).run({ tensors, shapes: {}, scalars: {}, dims: {} });
  expect([...tensors.B]).toEqual([0x7c, 0xfc]);
  expect([...tensors.C]).toEqual([0x7b, 0xfb]);
  expect(evaluate('f32(a)', 'f32', { a: ['f16', inf] })).toEqual(inf);
});

test('bitcasts of 32 and 64 bits', () => {
  const xs = [0, -0, 1, -1.5, Infinity, 1e-40, 3.4e38].map(Math.fround);
  const bits = Array.from(new Int32Array(Float32Array.from(xs).buffer));
  expect(evaluate('bitcast.i32(a)', 'i32', { a: ['f32', xs] })).toEqual(bits);
  expect(evaluate('bitcast.u32(a)', 'u32', { a: ['f32', xs] })).toEqual(bits.map((x) => x >>> 0));
  expect(evaluate('bitcast.f32(a)', 'f32', { a: ['i32', bits] })).toEqual(xs);
  expect(evaluate('bitcast.f32(bitcast.u32(a))', 'f32', { a: ['f32', xs] })).toEqual(xs);
  expect(evaluate('bitcast.u32(a)', 'u32', { a: ['i32', [-1, 5]] })).toEqual([0xffffffff, 5]);
  const longs = Array.from(new BigInt64Array(Float64Array.from(xs).buffer));
  expect(evaluate('bitcast.i64(a)', 'i64', { a: ['f64', xs] })).toEqual(longs);
  expect(evaluate('bitcast.u64(a)', 'u64', { a: ['f64', xs] })).toEqual(longs.map((x) => BigInt.asUintN(64, x)));
  expect(evaluate('bitcast.f64(a)', 'f64', { a: ['i64', longs] })).toEqual(xs);
});

/** References in f64, and how many units in the last place of f32 are allowed. */
const FUNCTIONS: Readonly<Record<string, readonly [(x: number) => number, lo: number, hi: number]>> = {
  sqrt: [Math.sqrt, 0, 1e6],
  rsqrt: [(x) => 1 / Math.sqrt(x), 1e-6, 1e6],
  exp: [Math.exp, -80, 80],
  exp2: [(x) => 2 ** x, -120, 120],
  log: [Math.log, 1e-6, 1e6],
  log2: [Math.log2, 1e-6, 1e6],
  log10: [Math.log10, 1e-6, 1e6],
  log1p: [Math.log1p, -0.9, 10],
  expm1: [Math.expm1, -3, 3],
  sin: [Math.sin, -10, 10],
  cos: [Math.cos, -10, 10],
  tan: [Math.tan, -1.5, 1.5],
  asin: [Math.asin, -1, 1],
  acos: [Math.acos, -1, 1],
  atan: [Math.atan, -10, 10],
  sinh: [Math.sinh, -5, 5],
  cosh: [Math.cosh, -5, 5],
  tanh: [Math.tanh, -5, 5],
  tanhApprox: [Math.tanh, -5, 5],
  rcpApprox: [(x) => 1 / x, 1e-6, 1e6],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), -20, 20],
};

describe.each(Object.keys(FUNCTIONS))('%s', (fn) => {
  const [f, lo, hi] = FUNCTIONS[fn]!;
  const next = random(11);
  const xs = Array.from({ length: 200 }, () => Math.fround(lo + next() * (hi - lo)));

  test('f32: the f64 result, rounded', () => {
    expect(evaluate(`${fn}(a)`, 'f32', { a: ['f32', xs] })).toEqual(xs.map((x) => Math.fround(f(x))));
  });
  test('f64', () => {
    expect(evaluate(`${fn}(a)`, 'f64', { a: ['f64', xs] })).toEqual(xs.map(f));
  });
  test('f16: rounded once more', () => {
    const hs = xs.map((x) => Number(convert(x, 'f16'))).filter(Number.isFinite);
    expect(evaluate(`${fn}(a)`, 'f16', { a: ['f16', hs] })).toEqual(hs.map((x) => convert(Math.fround(f(x)), 'f16')));
  });
});

test('exp2 is the nearest float', () => {
  const next = random(13);
  const xs = Array.from({ length: 100_000 }, () => Math.fround(-126 + next() * 254));
  const all = [
    ...xs,
    ...Array.from({ length: 255 }, (_, i) => i - 126),
    127.49999,
    127.5,
    127.99999,
    128,
    1e30,
    1e-30,
    -1e-30,
  ];
  const want = all.map((x) => Math.fround(2 ** Math.fround(x)));
  evaluate('exp2(a)', 'f32', { a: ['f32', all] }).forEach((y, i) => {
    if (y !== want[i]) expect(`${all[i]}: ${y}`).toBe(`${all[i]}: ${want[i]}`);
  });
});

test('exp2 gives no subnormal floats', () => {
  expect(evaluate('exp2(a)', 'f32', { a: ['f32', [-126, -126.5, -140, -Infinity, Infinity, NaN]] })).toEqual([
    2 ** -126,
    0,
    0,
    0,
    Infinity,
    NaN,
  ]);
});

test('erf', () => {
  const known = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [-1, -0.8427007929497149],
    [2, 0.9953222650189527],
    [3.5, 0.9999992569016276],
    [Infinity, 1],
  ] as const;
  expect(evaluate('erf(a)', 'f32', { a: ['f32', known.map(([x]) => x)] })).toEqual(
    known.map(([, y]) => Math.fround(y)),
  );
});

test('pow, atan2, clamp', () => {
  const a = [2, 0.5, -1, 3];
  const b = [10, -2, 3, 0.5];
  const inputs = { a: ['f32', a], b: ['f32', b] } as const;
  expect(evaluate('pow(a, b)', 'f32', inputs)).toEqual(a.map((x, i) => Math.fround(x ** b[i]!)));
  expect(evaluate('atan2(a, b)', 'f32', inputs)).toEqual(a.map((x, i) => Math.fround(Math.atan2(x, b[i]!))));
  expect(evaluate('clamp(a, 0.0, 1.0)', 'f32', { a: ['f32', [-1, 0.5, 2, NaN]] })).toEqual([0, 0.5, 1, NaN]);
});

describe('fma rounds once', () => {
  /** a · b + c exactly, as a fraction with a power of two below. */
  const exactly = (a: number, b: number, c: number): readonly [bigint, number] => {
    const split = (x: number): readonly [bigint, number] => {
      let e = 0;
      let m = x;
      while (!Number.isInteger(m)) {
        m *= 2;
        e++;
      }
      return [BigInt(m), e];
    };
    const [[am, ae], [bm, be], [cm, ce]] = [split(a), split(b), split(c)];
    const e = Math.max(ae + be, ce);
    return [am * bm * 2n ** BigInt(e - ae - be) + cm * 2n ** BigInt(e - ce), e];
  };
  const nearest = (n: bigint, e: number, bits: number): number => {
    const m = n < 0n ? -n : n;
    const drop = m.toString(2).length - bits;
    if (drop <= 0) return Number(n) * 2 ** -e;
    const d = BigInt(drop);
    const [q, r, half] = [m >> d, m & ((1n << d) - 1n), 1n << (d - 1n)];
    const up = r > half || (r === half && q % 2n === 1n);
    return Number(q + BigInt(up)) * 2 ** (drop - e) * (n < 0n ? -1 : 1);
  };

  test.each([
    ['f32', 24],
    ['f64', 53],
  ] as const)('%s', (d, bits) => {
    const next = random(12);
    const number = (): number => Number(convert((next() - 0.5) * 2 ** Math.floor(next() * 20), d));
    const abc = Array.from({ length: 3000 }, () => {
      const [a, b] = [number(), number()];
      // Often nearly the product, so that much cancels, or far below it, so that it only breaks ties.
      const c = next() < 0.3 ? -Number(convert(a * b, d)) : number() * 2 ** -Math.floor(next() * 40);
      return [a, b, Number(convert(c, d))] as const;
    });
    const tie = [1 + 2 ** -12, 1 + 2 ** -12, Number(convert(2 ** -60, d))] as const;
    const all = [...abc, tie];
    const got = evaluate('fma(a, b, c)', d, {
      a: [d, all.map((x) => x[0])],
      b: [d, all.map((x) => x[1])],
      c: [d, all.map((x) => x[2])],
    });
    got.forEach((x, i) => {
      const [a, b, c] = all[i]!;
      const want = nearest(...exactly(a, b, c), bits);
      if (x !== want && !(x === 0 && want === 0))
        expect(`${a} * ${b} + ${c}: ${x}`).toBe(`${a} * ${b} + ${c}: ${want}`);
    });
  });
});
