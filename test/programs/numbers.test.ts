/** Floats: arithmetic to the last bit, functions within the documented bounds, over their domains and at all edges. */
import { type DType, type f16 as F16, type f32 as F32, f32, macro, T } from 'tilec';
import { describe, it } from 'vitest';
import { convert } from '../../src/dsl/convert.ts';
import { codeCount, decoded, isNarrow, NARROW } from '../codegen/js/data.ts';
import { DEVICES } from '../ops/paged.ts';
import { erf } from '../reference/layers.ts';
import { type Random, random } from '../reference/random.ts';
import { testAccepted } from './cubin.ts';
import { evaluate, expectSame, expectWithin } from './elements.ts';
import { type EachElement, eachElement } from './kernels/eachElement.ts';

type Wide = 'f32' | 'f64';
const FORMAT = {
  f32: { mantissa: 23, minExponent: -126, maxExponent: 127, round: Math.fround, array: Float32Array },
  f64: { mantissa: 52, minExponent: -1022, maxExponent: 1023, round: (x: number) => x, array: Float64Array },
} as const;

/** The distance between floats around x. */
function ulp(d: Wide, x: number): number {
  const { mantissa, minExponent, maxExponent } = FORMAT[d];
  const exponent = Number.isFinite(x) && x !== 0 ? Math.floor(Math.log2(Math.abs(x))) : minExponent;
  return 2 ** (Math.min(Math.max(exponent, minExponent), maxExponent) - mantissa);
}

/** Zeros, ones, halves, infinities, NaN, the least and the largest subnormals and normals; of both signs. */
function edges(d: Wide): number[] {
  const { mantissa, minExponent, maxExponent } = FORMAT[d];
  const least = 2 ** (minExponent - mantissa);
  const one = 2 ** -mantissa;
  const positive = [
    ...[
      0,
      0.5,
      1,
      1 + one,
      1 - one / 2,
      1.5,
      2,
      2.5,
      3,
      10,
      100,
      0.5 - one / 4,
      2 ** mantissa - 0.5,
      2 ** mantissa + 1,
    ],
    ...[least, 3 * least, 2 ** minExponent - least, 2 ** minExponent, 2 ** maxExponent * (2 - one), Infinity],
  ];
  return [NaN, ...positive, ...positive.map((x) => -x)];
}

/** Edges, numbers about 1, 10 and 100, and of all magnitudes. */
function samples(d: Wide, r: Random): number[] {
  const { mantissa, minExponent, maxExponent, round } = FORMAT[d];
  const within = (limit: number): number[] => Array.from({ length: 300 }, () => (2 * r.uniform() - 1) * limit);
  const all = Array.from(
    { length: 1000 },
    () => (r.uniform() < 0.5 ? -1 : 1) * (1 + r.uniform()) * 2 ** r.integer(minExponent - mantissa, maxExponent),
  );
  return [...edges(d), ...[...within(1), ...within(10), ...within(100), ...all].map(round)];
}

// ------------------------------------------------------------------------------------------------ exact functions

const number = (b: boolean): number => (b ? 1 : 0);
const best = (a: number, b: number, f: (...xs: number[]) => number): number =>
  Number.isNaN(a) ? b : Number.isNaN(b) ? a : f(a, b);

interface Exact {
  readonly device: (a: F32, b: F32) => F32 | boolean;
  readonly host: (a: number, b: number) => number;
  /** Which zero comes out is not said. */
  readonly anyZero?: boolean;
}
const exact = (device: Exact['device'], host: Exact['host'], anyZero = false): Exact => ({ device, host, anyZero });

/** Results are rounded once to the dtype. */
const EXACT: Readonly<Record<string, Exact>> = {
  add: exact(
    macro((a: F32, b: F32) => a + b),
    (a, b) => a + b,
  ),
  sub: exact(
    macro((a: F32, b: F32) => a - b),
    (a, b) => a - b,
  ),
  mul: exact(
    macro((a: F32, b: F32) => a * b),
    (a, b) => a * b,
  ),
  div: exact(
    macro((a: F32, b: F32) => a / b),
    (a, b) => a / b,
  ),
  rem: exact(
    macro((a: F32, b: F32) => a % b),
    (a, b) => a % b,
  ),
  fmod: exact(
    macro((a: F32, b: F32) => T.fmod(a, b)),
    (a, b) => a % b,
  ),
  neg: exact(
    macro((a: F32, _: F32) => -a),
    (a) => -a,
  ),
  abs: exact(
    macro((a: F32, _: F32) => T.abs(a)),
    Math.abs,
  ),
  sign: exact(
    macro((a: F32, _: F32) => T.sign(a)),
    Math.sign,
  ),
  floor: exact(
    macro((a: F32, _: F32) => T.floor(a)),
    Math.floor,
  ),
  ceil: exact(
    macro((a: F32, _: F32) => T.ceil(a)),
    Math.ceil,
  ),
  round: exact(
    macro((a: F32, _: F32) => T.round(a)),
    Math.round,
  ),
  trunc: exact(
    macro((a: F32, _: F32) => T.trunc(a)),
    Math.trunc,
  ),
  sqrt: exact(
    macro((a: F32, _: F32) => T.sqrt(a)),
    Math.sqrt,
  ),
  min: exact(
    macro((a: F32, b: F32) => T.min(a, b)),
    (a, b) => best(a, b, Math.min),
    true,
  ),
  max: exact(
    macro((a: F32, b: F32) => T.max(a, b)),
    (a, b) => best(a, b, Math.max),
    true,
  ),
  clamp: exact(
    macro((a: F32, _: F32) => T.clamp(a, -2.5, 10)),
    (a) => Math.min(Math.max(a, -2.5), 10),
  ),
  select: exact(
    macro((a: F32, b: F32) => (a > b ? a : -b)),
    (a, b) => (a > b ? a : -b),
  ),
  lt: exact(
    macro((a: F32, b: F32) => a < b),
    (a, b) => number(a < b),
  ),
  le: exact(
    macro((a: F32, b: F32) => a <= b),
    (a, b) => number(a <= b),
  ),
  eq: exact(
    macro((a: F32, b: F32) => a === b),
    (a, b) => number(a === b),
  ),
  ne: exact(
    macro((a: F32, b: F32) => a !== b),
    (a, b) => number(a !== b),
  ),
  isNaN: exact(
    macro((a: F32, _: F32) => T.isNaN(a)),
    (a) => number(Number.isNaN(a)),
  ),
  isInf: exact(
    macro((a: F32, _: F32) => T.isInf(a)),
    (a) => number(Math.abs(a) === Infinity),
  ),
  isFinite: exact(
    macro((a: F32, _: F32) => T.isFinite(a)),
    (a) => number(Number.isFinite(a)),
  ),
};
const TESTS = ['lt', 'le', 'eq', 'ne', 'isNaN', 'isInf', 'isFinite'];

// ------------------------------------------------------------------------------------------------ inexact functions

interface Inexact {
  readonly device: (x: F32) => F32;
  readonly host: (x: number) => number;
  /** In units of the last place. */
  readonly ulps?: Partial<Record<Wide, number>>;
  /** What else may be lost, absolutely, and from which input on. */
  readonly slack?: (d: Wide, x: number) => number;
}
const f = (device: Inexact['device'], host: Inexact['host'], more: Omit<Inexact, 'device' | 'host'> = {}): Inexact => ({
  device,
  host,
  ...more,
});

/** "A few": those that CUDA promises; of f64 the reference may be off by some as well. */
const FEW = { f32: 4, f64: 6 } as const;
const subnormal = (d: Wide): number => 2 ** FORMAT[d].minExponent;

const INEXACT: Readonly<Record<string, Inexact>> = {
  rsqrt: f(
    macro((x: F32) => T.rsqrt(x)),
    (x) => 1 / Math.sqrt(x),
  ),
  exp: f(
    macro((x: F32) => T.exp(x)),
    Math.exp,
  ),
  // One instruction in f32, which gives no subnormal numbers.
  exp2: f(
    macro((x: F32) => T.exp2(x)),
    (x) => 2 ** x,
    { ulps: { f32: 2 }, slack: (d) => (d === 'f32' ? subnormal(d) : 0) },
  ),
  log: f(
    macro((x: F32) => T.log(x)),
    Math.log,
  ),
  log2: f(
    macro((x: F32) => T.log2(x)),
    Math.log2,
  ),
  log10: f(
    macro((x: F32) => T.log10(x)),
    Math.log10,
  ),
  log1p: f(
    macro((x: F32) => T.log1p(x)),
    Math.log1p,
  ),
  expm1: f(
    macro((x: F32) => T.expm1(x)),
    Math.expm1,
  ),
  sin: f(
    macro((x: F32) => T.sin(x)),
    Math.sin,
  ),
  cos: f(
    macro((x: F32) => T.cos(x)),
    Math.cos,
  ),
  tan: f(
    macro((x: F32) => T.tan(x)),
    Math.tan,
  ),
  asin: f(
    macro((x: F32) => T.asin(x)),
    Math.asin,
  ),
  acos: f(
    macro((x: F32) => T.acos(x)),
    Math.acos,
  ),
  atan: f(
    macro((x: F32) => T.atan(x)),
    Math.atan,
  ),
  sinh: f(
    macro((x: F32) => T.sinh(x)),
    Math.sinh,
  ),
  cosh: f(
    macro((x: F32) => T.cosh(x)),
    Math.cosh,
  ),
  tanh: f(
    macro((x: F32) => T.tanh(x)),
    Math.tanh,
  ),
  // The reference is good to about 1e-12.
  erf: f(
    macro((x: F32) => T.erf(x)),
    (x) => (Number.isFinite(x) ? erf(x) : Math.sign(x)),
    { ulps: { f64: 1e4 } },
  ),
  // By way of 1 + exp(-x), which overflows where the result is subnormal.
  sigmoid: f(
    macro((x: F32) => T.sigmoid(x)),
    (x) => 1 / (1 + Math.exp(-x)),
    { slack: subnormal },
  ),
  tanhApprox: f(
    macro((x: F32) => T.tanhApprox(x)),
    Math.tanh,
    { ulps: { f32: 2 ** (23 - 10.9) } },
  ),
  // Subnormal numbers may count as 0.
  rcpApprox: f(
    macro((x: F32) => T.rcpApprox(x)),
    (x) => 1 / x,
    {
      ulps: { f32: 1 },
      slack: (d, x) => (Math.abs(x) < subnormal(d) ? Infinity : subnormal(d)),
    },
  ),
};

const OTHERS = {
  pow: macro((x: F32, y: F32) => T.pow(x, y)),
  operator: macro((x: F32, y: F32) => x ** y),
  atan2: macro((x: F32, y: F32) => T.atan2(x, y)),
};

/** As in C: 1 to any power is 1, and so is ±1 to an infinite one. */
const pow = (a: number, b: number): number => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);

// ------------------------------------------------------------------------------------------------ the tests

describe.each(DEVICES)('on %s', (device) => {
  describe.each(['f32', 'f64'] as const)('%s', (d) => {
    const { round, array } = FORMAT[d];
    const r = random(41);
    const xs = samples(d, r);
    const bound =
      (ulps: number) =>
      (want: number): number =>
        ulps * ulp(d, want);
    const run = (inputs: readonly number[][], functions: Parameters<typeof evaluate>[2]) =>
      evaluate(
        device,
        inputs.map((x) => ({ dtype: d, raw: array.from(x) })),
        functions,
        (name) => (TESTS.includes(name) ? 'bool' : d),
      );

    it('arithmetic, rounding and comparison, exactly', async () => {
      const some = [...edges(d), ...xs.slice(-20)];
      const a = [...some.flatMap((x) => some.map(() => x)), ...xs];
      const b = [...some.flatMap(() => some), ...r.shuffle(xs.slice())];
      const got = await run([a, b], Object.fromEntries(Object.entries(EXACT).map(([k, v]) => [k, v.device])));
      for (const [name, { host, anyZero }] of Object.entries(EXACT)) {
        const normal = (x: number): number => (anyZero ? x + 0 : x);
        expectSame(
          name,
          Array.from(got[name]!, (x) => normal(Number(x))),
          a.map((x, i) => normal(round(host(x, b[i]!)))),
          (i) => `${a[i]}, ${b[i]}`,
        );
      }
    });

    it('functions of one number', async () => {
      const got = await run([xs], Object.fromEntries(Object.entries(INEXACT).map(([k, v]) => [k, v.device])));
      for (const [name, { host, ulps, slack }] of Object.entries(INEXACT))
        for (const [i, x] of xs.entries()) {
          const exactly = host(x);
          // Beyond the largest number there is infinity only.
          const want = Number.isFinite(round(exactly)) ? exactly : round(exactly);
          const most = bound(ulps?.[d] ?? FEW[d])(want) + (slack?.(d, x) ?? 0);
          expectWithin(
            name,
            [got[name]![i]!],
            [want],
            () => most,
            () => String(x),
          );
        }
    });

    it('pow, atan2', async () => {
      const some = [...edges(d), ...xs.filter((x) => Math.abs(x) < 100).slice(0, 60)];
      const a = [...some.flatMap((x) => some.map(() => x)), ...xs];
      const b = [...some.flatMap(() => some), ...xs.map(() => round(20 * r.uniform() - 10))];
      const got = await run([a, b], OTHERS);
      const of = (i: number): string => `${a[i]}, ${b[i]}`;
      const finite = (x: number): number => (Number.isFinite(round(x)) ? x : round(x));
      const powers = a.map((x, i) => finite(pow(x, b[i]!)));
      expectWithin('pow', got.pow!, powers, bound(FEW[d]), of);
      expectWithin('**', got.operator!, powers, bound(FEW[d]), of);
      expectWithin(
        'atan2',
        got.atan2!,
        a.map((x, i) => Math.atan2(x, b[i]!)),
        bound(FEW[d]),
        of,
      );
    });
  });

  it('fma rounds once', async () => {
    const r = random(42);
    const a = Array.from({ length: 500 }, () => Math.fround(4 * r.uniform() - 2));
    const b = Array.from({ length: 500 }, () => Math.fround(4 * r.uniform() - 2));
    // All but the last digits cancel: products of two f32 are exact in f64.
    const c = a.map((x, i) => -Math.fround(x * b[i]!));
    const inputs = [a, b, c].map((x) => ({ dtype: 'f32' as const, raw: Float32Array.from(x) }));
    const got = await evaluate(device, inputs, { fma: macro((x: F32, y: F32, z: F32) => T.fma(x, y, z)) }, () => 'f32');
    expectSame(
      'fma',
      got.fma!,
      a.map((x, i) => x * b[i]! + c[i]!),
      (i) => `${a[i]}, ${b[i]}, ${c[i]}`,
    );
  });

  it.each(NARROW)('arithmetic of all %s numbers, by way of f32', async (d) => {
    const codes = Array.from({ length: codeCount(d) }, (_, i) => i);
    const xs = codes.map((code) => decoded(d, code));
    const raw = (codeCount(d) === 256 ? Uint8Array : Uint16Array).from(codes);
    const functions = {
      square: [macro((x: F16) => x * x), (x: number) => x * x],
      above: [macro((x: F16) => x + 1), (x: number) => x + 1],
      third: [macro((x: F16) => x / 3), (x: number) => x / 3],
      sqrt: [macro((x: F16) => T.sqrt(x)), Math.sqrt],
      floor: [macro((x: F16) => T.floor(x)), Math.floor],
      atLeast: [macro((x: F16) => T.max(x, 1)), (x: number) => best(x, 1, Math.max)],
      mixed: [macro((x: F16) => f32(x) * 0.3), (x: number) => x * Math.fround(0.3)],
    } as const;
    const dtypeOf = (name: string): DType => (name === 'mixed' ? 'f32' : d);
    const got = await evaluate(
      device,
      [{ dtype: d, raw }],
      Object.fromEntries(Object.entries(functions).map(([k, [fn]]) => [k, fn])),
      dtypeOf,
    );
    for (const [name, [, host]] of Object.entries(functions)) {
      const want = xs.map((x) => Number(convert(Math.fround(host(x)), dtypeOf(name))));
      expectSame(name, got[name]!, want, (i) => String(xs[i]));
    }
  });
});

const FUNCTIONS: EachElement['functions'] = {
  ...Object.fromEntries(Object.entries({ ...EXACT, ...INEXACT }).map(([name, { device }]) => [name, device])),
  ...OTHERS,
};
// An element and a result in f32 make one of f32, which a narrow dtype does not take.
const { select: _, ...ON_NARROW } = FUNCTIONS;
testAccepted(
  (['f32', 'f64', ...NARROW] as const).map((d) => {
    const dtypeOf = (name: string): DType => (TESTS.includes(name) ? 'bool' : d);
    const functions = isNarrow(d) ? ON_NARROW : FUNCTIONS;
    return [d, () => eachElement({ inputs: [d, d], functions, dtypeOf })] as const;
  }),
);
