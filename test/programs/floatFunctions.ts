/** What kernels can compute of floats, with references in f64 and how far off results may be. */
import { type f32 as F32, macro, T } from 'tilec';
import { erf } from '../reference/layers.ts';
import { FORMAT, type Wide } from './floats.ts';

const number = (b: boolean): number => (b ? 1 : 0);
export const best = (a: number, b: number, f: (...xs: number[]) => number): number =>
  Number.isNaN(a) ? b : Number.isNaN(b) ? a : f(a, b);

interface Exact {
  readonly device: (a: F32, b: F32) => F32 | boolean;
  readonly host: (a: number, b: number) => number;
  /** Which zero comes out is not said. */
  readonly anyZero?: boolean;
}
const exact = (device: Exact['device'], host: Exact['host'], anyZero = false): Exact => ({ device, host, anyZero });

/** Results are rounded once to the dtype. */
export const EXACT: Readonly<Record<string, Exact>> = {
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
/** Those of EXACT that give a bool. */
export const TESTS = ['lt', 'le', 'eq', 'ne', 'isNaN', 'isInf', 'isFinite'];

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
export const FEW = { f32: 4, f64: 6 } as const;
const subnormal = (d: Wide): number => 2 ** FORMAT[d].minExponent;

/** Of one number. */
export const INEXACT: Readonly<Record<string, Inexact>> = {
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
  // By way of 1 + exp(-x), whose errors add up, and which overflows where the result is subnormal.
  sigmoid: f(
    macro((x: F32) => T.sigmoid(x)),
    (x) => 1 / (1 + Math.exp(-x)),
    { ulps: { f32: 6, f64: 8 }, slack: subnormal },
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

/** Inexact functions of two numbers. */
export const OTHERS = {
  pow: macro((x: F32, y: F32) => T.pow(x, y)),
  operator: macro((x: F32, y: F32) => x ** y),
  atan2: macro((x: F32, y: F32) => T.atan2(x, y)),
};

/** As in C: 1 to any power is 1, and so is ±1 to an infinite one. */
export const pow = (a: number, b: number): number => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);
