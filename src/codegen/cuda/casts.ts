/** Value conversions and reinterpretations of one scalar. `text` is always the text of an expression of any precedence. */
import { bytesOf, type DType, isFloat } from '../../ir/dtype.ts';
import type { Context } from './context.ts';
import { isNarrowFloat } from './types.ts';

/** `text` of dtype `from` as `to`, by Tile IR's `Cast`: to nearest even; float to integer truncates and saturates, NaN to 0. */
export function castText(text: string, from: DType, to: DType, cx: Context): string {
  if (from === to) return text;
  if (isNarrowFloat(from)) return to === 'f32' ? `float(${text})` : castText(`float(${text})`, 'f32', to, cx);
  if (to === 'bool') return `bool(${text})`;
  if (isNarrowFloat(to)) return `${cx.type(to)}(${narrowSource(text, from, to, cx)})`;
  if (isFloat(from) && !isFloat(to)) {
    cx.use(from === 'f64' ? 'truncate_to_f64' : 'truncate_to_f32');
    return `truncate_to<${cx.type(to)}>(${text})`;
  }
  return `${cx.type(to)}(${text})`;
}

/** A float whose rounding to the narrow type `to` equals that of `text`. */
function narrowSource(text: string, from: DType, to: DType, cx: Context): string {
  if (from === 'f32') return text;
  if (from === 'f64') {
    cx.use('round_to_odd_f64');
    return `round_to_odd(${text})`;
  }
  // Integers that a float can't hold lie beyond the range of all narrow types but bfloat16.
  if (to !== 'bf16' || bytesOf(from) < 4) return `float(${text})`;
  const unsigned = from === 'u32' || from === 'u64';
  cx.use(unsigned ? 'round_to_odd_u64' : 'round_to_odd_i64');
  return `round_to_odd(${castText(text, from, unsigned ? 'u64' : 'i64', cx)})`;
}

const REINTERPRET: Readonly<
  Partial<
    Record<
      DType,
      {
        readonly fromBits: Readonly<Partial<Record<DType, string>>>;
        readonly toBits: Readonly<Partial<Record<DType, string>>>;
      }
    >
  >
> = {
  f32: {
    fromBits: { i32: '__int_as_float', u32: '__uint_as_float' },
    toBits: { i32: '__float_as_int', u32: '__float_as_uint' },
  },
  f64: { fromBits: { i64: '__longlong_as_double' }, toBits: { i64: '__double_as_longlong' } },
};

/** The bits of `text`, of dtype `from`, read as `to`; both have one size. `primary` is `text` ready for a postfix. */
export function bitcastText(text: string, primary: string, from: DType, to: DType, cx: Context): string {
  if (from === to) return text;
  if (isNarrowFloat(from)) {
    const bits: DType = bytesOf(from) === 1 ? 'u8' : 'u16';
    const bitsText = `${primary}.bits`;
    return bitcastText(bitsText, bitsText, bits, to, cx);
  }
  if (isNarrowFloat(to)) return `${cx.type(to)}::from_bits(${text})`;
  const out = REINTERPRET[from]?.toBits;
  if (out) {
    const direct = out[to];
    return direct ? `${direct}(${text})` : `${cx.type(to)}(${out.i64 ?? out.i32}(${text}))`;
  }
  const into = REINTERPRET[to]?.fromBits;
  if (into) {
    const direct = into[from];
    return direct ? `${direct}(${text})` : `${into.i64}(${cx.type('i64')}(${text}))`;
  }
  return `${cx.type(to)}(${text})`;
}
