/** Conversions of values, as Tile IR's `Cast` and `Bitcast` define them. */
import { bytesOf, type DType, isFloat } from '../../ir/dtype.ts';
import { type Context, mathFn, support } from './context.ts';
import { codeOf, decode, encode, isNarrowFloat, type NarrowFloat } from './storage.ts';
import { isBig, isSmallInt, PREC, primary, rangeOf, settle, type Val, val, within, wrapInt } from './value.ts';

/** `text`, a number, rounded to a float dtype as arithmetic on it is. */
export function rounded(cx: Context, text: string, d: DType): string {
  if (d === 'f32') return `${mathFn(cx, 'fround')}(${text})`;
  return isNarrowFloat(d) ? decode(cx, encode(cx, text, d), d) : text;
}

export const settled = (cx: Context, v: Val, d: DType): Val => settle(v, d, (text, to) => rounded(cx, text, to));

/** `v` of dtype `from`, not necessarily settled, as a value of `to`, which may be unrounded or unwrapped itself. */
export function convert(cx: Context, v: Val, from: DType, to: DType): Val {
  if (from === to) return v;
  if (isNarrowFloat(to)) return primary(decode(cx, encodeFrom(cx, v, from, to), to));
  if (to === 'bool') return toBool(settled(cx, v, from), from);
  if (isFloat(to)) return toFloat(cx, v, from, to);
  return toInteger(cx, settled(cx, v, from), from, to);
}

/** The code of `v` as a narrow float. */
export function encodeFrom(cx: Context, v: Val, from: DType, to: NarrowFloat): string {
  // The encoder rounds to f32 first, as f32 arithmetic would have.
  if (from === 'f32') return encode(cx, v.text, to);
  const s = settled(cx, v, from);
  if (isNarrowFloat(from) || from === 'bool' || (isSmallInt(from) && bytesOf(from) < 4))
    return encode(cx, asNumber(cx, s, from).text, to);
  return encode(cx, `${support(cx, 'oddF32')}(${asNumber(cx, s, from).text})`, to);
}

/** The number that a settled value is; for 64-bit integers, one that rounds to f32 or less as the integer does. */
function asNumber(cx: Context, v: Val, from: DType): Val {
  if (from === 'bool') return val(`${within(v, PREC.lor)} ? 1 : 0`, PREC.conditional, [0, 1]);
  return isBig(from) ? primary(`${support(cx, 'oddOfBig')}(${v.text})`) : v;
}

function toBool(v: Val, from: DType): Val {
  return val(`${within(v, PREC.relational)} !== ${isBig(from) ? '0n' : '0'}`, PREC.equality);
}

function toFloat(cx: Context, v: Val, from: DType, to: DType): Val {
  const s = settled(cx, v, from);
  if (to === 'f64') return isBig(from) ? primary(`Number(${s.text})`) : { ...floatOf(asNumber(cx, s, from)) };
  const n = asNumber(cx, s, from);
  const exact = isNarrowFloat(from) || from === 'bool' || (isSmallInt(from) && Math.max(-n.lo, n.hi) <= 2 ** 24);
  return { ...floatOf(n), unrounded: !exact };
}

const floatOf = (v: Val): Val => val(v.text, v.prec);

const TRUNCATE: Readonly<Partial<Record<DType, string>>> = {
  i8: 'toI8',
  i16: 'toI16',
  i32: 'toI32',
  i64: 'toI64',
  u8: 'toU8',
  u16: 'toU16',
  u32: 'toU32',
  u64: 'toU64',
};

function toInteger(cx: Context, v: Val, from: DType, to: DType): Val {
  if (isFloat(from)) return primary(`${support(cx, TRUNCATE[to]!)}(${v.text})`, rangeOf(to));
  if (from === 'bool') {
    const [one, zero] = isBig(to) ? ['1n', '0n'] : ['1', '0'];
    return val(`${within(v, PREC.lor)} ? ${one} : ${zero}`, PREC.conditional, isBig(to) ? undefined : [0, 1]);
  }
  if (isBig(to)) {
    const big = isBig(from) ? v.text : `BigInt(${v.text})`;
    const same = !isBig(from) && (to === 'i64' || v.lo >= 0);
    return primary(same ? big : wrapBig(big, to));
  }
  if (isBig(from)) {
    const fn = to.startsWith('u') ? 'asUintN' : 'asIntN';
    return primary(`Number(BigInt.${fn}(${bytesOf(to) * 8}, ${v.text}))`, rangeOf(to));
  }
  return wrapInt(v, to);
}

/** A BigInt brought into the range of i64 or u64. */
export const wrapBig = (text: string, d: DType): string => `BigInt.${d === 'u64' ? 'asUintN' : 'asIntN'}(64, ${text})`;

/** The bits of a settled value, read as another dtype of the same size. `code` is those of a narrow float. */
export function bitcast(cx: Context, v: Val, code: string | undefined, from: DType, to: DType): Val {
  if (isNarrowFloat(from)) return fromCode(cx, code ?? codeOf(cx, v.text, from), to);
  if (isNarrowFloat(to)) return primary(decode(cx, codeFromBits(cx, v, from, to), to));
  if (from === 'bool') return wrapInt(asNumber(cx, v, from), to);
  if (to === 'bool') return val(`(${within(v, PREC.unary)} & 1) !== 0`, PREC.equality);
  const call = (fn: string): Val => primary(`${support(cx, fn)}(${v.text})`, rangeOf(to));
  if (from === 'f32') return call(to === 'u32' ? 'f32ToU32' : 'f32ToI32');
  if (to === 'f32') return call('i32ToF32');
  if (from === 'f64') return call(to === 'u64' ? 'f64ToU64' : 'f64ToI64');
  if (to === 'f64') return call('i64ToF64');
  return isBig(to) ? primary(wrapBig(v.text, to)) : wrapInt(v, to);
}

/** The code that the bits of a settled value make as a narrow float. */
export function codeFromBits(cx: Context, v: Val, from: DType, to: NarrowFloat): string {
  if (isNarrowFloat(from)) return codeOf(cx, v.text, from);
  if (from === 'bool') return asNumber(cx, v, from).text;
  return v.lo >= 0 ? v.text : `${within(v, PREC.unary)} & ${bytesOf(to) === 1 ? '0xff' : '0xffff'}`;
}

function fromCode(cx: Context, code: string, to: DType): Val {
  if (isNarrowFloat(to)) return primary(decode(cx, code, to));
  const v = primary(code, [0, bytesOf(to) === 1 ? 255 : 65535]);
  return to === 'bool' ? val(`(${code} & 1) !== 0`, PREC.equality) : wrapInt(v, to);
}
