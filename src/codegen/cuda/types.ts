/** How each dtype is written in C, and which prelude piece that needs. */
import type { DType } from '../../ir/dtype.ts';

interface CType {
  readonly text: string;
  readonly piece?: string;
  /** Register class in `asm` constraints; 8-bit types and bool travel in 32 bits. */
  readonly constraint: 'h' | 'r' | 'l' | 'f' | 'd';
  /** printf conversion of the (promoted) value. */
  readonly format: string;
}

export const C_TYPES: Readonly<Record<DType, CType>> = {
  f64: { text: 'double', constraint: 'd', format: '%g' },
  f32: { text: 'float', constraint: 'f', format: '%g' },
  f16: { text: 'half_t', piece: 'half_t', constraint: 'h', format: '%g' },
  bf16: { text: 'bfloat16_t', piece: 'bfloat16_t', constraint: 'h', format: '%g' },
  f8e4m3: { text: 'fp8_e4m3_t', piece: 'fp8_e4m3_t', constraint: 'r', format: '%g' },
  f8e5m2: { text: 'fp8_e5m2_t', piece: 'fp8_e5m2_t', constraint: 'r', format: '%g' },
  i8: { text: 'i8', piece: 'i8', constraint: 'r', format: '%d' },
  i16: { text: 'i16', piece: 'i16', constraint: 'h', format: '%d' },
  i32: { text: 'int', constraint: 'r', format: '%d' },
  i64: { text: 'i64', piece: 'i64', constraint: 'l', format: '%lld' },
  u8: { text: 'u8', piece: 'u8', constraint: 'r', format: '%u' },
  u16: { text: 'u16', piece: 'u16', constraint: 'h', format: '%u' },
  u32: { text: 'u32', piece: 'u32', constraint: 'r', format: '%u' },
  u64: { text: 'u64', piece: 'u64', constraint: 'l', format: '%llu' },
  bool: { text: 'bool', constraint: 'r', format: '%d' },
};

/** Floats that are only stored: arithmetic on them is done in f32. */
export const isNarrowFloat = (d: DType): boolean => d === 'f16' || d === 'bf16' || d === 'f8e4m3' || d === 'f8e5m2';
/** Integers that C promotes to int in arithmetic. */
export const isNarrowInt = (d: DType): boolean => d === 'i8' || d === 'i16' || d === 'u8' || d === 'u16';
