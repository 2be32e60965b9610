/** Typed arrays of every dtype for the CPU backend's tests: written and read by definitions that share nothing with the backend. */
import type { RawArray } from '../../../src/codegen/js/index.ts';
import { convert } from '../../../src/dsl/convert.ts';
import type { DType } from '../../../src/ir/dtype.ts';

export type Scalar = number | bigint;

export const ARRAY = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  f8e4m3: Uint8Array,
  f8e5m2: Uint8Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  u64: BigUint64Array,
  bool: Uint8Array,
} as const;

const FORMATS = {
  f16: { exponent: 5, mantissa: 10, infinity: true },
  bf16: { exponent: 8, mantissa: 7, infinity: true },
  f8e4m3: { exponent: 4, mantissa: 3, infinity: false },
  f8e5m2: { exponent: 5, mantissa: 2, infinity: true },
} as const;
export type Narrow = keyof typeof FORMATS;
export const NARROW = Object.keys(FORMATS) as Narrow[];
export const isNarrow = (d: DType): d is Narrow => d in FORMATS;
export const codeCount = (d: Narrow): number => (d === 'f16' || d === 'bf16' ? 65536 : 256);

/** What a code stands for, by the format's definition. */
export function decoded(d: Narrow, code: number): number {
  const { exponent: width, mantissa, infinity } = FORMATS[d];
  const sign = code >> (width + mantissa) === 1 ? -1 : 1;
  const exponent = (code >> mantissa) & (2 ** width - 1);
  const fraction = code & (2 ** mantissa - 1);
  const bias = 2 ** (width - 1) - 1;
  const top = exponent === 2 ** width - 1;
  if (infinity && top) return fraction === 0 ? sign * Infinity : NaN;
  if (!infinity && top && fraction === 2 ** mantissa - 1) return NaN;
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias - mantissa)
    : sign * (1 + fraction / 2 ** mantissa) * 2 ** (exponent - bias);
}

const codes = new Map<Narrow, Map<number, number>>();

/** The code of a value that the format has; `-0` is not told from `0`. */
export function codeOf(d: Narrow, value: number): number {
  let table = codes.get(d);
  if (!table) {
    table = new Map();
    for (let c = codeCount(d) - 1; c >= 0; c--) table.set(decoded(d, c), c);
    codes.set(d, table);
  }
  const code = table.get(value);
  if (code === undefined) throw new Error(`${value} is no ${d}`);
  return Object.is(value, -0) ? codeCount(d) / 2 : code;
}

/** The array that holds the values, each converted to the dtype. */
export function raw(d: DType, values: ArrayLike<Scalar | boolean>): RawArray {
  const out = new ARRAY[d](values.length);
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (d === 'i64' || d === 'u64') out[i] = BigInt(v);
    else if (isNarrow(d)) out[i] = codeOf(d, Number(convert(Number(v), d)));
    else out[i] = Number(v);
  }
  return out;
}

/** The values of an array's elements. */
export const values = (d: DType, array: RawArray): Scalar[] =>
  Array.from(array as ArrayLike<Scalar>, (x) => (isNarrow(d) ? decoded(d, Number(x)) : x));

/** An output full of what must not survive: NaN, or a pattern. */
export const poisoned = (d: DType, length: number): RawArray => {
  const out = new ARRAY[d](length);
  if (d === 'i64' || d === 'u64') (out as BigInt64Array).fill(0x2bad2badn);
  else (out as Float32Array).fill(d === 'f32' || d === 'f64' ? NaN : isNarrow(d) ? codeCount(d) / 2 - 1 : 77);
  return out;
};

/** Numbers from a seed: the same in every run. */
export function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `n` numbers in [-scale, scale), such as the dtype holds. */
export function uniform(d: DType, n: number, seed: number, scale = 1): number[] {
  const next = random(seed);
  return Array.from({ length: n }, () => Number(convert((2 * next() - 1) * scale, d)));
}

/** The greatest difference, relative where values are large; NaN counts as infinite unless both are. */
export function worst(got: readonly Scalar[], want: readonly Scalar[]): number {
  if (got.length !== want.length) return Infinity;
  return got.reduce<number>((most, x, i) => {
    const [a, b] = [Number(x), Number(want[i])];
    if (Object.is(a, b) || a === b) return most;
    const error = Math.abs(a - b) / Math.max(1, Math.abs(b));
    return Number.isNaN(error) ? Infinity : Math.max(most, error);
  }, 0);
}
