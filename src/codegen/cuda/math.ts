/** Device math functions by dtype. Narrow floats are computed in f32 before they come here. */
import { type DType, isFloat } from '../../ir/dtype.ts';
import type { MathFn } from '../../ir/tile/schema.ts';
import type { Context } from './context.ts';
import { isNarrowInt } from './types.ts';

/** Functions that CUDA has for both floats, as `name` and `namef`, accurate to a few units in the last place. */
const STANDARD: Readonly<Partial<Record<MathFn, string>>> = {
  abs: 'fabs',
  sqrt: 'sqrt',
  rsqrt: 'rsqrt',
  exp: 'exp',
  log: 'log',
  log2: 'log2',
  log10: 'log10',
  log1p: 'log1p',
  expm1: 'expm1',
  sin: 'sin',
  cos: 'cos',
  tan: 'tan',
  asin: 'asin',
  acos: 'acos',
  atan: 'atan',
  sinh: 'sinh',
  cosh: 'cosh',
  tanh: 'tanh',
  erf: 'erf',
  floor: 'floor',
  ceil: 'ceil',
  trunc: 'trunc',
  pow: 'pow',
  atan2: 'atan2',
  fmod: 'fmod',
  fma: 'fma',
};

/** The call of `fn` on `args` (texts) of `dtype`: f32, f64 or an integer. */
export function mathCall(fn: MathFn, args: readonly string[], dtype: DType, cx: Context): string {
  const list = args.join(', ');
  if (fn === 'popcount' || fn === 'clz') return bitCount(fn, list, dtype, cx);
  if (fn === 'isnan' || fn === 'isinf' || fn === 'isfinite')
    return isFloat(dtype) ? `${fn}(${list})` : `${fn === 'isfinite'}`;
  if (fn === 'sign') return dtype.startsWith('u') ? `${cx.type(dtype)}(bool(${list}))` : `${cx.use('sign')}(${list})`;
  if (!isFloat(dtype)) return integerCall(fn, args, dtype, cx);
  const double = dtype === 'f64';
  const standard = STANDARD[fn];
  if (standard !== undefined) return `${standard}${double ? '' : 'f'}(${list})`;
  switch (fn) {
    case 'exp2':
      return double ? `exp2(${list})` : `${cx.use('exp2_fast')}(${list})`;
    case 'tanhApprox':
      return double ? `tanh(${list})` : `${cx.use('tanh_fast')}(${list})`;
    case 'rcpApprox':
      return double ? `(1.0 / (${list}))` : `${cx.use('rcp_fast')}(${list})`;
    case 'sigmoid':
      cx.use(double ? 'sigmoid_f64' : 'sigmoid_f32');
      return `sigmoid(${list})`;
    case 'round':
      cx.use(double ? 'round_half_up_f64' : 'round_half_up_f32');
      return `round_half_up(${list})`;
    case 'clamp':
      cx.use(double ? 'clamp' : 'clamp_f32');
      return `clamp(${list})`;
    default:
      throw new Error(`no CUDA function for ${fn} on ${dtype}`);
  }
}

function integerCall(fn: MathFn, args: readonly string[], dtype: DType, cx: Context): string {
  const list = args.join(', ');
  switch (fn) {
    case 'abs':
      if (dtype.startsWith('u')) return list;
      return dtype === 'i64'
        ? `llabs(${list})`
        : isNarrowInt(dtype)
          ? `${cx.type(dtype)}(abs(${list}))`
          : `abs(${list})`;
    case 'clamp':
      return `${cx.use('clamp')}(${list})`;
    case 'floor':
    case 'ceil':
    case 'round':
    case 'trunc':
      return list;
    default:
      throw new Error(`no CUDA function for ${fn} on ${dtype}`);
  }
}

function bitCount(fn: 'popcount' | 'clz', x: string, dtype: DType, cx: Context): string {
  const name = fn === 'popcount' ? '__popc' : '__clz';
  const result = (text: string): string => (dtype === 'i32' ? text : `${cx.type(dtype)}(${text})`);
  if (dtype === 'i64' || dtype === 'u64') return result(`${name}ll(${x})`);
  if (!isNarrowInt(dtype)) return result(`${name}(${x})`);
  const byte = dtype === 'i8' || dtype === 'u8';
  const zeroExtended = `${name}(${cx.type(byte ? 'u8' : 'u16')}(${x}))`;
  return result(fn === 'clz' ? `${zeroExtended} - ${byte ? 24 : 16}` : zeroExtended);
}
