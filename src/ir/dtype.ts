/** Element types: the one table that every stage asks about sizes, ranges and classes. */

export const DTYPES = {
  f64: { bits: 64, class: 'float', name: 'float64' },
  f32: { bits: 32, class: 'float', name: 'float32' },
  f16: { bits: 16, class: 'float', name: 'float16' },
  bf16: { bits: 16, class: 'float', name: 'bfloat16' },
  f8e4m3: { bits: 8, class: 'float', name: 'float8_e4m3fn' },
  f8e5m2: { bits: 8, class: 'float', name: 'float8_e5m2' },
  i8: { bits: 8, class: 'int', name: 'int8' },
  i16: { bits: 16, class: 'int', name: 'int16' },
  i32: { bits: 32, class: 'int', name: 'int32' },
  i64: { bits: 64, class: 'int', name: 'int64' },
  u8: { bits: 8, class: 'uint', name: 'uint8' },
  u16: { bits: 16, class: 'uint', name: 'uint16' },
  u32: { bits: 32, class: 'uint', name: 'uint32' },
  u64: { bits: 64, class: 'uint', name: 'uint64' },
  bool: { bits: 8, class: 'bool', name: 'bool' },
} as const;

export type DType = keyof typeof DTYPES;
export type DTypeClass = 'float' | 'int' | 'uint' | 'bool';

export const isDType = (s: string): s is DType => Object.hasOwn(DTYPES, s);
export const bytesOf = (d: DType): number => DTYPES[d].bits / 8;
export const classOf = (d: DType): DTypeClass => DTYPES[d].class;
export const isFloat = (d: DType): boolean => DTYPES[d].class === 'float';
/** Signed or unsigned integers; `bool` is not one. */
export const isInteger = (d: DType): boolean => DTYPES[d].class === 'int' || DTYPES[d].class === 'uint';
