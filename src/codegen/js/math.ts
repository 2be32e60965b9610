/** Device math functions by dtype. f32 ones are computed in f64 and rounded once, except where the device differs on purpose. */
import { bytesOf, DTYPES, type DType, isFloat } from '../../ir/dtype.ts';
import type { MathFn } from '../../ir/tile/schema.ts';
import { wrapBig } from './casts.ts';
import { type Context, support } from './context.ts';
import { isBig, PREC, primary, rangeOf, type Val, val, within } from './value.ts';

/** Functions of `Math`; `exact` ones give an f32 for f32s. */
const STANDARD: Readonly<Partial<Record<MathFn, 'exact' | 'inexact'>>> = {
  abs: 'exact',
  floor: 'exact',
  ceil: 'exact',
  trunc: 'exact',
  round: 'exact',
  sign: 'exact',
  sqrt: 'inexact',
  exp: 'inexact',
  log: 'inexact',
  log2: 'inexact',
  log10: 'inexact',
  log1p: 'inexact',
  expm1: 'inexact',
  sin: 'inexact',
  cos: 'inexact',
  tan: 'inexact',
  asin: 'inexact',
  acos: 'inexact',
  atan: 'inexact',
  sinh: 'inexact',
  cosh: 'inexact',
  tanh: 'inexact',
  atan2: 'inexact',
};

/** `fn` of settled values of `dtype`; the result may be unrounded. */
export function mathVal(cx: Context, fn: MathFn, args: readonly Val[], dtype: DType): Val {
  if (!isFloat(dtype)) return integerVal(cx, fn, args, dtype);
  const list = args.map((a) => a.text).join(', ');
  const call = (name: string): Val => primary(`${support(cx, name)}(${list})`);
  const inexact = (v: Val): Val => ({ ...v, unrounded: dtype !== 'f64' });
  const standard = STANDARD[fn];
  if (standard) {
    const v = primary(`Math.${fn}(${list})`);
    return standard === 'exact' ? v : inexact(v);
  }
  const [x] = args as [Val];
  switch (fn) {
    case 'rsqrt':
      return inexact(val(`1 / Math.sqrt(${list})`, PREC.multiplicative));
    case 'exp2':
      if (dtype === 'f64') return val(`2 ** ${within(x, PREC.primary)}`, PREC.multiplicative);
      return { ...call('exp2'), unrounded: dtype !== 'f32' };
    case 'tanhApprox':
      return inexact(primary(`Math.tanh(${list})`));
    case 'rcpApprox':
      return inexact(val(`1 / ${within(x, PREC.unary)}`, PREC.multiplicative));
    case 'pow':
    case 'erf':
    case 'sigmoid':
      return inexact(call(fn));
    case 'fmod':
      return val(args.map((a) => within(a, PREC.unary)).join(' % '), PREC.multiplicative);
    case 'fma':
      return dtype === 'f64' ? call('fma64') : { ...call('fma32'), unrounded: dtype !== 'f32' };
    case 'clamp':
      return call(dtype === 'f64' ? 'clampF64' : 'clamp');
    case 'isnan':
      return primary(`Number.isNaN(${list})`);
    case 'isfinite':
      return primary(`Number.isFinite(${list})`);
    case 'isinf':
      return call('isInf');
    default:
      throw new Error(`internal: ${fn} of ${dtype}`);
  }
}

function integerVal(cx: Context, fn: MathFn, args: readonly Val[], dtype: DType): Val {
  const [x] = args as [Val];
  const big = isBig(dtype);
  switch (fn) {
    case 'isnan':
    case 'isinf':
      return primary('false');
    case 'isfinite':
      return primary('true');
    case 'floor':
    case 'ceil':
    case 'round':
    case 'trunc':
      return x;
    case 'abs':
      if (!big) return primary(`Math.abs(${x.text})`, [0, Math.max(Math.abs(x.lo), Math.abs(x.hi))]);
      return dtype === 'u64' ? x : primary(wrapBig(`${support(cx, 'absBig')}(${x.text})`, dtype));
    case 'sign':
      return big ? primary(`${support(cx, 'signBig')}(${x.text})`) : primary(`Math.sign(${x.text})`, [-1, 1]);
    case 'clamp': {
      const list = args.map((a) => a.text).join(', ');
      return primary(`${support(cx, big ? 'clampBig' : 'clampF64')}(${list})`, big ? undefined : rangeOf(dtype));
    }
    case 'popcount':
    case 'clz':
      return bitCount(cx, fn, x, dtype);
    default:
      throw new Error(`internal: ${fn} of ${dtype}`);
  }
}

function bitCount(cx: Context, fn: 'popcount' | 'clz', x: Val, dtype: DType): Val {
  if (isBig(dtype)) return primary(`${support(cx, `${fn}64`)}(${x.text})`);
  const { bits } = DTYPES[dtype];
  const narrow = bytesOf(dtype) < 4 && x.lo < 0 ? `${within(x, PREC.unary)} & ${2 ** bits - 1}` : x.text;
  if (fn === 'popcount') return primary(`${support(cx, 'popcount')}(${narrow})`, [0, bits]);
  const zeros = `Math.clz32(${narrow})`;
  return bits === 32 ? primary(zeros, [0, 32]) : val(`${zeros} - ${32 - bits}`, PREC.additive, [0, bits]);
}
