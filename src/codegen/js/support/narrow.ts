/**
 * Narrow floats between their bit codes and numbers. From numbers: to nearest even, as the GPU's `cvt.rn` does; f8 saturates;
 * every NaN becomes the one code that the hardware makes. To numbers: tables.
 */

const f32 = new Float32Array(1);
const bits = new Uint32Array(f32.buffer);

/** A number that rounds to any narrow float as `x` does, and is an f32: its last bit is set where digits were lost. */
export function oddF32(x: number): number {
  const r = Math.fround(x);
  if (r === x || Number.isNaN(x)) return r;
  f32[0] = r;
  let code = bits[0]!;
  // Toward zero, then sticky. An overflow to infinity comes back to the largest float, which overflows later as it should.
  if (Math.abs(r) > Math.abs(x)) code--;
  bits[0] = code | 1;
  return f32[0]!;
}

/** The binary16 code of an f32. */
export function toF16(x: number): number {
  f32[0] = x;
  const code = bits[0]!;
  const sign = (code >>> 16) & 0x8000;
  const magnitude = code & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0x7fff;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // In [0.5, 1) the last place of a float is binary16's smallest subnormal: adding rounds.
    bits[0] = magnitude;
    f32[0] = f32[0]! + 0.5;
    return sign | (bits[0]! - 0x3f000000);
  }
  return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
}

/** The bfloat16 code of an f32. */
export function toBF16(x: number): number {
  f32[0] = x;
  const code = bits[0]!;
  if ((code & 0x7fffffff) > 0x7f800000) return 0x7fff;
  return (code + 0x7fff + ((code >>> 16) & 1)) >>> 16;
}

/** The e4m3 code of an f32, at most ±448. */
export function toE4M3(x: number): number {
  f32[0] = x;
  const code = bits[0]!;
  const sign = (code >>> 24) & 0x80;
  const magnitude = code & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0x7f;
  if (magnitude >= 0x43e00000) return sign | 0x7e;
  if (magnitude < 0x3c800000) {
    // In [2^14, 2^15) the last place of a float is 2^-9, the smallest subnormal.
    bits[0] = magnitude;
    f32[0] = f32[0]! + 16384;
    return sign | (bits[0]! - 0x46800000);
  }
  return sign | ((magnitude + 0x7ffff + ((magnitude >>> 20) & 1) - 0x3c000000) >>> 20);
}

/** The e5m2 code of an f32, at most ±57344. */
export function toE5M2(x: number): number {
  f32[0] = x;
  const code = bits[0]!;
  const sign = (code >>> 24) & 0x80;
  const magnitude = code & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0x7f;
  if (magnitude >= 0x47600000) return sign | 0x7b;
  if (magnitude < 0x38800000) {
    // In [2^7, 2^8) the last place of a float is 2^-16, the smallest subnormal.
    bits[0] = magnitude;
    f32[0] = f32[0]! + 128;
    return sign | (bits[0]! - 0x43000000);
  }
  return sign | ((magnitude + 0xfffff + ((magnitude >>> 21) & 1) - 0x38000000) >>> 21);
}

/** The code of a value that is an e5m2 already, infinities among them. */
export const codeOfE5M2 = (x: number): number => (x === Infinity ? 0x7c : x === -Infinity ? 0xfc : toE5M2(x));

/** Code → value, for a format with `mantissa` bits, exponents biased by `bias` and, where `ieee`, infinities. */
function decodeTable(width: number, mantissa: number, bias: number, ieee: boolean): Float32Array {
  const table = new Float32Array(2 ** width);
  const half = 2 ** (width - 1);
  const top = 2 ** (width - 1 - mantissa) - 1;
  // One power of two for each exponent: this runs whenever the module is loaded.
  for (let exponent = 0; exponent <= top; exponent++) {
    const unit = 2 ** (Math.max(exponent, 1) - bias - mantissa);
    const hidden = exponent === 0 ? 0 : 2 ** mantissa;
    for (let fraction = 0; fraction < 2 ** mantissa; fraction++) {
      const code = exponent * 2 ** mantissa + fraction;
      const special = ieee ? exponent === top : code === half - 1;
      const value = !special ? (hidden + fraction) * unit : ieee && fraction === 0 ? Infinity : NaN;
      table[code] = value;
      table[code + half] = -value;
    }
  }
  return table;
}

export const F16 = decodeTable(16, 10, 15, true);
export const BF16 = decodeTable(16, 7, 127, true);
export const E4M3 = decodeTable(8, 3, 7, false);
export const E5M2 = decodeTable(8, 2, 15, true);
