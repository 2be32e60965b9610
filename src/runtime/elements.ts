/** Elements of each dtype as the host keeps them: one raw typed array a dtype, narrow floats as their codes. */
import { BF16, E4M3, E5M2, F16, oddF32 } from '../codegen/js/support/narrow.ts';
import { convert } from '../dsl/convert.ts';
import { bytesOf, type DType } from '../ir/dtype.ts';
import { type Codes, toBF16Codes, toE4M3Codes, toE5M2Codes, toF16Codes } from './narrow.ts';

interface Raws {
  readonly f64: Float64Array<ArrayBuffer>;
  readonly f32: Float32Array<ArrayBuffer>;
  readonly f16: Uint16Array<ArrayBuffer>;
  readonly bf16: Uint16Array<ArrayBuffer>;
  readonly f8e4m3: Uint8Array<ArrayBuffer>;
  readonly f8e5m2: Uint8Array<ArrayBuffer>;
  readonly i8: Int8Array<ArrayBuffer>;
  readonly i16: Int16Array<ArrayBuffer>;
  readonly i32: Int32Array<ArrayBuffer>;
  readonly i64: BigInt64Array<ArrayBuffer>;
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly u64: BigUint64Array<ArrayBuffer>;
  readonly bool: Uint8Array<ArrayBuffer>;
}
/** The typed array that holds a dtype's elements: f16 and bf16 are Uint16Array, f8 and bool Uint8Array. */
export type Raw<D extends DType = DType> = Raws[D];
/** Any array of numbers, as values. */
export type Values = Raw | Uint8ClampedArray | readonly (number | bigint | boolean)[];

const ARRAYS: { readonly [D in DType]: new (buffer: ArrayBuffer, offset: number, length: number) => Raw<D> } = {
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
};

/** A raw array over `length` elements of a buffer; a new one of zeros if it is left out. */
export function rawArray<D extends DType>(dtype: D, length: number, buffer?: ArrayBuffer, byteOffset = 0): Raw<D> {
  const make = ARRAYS[dtype] as new (buffer: ArrayBuffer, offset: number, length: number) => Raw<D>;
  return new make(buffer ?? new ArrayBuffer(length * bytesOf(dtype)), byteOffset, length);
}

const isBig = (dtype: DType): boolean => dtype === 'i64' || dtype === 'u64';

/** Writes values as elements of `dtype`, converted as a cast in a kernel would: `target[i] = dtype(values[i])`. */
export function encodeInto<D extends DType>(dtype: D, target: Raw<D>, values: Values): void {
  if (values.length !== target.length) throw new RangeError(`${values.length} values for ${target.length} elements`);
  ENCODE[dtype](target, values);
}

type Encode = (to: Raw, values: Values) => void;

const CHUNK = 4096;

/** By way of f32, rounded to odd so that rounding once more is exact. */
const narrowTo =
  (encode: (to: Codes, bits: Uint32Array) => void): Encode =>
  (to, values) => {
    const codes = to as Codes;
    if (values instanceof Float32Array) {
      encode(codes, new Uint32Array(values.buffer, values.byteOffset, values.length));
      return;
    }
    const odd = new Float32Array(Math.min(CHUNK, values.length));
    const bits = new Uint32Array(odd.buffer);
    for (let start = 0; start < values.length; start += CHUNK) {
      const length = Math.min(CHUNK, values.length - start);
      for (let i = 0; i < length; i++) odd[i] = oddF32(Number(values[start + i]));
      encode(codes.subarray(start, start + length), bits.subarray(0, length));
    }
  };

const integersTo =
  (dtype: DType): Encode =>
  (to, values) => {
    for (let i = 0; i < values.length; i++) to[i] = Number(convert(Number(values[i]), dtype));
  };

const wide: Encode = (to, values) => {
  if (values instanceof Float32Array || values instanceof Float64Array) (to as Float32Array).set(values);
  else for (let i = 0; i < values.length; i++) to[i] = Number(values[i]);
};

const bigTo =
  (low: bigint, high: bigint): Encode =>
  (to, values) => {
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      const n = typeof x === 'bigint' ? x : truncated(Number(x));
      (to as BigInt64Array)[i] = n < low ? low : n > high ? high : n;
    }
  };

const truth: Encode = (to, values) => {
  for (let i = 0; i < values.length; i++) to[i] = values[i] ? 1 : 0;
};

const ENCODE: Readonly<Record<DType, Encode>> = {
  f64: wide,
  f32: wide,
  f16: narrowTo(toF16Codes),
  bf16: narrowTo(toBF16Codes),
  f8e4m3: narrowTo(toE4M3Codes),
  f8e5m2: narrowTo(toE5M2Codes),
  i8: integersTo('i8'),
  i16: integersTo('i16'),
  i32: integersTo('i32'),
  u8: integersTo('u8'),
  u16: integersTo('u16'),
  u32: integersTo('u32'),
  i64: bigTo(-(2n ** 63n), 2n ** 63n - 1n),
  u64: bigTo(0n, 2n ** 64n - 1n),
  bool: truth,
};

function truncated(x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  return Number.isFinite(x) ? BigInt(Math.trunc(x)) : x > 0 ? 2n ** 65n : -(2n ** 65n);
}

const TABLES = { f16: F16, bf16: BF16, f8e4m3: E4M3, f8e5m2: E5M2 } as const;
const isNarrow = (d: DType): d is keyof typeof TABLES => Object.hasOwn(TABLES, d);

/** The values of raw elements, rounded to what `target` holds. */
export function decodeInto<T extends Float32Array | Float64Array>(dtype: DType, raw: Raw, target: T): T {
  if (isNarrow(dtype)) {
    const table = TABLES[dtype];
    const codes = raw as Codes;
    for (let i = 0; i < codes.length; i++) target[i] = table[codes[i]!]!;
  } else if (isBig(dtype)) for (let i = 0; i < raw.length; i++) target[i] = Number(raw[i]);
  else target.set(raw as Float32Array);
  return target;
}

/** The values of raw elements as JavaScript has them: numbers, bigints for 64-bit integers, booleans for bool. */
export function decodeElements(dtype: DType, raw: Raw): ArrayLike<number | bigint | boolean> {
  if (isNarrow(dtype)) return decodeInto(dtype, raw, new Float32Array(raw.length));
  return dtype === 'bool' ? Array.from(raw as Uint8Array, (x) => x !== 0) : raw;
}
