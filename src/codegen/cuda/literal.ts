/** Constants as C literals, exact. */
import type { DType } from '../../ir/dtype.ts';
import type { Context } from './context.ts';
import { isNarrowFloat } from './types.ts';

/** The literal of `value`; may begin with a minus sign, and is otherwise a primary expression. */
export function literal(value: number | bigint | boolean, dtype: DType, cx: Context): string {
  if (dtype === 'bool') return value ? 'true' : 'false';
  if (dtype === 'f64') return float64(Number(value), cx);
  if (dtype === 'f32') return float32(Number(value), cx);
  if (isNarrowFloat(dtype)) return `${cx.type(dtype)}(${float32(Number(value), cx)})`;
  const n = BigInt(value);
  switch (dtype) {
    case 'i32':
      return n === -(2n ** 31n) ? '(-2147483647 - 1)' : `${n}`;
    case 'u32':
      return `${n}u`;
    case 'i64':
      return n === -(2n ** 63n) ? '(-9223372036854775807ll - 1)' : `${n}ll`;
    case 'u64':
      return `${n}ull`;
    default:
      return `${cx.type(dtype)}(${n})`;
  }
}

function special(value: number, cx: Context): string | undefined {
  if (Number.isNaN(value)) return cx.use('NAN');
  if (value === Infinity) return cx.use('INFINITY');
  if (value === -Infinity) return `-${cx.use('INFINITY')}`;
  return undefined;
}

const withPoint = (digits: string): string => (/[.e]/.test(digits) ? digits : `${digits}.0`);
const signed = (value: number, digits: string): string =>
  withPoint(Object.is(value, -0) ? '-0' : digits.replace('e+', 'e'));

function float64(value: number, cx: Context): string {
  const text = special(value, cx);
  return text === undefined ? signed(value, String(value)) : `double(${text})`;
}

/** The shortest decimal that reads back as the float32 nearest to `value`. */
function float32(value: number, cx: Context): string {
  const rounded = Math.fround(value);
  const text = special(rounded, cx);
  if (text !== undefined) return text;
  let digits = 1;
  while (Math.fround(Number(rounded.toPrecision(digits))) !== rounded) digits++;
  return `${signed(rounded, String(Number(rounded.toPrecision(digits))))}f`;
}
