/** Conversions that JavaScript has no operator for: saturating truncation, 64-bit integers, reinterpreted bits. */

export const toI8 = (x: number): number => (x > -128 ? (x < 127 ? Math.trunc(x) + 0 : 127) : x <= -128 ? -128 : 0);
export const toI16 = (x: number): number =>
  x > -32768 ? (x < 32767 ? Math.trunc(x) + 0 : 32767) : x <= -32768 ? -32768 : 0;
export const toI32 = (x: number): number =>
  x > -2147483648 ? (x < 2147483647 ? x | 0 : 2147483647) : x <= -2147483648 ? -2147483648 : 0;
export const toU8 = (x: number): number => (x > 0 ? (x < 255 ? x | 0 : 255) : 0);
export const toU16 = (x: number): number => (x > 0 ? (x < 65535 ? x | 0 : 65535) : 0);
export const toU32 = (x: number): number => (x > 0 ? (x < 4294967295 ? x >>> 0 : 4294967295) : 0);

/** A float to i64: toward zero, saturating; NaN gives 0. */
export function toI64(x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  if (x >= 2 ** 63) return 2n ** 63n - 1n;
  return x <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(x));
}

/** A float to u64: toward zero, saturating; NaN gives 0. */
export function toU64(x: number): bigint {
  if (!(x > 0)) return 0n;
  return x >= 2 ** 64 ? 2n ** 64n - 1n : BigInt(Math.trunc(x));
}

/** A number that rounds to f32 or anything narrower as the integer does: 50 leading bits, the last set where more were lost. */
export function oddOfBig(x: bigint): number {
  const n = x < 0n ? -x : x;
  const excess = n.toString(2).length - 50;
  if (excess <= 0) return Number(x);
  const shift = BigInt(excess);
  const top = n >> shift;
  const value = Number(top << shift === n ? top : top | 1n) * 2 ** excess;
  return x < 0n ? -value : value;
}

const buffer = new ArrayBuffer(8);
const f32 = new Float32Array(buffer);
const f64 = new Float64Array(buffer);
const i32 = new Int32Array(buffer);
const u32 = new Uint32Array(buffer);
const i64 = new BigInt64Array(buffer);
const u64 = new BigUint64Array(buffer);

export function f32ToI32(x: number): number {
  f32[0] = x;
  return i32[0]!;
}
export function f32ToU32(x: number): number {
  f32[0] = x;
  return u32[0]!;
}
export function i32ToF32(x: number): number {
  i32[0] = x;
  return f32[0]!;
}
export function f64ToI64(x: number): bigint {
  f64[0] = x;
  return i64[0]!;
}
export function f64ToU64(x: number): bigint {
  f64[0] = x;
  return u64[0]!;
}
export function i64ToF64(x: bigint): number {
  i64[0] = BigInt.asIntN(64, x);
  return f64[0]!;
}
