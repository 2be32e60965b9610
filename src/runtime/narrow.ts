/**
 * Whole arrays of f32 to narrow floats: to nearest even, f8 saturating, every NaN to the one code that the hardware makes.
 * They work on the bits, one loop a format: about 5 ns an element. (`codegen/js/support/narrow.ts` has the same for single
 * numbers.)
 */

export type Codes = Uint16Array | Uint8Array;

const INFINITY = 0x7f800000;

/** What is left of a subnormal result: `magnitude`'s digits in units of 2^-`scale`, rounded. */
function subnormal(magnitude: number, scale: number): number {
  const shift = 150 - scale - (magnitude >>> 23);
  if (shift > 24) return 0;
  const digits = (magnitude & 0x7fffff) | 0x800000;
  const whole = digits >>> shift;
  const half = 1 << (shift - 1);
  const rest = digits & (2 * half - 1);
  return rest > half || (rest === half && whole & 1) ? whole + 1 : whole;
}

export function toF16Codes(to: Codes, bits: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) {
    const code = bits[i]!;
    const sign = (code >>> 16) & 0x8000;
    const magnitude = code & 0x7fffffff;
    if (magnitude < 0x38800000) to[i] = sign | subnormal(magnitude, 24);
    else if (magnitude < 0x477ff000)
      to[i] = sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
    else to[i] = magnitude > INFINITY ? 0x7fff : sign | 0x7c00;
  }
}

export function toBF16Codes(to: Codes, bits: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) {
    const code = bits[i]!;
    to[i] = (code & 0x7fffffff) > INFINITY ? 0x7fff : (code + 0x7fff + ((code >>> 16) & 1)) >>> 16;
  }
}

export function toE4M3Codes(to: Codes, bits: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) {
    const code = bits[i]!;
    const sign = (code >>> 24) & 0x80;
    const magnitude = code & 0x7fffffff;
    if (magnitude < 0x3c800000) to[i] = sign | subnormal(magnitude, 9);
    else if (magnitude < 0x43e00000)
      to[i] = sign | ((magnitude + 0x7ffff + ((magnitude >>> 20) & 1) - 0x3c000000) >>> 20);
    else to[i] = magnitude > INFINITY ? 0x7f : sign | 0x7e;
  }
}

export function toE5M2Codes(to: Codes, bits: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) {
    const code = bits[i]!;
    const sign = (code >>> 24) & 0x80;
    const magnitude = code & 0x7fffffff;
    if (magnitude < 0x38800000) to[i] = sign | subnormal(magnitude, 16);
    else if (magnitude < 0x47600000)
      to[i] = sign | ((magnitude + 0xfffff + ((magnitude >>> 21) & 1) - 0x38000000) >>> 21);
    else to[i] = magnitude > INFINITY ? 0x7f : sign | 0x7b;
  }
}
