/**
 * Element types as a kernel's author meets them. Each name is a type, a *flavoured* number that literals and arithmetic
 * flow into but other flavours do not, and a value: `tensor(f16, …)` names the dtype, `f16(x)` converts.
 */
import { type DType, isDType } from '../ir/dtype.ts';
import { convert } from './convert.ts';

/** A number that remembers its dtype. `number` is assignable to every flavour, one flavour to no other. */
export type Flavour<D extends DType> = number & { readonly __dtype?: D };

export type f64 = Flavour<'f64'>;
export type f32 = Flavour<'f32'>;
export type f16 = Flavour<'f16'>;
export type bf16 = Flavour<'bf16'>;
export type f8e4m3 = Flavour<'f8e4m3'>;
export type f8e5m2 = Flavour<'f8e5m2'>;
export type i8 = Flavour<'i8'>;
export type i16 = Flavour<'i16'>;
export type i32 = Flavour<'i32'>;
export type i64 = Flavour<'i64'>;
export type u8 = Flavour<'u8'>;
export type u16 = Flavour<'u16'>;
export type u32 = Flavour<'u32'>;
export type u64 = Flavour<'u64'>;
export type bool = boolean;

export type FloatDType = 'f64' | 'f32' | 'f16' | 'bf16' | 'f8e4m3' | 'f8e5m2';
export type IntDType = 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64';

/** What an element of the dtype is to TypeScript. */
export type Element<D extends DType> = D extends 'bool' ? boolean : Flavour<D>;

/** A dtype as a value: the argument of `tensor`, `scalar`, `T.shared`, …, and a conversion when called. */
export interface DTypeValue<D extends DType = DType> {
  /**
   * Converts. To floats: round to nearest even, f8e4m3 and f8e5m2 saturate (NaN stays NaN). From floats to integers:
   * truncates and saturates; NaN gives 0. Host code may call it too, and gets the rounded number.
   */
  (x: number | boolean): Element<D>;
  readonly dtype: D;
}

// Registered symbols, here and for `T` and macros: two copies of the package in one process must know each other's values.
const DTYPE = Symbol.for('tilec.dtype');

function make<D extends DType>(dtype: D): DTypeValue<D> {
  const cast = (x: number | boolean): Element<D> => convert(x, dtype) as Element<D>;
  return Object.freeze(Object.defineProperty(Object.assign(cast, { dtype, [DTYPE]: dtype }), 'name', { value: dtype }));
}

export const f64 = make('f64');
export const f32 = make('f32');
export const f16 = make('f16');
export const bf16 = make('bf16');
export const f8e4m3 = make('f8e4m3');
export const f8e5m2 = make('f8e5m2');
export const i8 = make('i8');
export const i16 = make('i16');
export const i32 = make('i32');
export const i64 = make('i64');
export const u8 = make('u8');
export const u16 = make('u16');
export const u32 = make('u32');
export const u64 = make('u64');
export const bool = make('bool');

/** The dtype that the value names, if it is one of the above. */
export function dtypeOf(value: unknown): DType | undefined {
  if (typeof value !== 'function' || !(DTYPE in value)) return undefined;
  const dtype = value[DTYPE];
  return typeof dtype === 'string' && isDType(dtype) ? dtype : undefined;
}

/** A dtype by its name: for tools that read it from text. */
export const DTYPE_VALUES = {
  f64,
  f32,
  f16,
  bf16,
  f8e4m3,
  f8e5m2,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  bool,
} as const;
