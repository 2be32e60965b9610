/** Conversion of one host number to a dtype's nearest value, exactly as `Cast` of Tile IR defines it. */
import { bytesOf, classOf, type DType } from '../ir/dtype.ts';

interface FloatFormat {
  /** Stored mantissa bits. */
  readonly mantissa: number;
  /** Exponent of the smallest normal number. */
  readonly minExponent: number;
  readonly max: number;
  /** What becomes of values beyond `max`. */
  readonly overflow: 'saturate' | 'infinity';
}

const FORMATS = {
  f16: { mantissa: 10, minExponent: -14, max: 65504, overflow: 'infinity' },
  bf16: { mantissa: 7, minExponent: -126, max: (2 - 2 ** -7) * 2 ** 127, overflow: 'infinity' },
  f8e4m3: { mantissa: 3, minExponent: -6, max: 448, overflow: 'saturate' },
  f8e5m2: { mantissa: 2, minExponent: -14, max: 57344, overflow: 'saturate' },
} as const satisfies Partial<Record<DType, FloatFormat>>;

/** The value of `dtype` that a cast of `x` gives, as a number (64-bit integers: the nearest double of it) or a boolean. */
export function convert(x: number | boolean, dtype: DType): number | boolean {
  switch (dtype) {
    case 'f64':
      return Number(x);
    case 'f32':
      return Math.fround(Number(x));
    case 'f16':
    case 'bf16':
    case 'f8e4m3':
    case 'f8e5m2':
      return roundFloat(Number(x), FORMATS[dtype]);
    case 'bool':
      return Boolean(x);
    default:
      return saturate(Number(x), dtype);
  }
}

function roundFloat(x: number, { mantissa, minExponent, max, overflow }: FloatFormat): number {
  if (Number.isNaN(x) || x === 0) return x;
  const a = Math.abs(x);
  // log2 may be off by one beside a power of two; the exponent is corrected so that 2^e <= a < 2^(e + 1).
  let e = Math.min(Math.max(Math.floor(Math.log2(a)), minExponent), 1023);
  if (2 ** e > a && e > minExponent) e--;
  else if (2 ** (e + 1) <= a) e++;
  const ulp = 2 ** (e - mantissa);
  const rounded = roundHalfToEven(a / ulp) * ulp;
  const limited = rounded <= max ? rounded : overflow === 'saturate' ? max : Infinity;
  return x < 0 ? -limited : limited;
}

const roundHalfToEven = (q: number): number => {
  const down = Math.floor(q);
  const rest = q - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
};

function saturate(x: number, dtype: DType): number {
  if (Number.isNaN(x)) return 0;
  const bits = bytesOf(dtype) * 8;
  const signed = classOf(dtype) === 'int';
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  return Math.min(Math.max(Math.trunc(x), low), high) + 0;
}
