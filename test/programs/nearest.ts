/** Rounding by the definition, on exact integers: a third way beside the compiler's two. */
export type FloatFormat = 'f64' | 'f32' | 'f16' | 'bf16' | 'f8e4m3' | 'f8e5m2';

/** Bits after the point, the exponent of the least normal number, the largest number, what becomes of larger ones. */
const FORMATS = {
  f64: { mantissa: 52, least: -1022, max: Number.MAX_VALUE, saturates: false },
  f32: { mantissa: 23, least: -126, max: (2 - 2 ** -23) * 2 ** 127, saturates: false },
  f16: { mantissa: 10, least: -14, max: 65504, saturates: false },
  bf16: { mantissa: 7, least: -126, max: (2 - 2 ** -7) * 2 ** 127, saturates: false },
  f8e4m3: { mantissa: 3, least: -6, max: 448, saturates: true },
  f8e5m2: { mantissa: 2, least: -14, max: 57344, saturates: true },
} as const;

/** All finite doubles are whole multiples of this power of two. */
const LOWEST = -1074;
const word = new DataView(new ArrayBuffer(8));

/** |x| in units of 2^LOWEST. */
function units(x: number): bigint {
  word.setFloat64(0, Math.abs(x));
  const all = word.getBigUint64(0);
  const exponent = all >> 52n;
  const fraction = all & ((1n << 52n) - 1n);
  return exponent === 0n ? fraction : ((1n << 52n) | fraction) << (exponent - 1n);
}

/** The number of the format nearest to x, of two the even one. */
export function nearest(format: FloatFormat, x: number | bigint): number {
  const { mantissa, least, max, saturates } = FORMATS[format];
  if (typeof x === 'number' && (Number.isNaN(x) || x === 0)) return x;
  const negative = x < 0;
  if (x === Infinity || x === -Infinity) return (negative ? -1 : 1) * (saturates ? max : Infinity);
  const n = typeof x === 'bigint' ? (negative ? -x : x) << BigInt(-LOWEST) : units(x);
  if (n === 0n) return 0;
  // The exponent of the last bit that is kept, over LOWEST.
  const last = Math.max(n.toString(2).length - 1 - mantissa, least - mantissa - LOWEST);
  const drop = BigInt(Math.max(last, 0));
  const rest = n & ((1n << drop) - 1n);
  const half = drop === 0n ? 1n : 1n << (drop - 1n);
  const down = n >> drop;
  const rounded = down + (rest > half || (rest === half && down % 2n === 1n) ? 1n : 0n);
  // In two steps, since 2 ** LOWEST times what is kept may be subnormal before the other factor has come.
  const size =
    Number(rounded) * 2 ** Math.max(Number(drop) + LOWEST, -1000) * 2 ** Math.min(Number(drop) + LOWEST + 1000, 0);
  const limited = size <= max ? size : saturates ? max : Infinity;
  return negative ? -limited : limited;
}

/** Toward 0, into the range of integers of that many bits; NaN is 0. */
export function truncated(x: number, bits: number, signed: boolean): bigint {
  if (Number.isNaN(x)) return 0n;
  const high = (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
  const low = signed ? -high - 1n : 0n;
  if (x >= Number(high)) return high;
  return x <= Number(low) ? low : BigInt(Math.trunc(x));
}
