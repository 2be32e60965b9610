/** How each dtype is kept in typed arrays, and what leads from an element to a value of an expression and back. */
import type { DType } from '../../ir/dtype.ts';
import { bytesOf, classOf, isFloat } from '../../ir/dtype.ts';
import { type Context, support } from './context.ts';

/** The array of each dtype; narrow floats are kept as their codes. */
export type RawArray =
  | Float64Array
  | Float32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array;

export const ARRAYS: Readonly<Record<DType, string>> = {
  f64: 'Float64Array',
  f32: 'Float32Array',
  f16: 'Uint16Array',
  bf16: 'Uint16Array',
  f8e4m3: 'Uint8Array',
  f8e5m2: 'Uint8Array',
  i8: 'Int8Array',
  i16: 'Int16Array',
  i32: 'Int32Array',
  i64: 'BigInt64Array',
  u8: 'Uint8Array',
  u16: 'Uint16Array',
  u32: 'Uint32Array',
  u64: 'BigUint64Array',
  bool: 'Uint8Array',
};

export type NarrowFloat = 'f16' | 'bf16' | 'f8e4m3' | 'f8e5m2';

/** The table of a narrow float's values and the function that gives its codes. */
export const NARROW: Readonly<Record<NarrowFloat, { readonly table: string; readonly encode: string }>> = {
  f16: { table: 'F16', encode: 'toF16' },
  bf16: { table: 'BF16', encode: 'toBF16' },
  f8e4m3: { table: 'E4M3', encode: 'toE4M3' },
  f8e5m2: { table: 'E5M2', encode: 'toE5M2' },
};

export const isNarrowFloat = (d: DType): d is NarrowFloat => Object.hasOwn(NARROW, d);

/** The code of `text`, a value of the narrow float `d` already. Only e5m2's encoder would change one: it saturates infinity. */
export const codeOf = (cx: Context, text: string, d: NarrowFloat): string =>
  d === 'f8e5m2' ? `${support(cx, 'codeOfE5M2')}(${text})` : encode(cx, text, d);

/** The code of a narrow float nearest to `text`, an f32 or a number that rounds like one. */
export const encode = (cx: Context, text: string, d: NarrowFloat): string =>
  `${support(cx, NARROW[d].encode)}(${text})`;
export const decode = (cx: Context, code: string, d: NarrowFloat): string => `${support(cx, NARROW[d].table)}[${code}]`;

/** The element that stands for zero. */
export const zeroOf = (d: DType): string => (bytesOf(d) === 8 && !isFloat(d) ? '0n' : '0');

/** What unwritten memory is filled with, so that a use of it shows: NaN, or bytes of 0xCD. */
export function poisonOf(d: DType): string {
  if (isNarrowFloat(d)) return bytesOf(d) === 2 ? '0x7fff' : '0x7f';
  switch (classOf(d)) {
    case 'float':
      return 'NaN';
    case 'bool':
      return '1';
    default:
      return `0x${'cd'.repeat(bytesOf(d))}${bytesOf(d) === 8 ? 'n' : ''}`;
  }
}
