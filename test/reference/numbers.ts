/**
 * Rounding to the small float formats, written apart from the compiler's own so that neither can hide the other's mistake:
 * f16 by a library, bf16 by adding on the bits, e4m3 by a search among its 127 magnitudes.
 */
import { f16round } from '@petamoriken/float16';

export type FloatName = 'f64' | 'f32' | 'f16' | 'bf16' | 'f8e4m3';

/** The finite magnitudes of e4m3 by their bytes 0 … 0x7e, ascending; 0x7f is NaN. */
const E4M3 = Float64Array.from({ length: 127 }, (_, b) => {
  const exponent = b >> 3;
  const mantissa = b & 7;
  return exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10);
});

export const E4M3_MAX = 448;
const bits = new DataView(new ArrayBuffer(4));

/** To the nearest bf16, ties to even; the input is rounded to f32 first, as on the device. */
function bf16round(x: number): number {
  if (Number.isNaN(x)) return x;
  bits.setFloat32(0, x);
  const u = bits.getUint32(0);
  bits.setUint32(0, (u + 0x7fff + ((u >>> 16) & 1)) & 0xffff0000);
  return bits.getFloat32(0);
}

/** The byte of e4m3(clamp(f32(x), ±448)): round to nearest even; any NaN is 0x7f; zero keeps its sign. */
export function encodeE4m3(x: number): number {
  const v = Math.fround(x);
  if (Number.isNaN(v)) return 0x7f;
  const sign = v < 0 || Object.is(v, -0) ? 0x80 : 0;
  const a = Math.min(Math.abs(v), E4M3_MAX);
  let low = 0;
  let high = 126;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (E4M3[middle]! <= a) low = middle;
    else high = middle - 1;
  }
  if (low < 126) {
    // Neighbours have consecutive codes, so the even code is the one with the even mantissa.
    const down = a - E4M3[low]!;
    const up = E4M3[low + 1]! - a;
    if (up < down || (up === down && low % 2 === 1)) low++;
  }
  return sign | low;
}

/** The value of an e4m3 byte. */
export function decodeE4m3(byte: number): number {
  const magnitude = byte & 0x7f;
  if (magnitude === 0x7f) return NaN;
  return byte & 0x80 ? -E4M3[magnitude]! : E4M3[magnitude]!;
}

/** The value of the format nearest to x. */
export function roundTo(format: FloatName, x: number): number {
  switch (format) {
    case 'f64':
      return x;
    case 'f32':
      return Math.fround(x);
    case 'f16':
      return f16round(Math.fround(x));
    case 'bf16':
      return bf16round(x);
    case 'f8e4m3':
      return decodeE4m3(encodeE4m3(x));
  }
}

/** A new array of the rounded values. */
export const roundAll = (format: FloatName, xs: Float64Array): Float64Array => xs.map((x) => roundTo(format, x));

/** The bytes of e4m3 values (each already one of the format's). */
export const e4m3Bytes = (xs: Float64Array): Uint8Array => Uint8Array.from(xs, encodeE4m3);
