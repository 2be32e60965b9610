/** Device functions with the meaning that the CUDA prelude and CUDA's own library give them. */
export { erf } from '../../../dsl/host-math.ts';

/** `fmax`: a NaN loses. */
export const fmax = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b));
/** `fmin`: a NaN loses. */
export const fmin = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b));
/** x within [low, high]; a NaN stays. */
export const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
/** `clamp` on doubles and integers, which compares: bounds that are NaN do nothing. */
export function clampF64(x: number, low: number, high: number): number {
  if (x < low) return low;
  if (x > high) return high;
  return x;
}

const STEPS = 64;
/** 2^(i / 64). */
const FRACTIONS = Float64Array.from({ length: STEPS }, (_, i) => 2 ** (i / STEPS));
const LOWEST = -126;
/** 2^(i - 126). */
const POWERS = Float64Array.from({ length: 128 - LOWEST }, (_, i) => 2 ** (i + LOWEST));

/** 2^x in f32; as on the GPU, a result below the smallest normal float is 0. `2 ** x` would take five times as long. */
export function exp2(x: number): number {
  if (!(x >= LOWEST)) return Number.isNaN(x) ? x : 0;
  if (x >= 127.5) return Math.fround(2 ** x);
  const n = Math.round(x * STEPS);
  const t = (x - n / STEPS) * Math.LN2;
  const rest = 1 + t * (1 + t * (1 / 2 + t * (1 / 6 + t * (1 / 24 + t / 120))));
  return Math.fround(FRACTIONS[n & (STEPS - 1)]! * rest * POWERS[(n >> 6) - LOWEST]!);
}

/** As in C: 1 to any power is 1, NaN too, and so is -1 to an infinite one. */
export const pow = (a: number, b: number): number =>
  a === 1 || (a === -1 && (b === Infinity || b === -Infinity)) ? 1 : a ** b;
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const isInf = (x: number): boolean => x === Infinity || x === -Infinity;

const f64 = new Float64Array(1);
const words = new BigInt64Array(f64.buffer);

/** The double at or beside the exact sum `s + err` whose last bit is set unless the sum is exact. */
function roundToOdd(s: number, err: number): number {
  if (err === 0 || !Number.isFinite(s)) return s;
  f64[0] = s;
  if ((words[0]! & 1n) === 1n) return s;
  // Toward zero where the error points back, then the odd neighbour.
  words[0] = words[0]! + (s > 0 === err > 0 ? 1n : -1n);
  return f64[0]!;
}

const sumError = (a: number, b: number, s: number): number => {
  const bb = s - a;
  return a - (s - bb) + (b - bb);
};

/** a · b + c of floats, rounded once to f32. */
export function fma32(a: number, b: number, c: number): number {
  const p = a * b;
  const s = p + c;
  return Math.fround(roundToOdd(s, sumError(p, c, s)));
}

/** The error of the product of doubles (Dekker), where nothing overflows. */
function productError(a: number, b: number, p: number): number {
  const split = (x: number): number => {
    const t = 134217729 * x;
    return t - (t - x);
  };
  const ah = split(a);
  const bh = split(b);
  const al = a - ah;
  const bl = b - bh;
  return al * bl - (p - ah * bh - al * bh - ah * bl);
}

/** a · b + c of doubles, rounded once (Boldo and Melquiond); twice where an intermediate leaves the range of normal doubles. */
export function fma64(a: number, b: number, c: number): number {
  const p = a * b;
  const pe = productError(a, b, p);
  if (!Number.isFinite(pe) || !Number.isFinite(p + c)) return p + c;
  const t = c + pe;
  const te = sumError(c, pe, t);
  const v = p + t;
  const ve = sumError(p, t, v);
  const z = te + ve;
  return v + roundToOdd(z, sumError(te, ve, z));
}

// --------------------------------------------------------------------------------------------------------- integers

export function popcount(x: number): number {
  let v = x - ((x >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
const words64 = (x: bigint): readonly [number, number] => [
  Number(BigInt.asUintN(32, x >> 32n)),
  Number(BigInt.asUintN(32, x)),
];
export function popcount64(x: bigint): bigint {
  const [high, low] = words64(x);
  return BigInt(popcount(high) + popcount(low));
}
export function clz64(x: bigint): bigint {
  const [high, low] = words64(x);
  return BigInt(high !== 0 ? Math.clz32(high) : 32 + Math.clz32(low));
}

/** Toward minus infinity. */
export function floorDivBig(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}
/** Toward plus infinity. */
export function ceilDivBig(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n === b < 0n ? q + 1n : q;
}
export const minBig = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const maxBig = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const absBig = (a: bigint): bigint => (a < 0n ? -a : a);
export const signBig = (a: bigint): bigint => (a > 0n ? 1n : a < 0n ? -1n : 0n);
export const clampBig = (x: bigint, low: bigint, high: bigint): bigint => (x < low ? low : x > high ? high : x);
