/** Dtypes of device arithmetic: promotion, adaptation of host numbers, implicit and explicit conversion. */

import * as M from '../diagnostics/messages/language.ts';
import { fail } from '../diagnostics/report.ts';
import { bytesOf, classOf, DTYPES, type DType, isFloat, isInteger } from '../ir/dtype.ts';
import type { Span } from '../ir/span.ts';
import { binary, cast, constant } from '../ir/tile/build.ts';
import type { BinaryOp, Expr } from '../ir/tile/schema.ts';
import { describe } from './values.ts';

const isNarrowFloat = (d: DType): boolean => isFloat(d) && bytesOf(d) < 4;

/** What an element of the dtype is computed in: narrow floats in f32, small integers in 32 bits. */
export function promoted(d: DType): DType {
  if (isNarrowFloat(d)) return 'f32';
  if (isInteger(d) && bytesOf(d) < 4) return classOf(d) === 'int' ? 'i32' : 'u32';
  return d;
}

export const castTo = (dtype: DType, e: Expr, span: Span): Expr => cast(dtype, e, span);
export const promote = (e: Expr): Expr => castTo(promoted(e.dtype), e, e.span);

const INTEGER_LIMITS = (d: DType): readonly [bigint, bigint] => {
  const bits = BigInt(DTYPES[d].bits);
  return classOf(d) === 'int' ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
};

function notFinite(v: number, dtype: DType): string | undefined {
  if (Number.isNaN(v)) return M.noNaN(dtype);
  return Number.isFinite(v) ? undefined : M.noInfinity(dtype, String(INTEGER_LIMITS(dtype)[1]));
}

/** A host value as a constant of the dtype. `hint`: what to do about a fraction where that is an integer. */
export function hostConstant(v: unknown, dtype: DType, span: Span, float = false, hint?: string): Expr {
  if (typeof v === 'boolean') {
    if (dtype !== 'bool') fail(M.dtypeMismatch('=', 'bool', dtype), span);
    return constant('bool', v, span);
  }
  if (typeof v !== 'number' && typeof v !== 'bigint') fail(M.notANumber(describe({ kind: 'host', v })), span);
  if (dtype === 'bool') fail(M.notBoolean(typeof v), span);
  if (isFloat(dtype)) return constant(dtype, Number(v), span);
  if (typeof v === 'number' && (float || !Number.isInteger(v)))
    fail(M.fractionInInteger(Number.isInteger(v) ? `${v}.0` : String(v), dtype, notFinite(v, dtype) ?? hint), span);
  const [lo, hi] = INTEGER_LIMITS(dtype);
  if (BigInt(v) < lo || BigInt(v) > hi) fail(M.literalRange(String(v), dtype), span);
  return constant(dtype, bytesOf(dtype) === 8 ? BigInt(v) : Number(v), span);
}

/** The dtype of a host value that nothing else decides. */
export const naturalDType = (v: unknown, float = false): DType =>
  typeof v === 'boolean' ? 'bool' : typeof v === 'bigint' ? 'i64' : Number.isInteger(v) && !float ? 'i32' : 'f32';

/**
 * Expressions that only host numbers went into, such as `c > 0 ? 1 : 0`: like a literal, they take the dtype of what they
 * meet. How to make them in another dtype.
 */
const undecided = new WeakMap<Expr, (dtype: DType) => Expr>();

/** Marks `make(dtype)` as one that takes the dtype of what it meets, for which `dtype` stands meanwhile. */
export function adaptable(dtype: DType, make: (dtype: DType) => Expr): Expr {
  const e = make(dtype);
  undecided.set(e, make);
  return e;
}

export const isAdaptable = (e: Expr): boolean => undecided.has(e);

/** The expression in the dtype, if it takes any. */
export function adapted(e: Expr, dtype: DType): Expr {
  const make = dtype === 'bool' || e.dtype === dtype ? undefined : undecided.get(e);
  return make ? make(dtype) : e;
}

/** Two operands in the dtype that they meet in. */
export function unify(op: string, a: Expr, b: Expr, span: Span): readonly [Expr, Expr] {
  const x = promote(adapted(a, promoted(b.dtype)));
  const y = promote(adapted(b, x.dtype));
  if (x.dtype === y.dtype) return [x, y];
  const widens = (from: DType, to: DType): boolean =>
    isInteger(from) && isInteger(to) && classOf(from) === classOf(to) && bytesOf(from) < bytesOf(to);
  if (widens(x.dtype, y.dtype)) return [castTo(y.dtype, x, span), y];
  if (widens(y.dtype, x.dtype)) return [x, castTo(x.dtype, y, span)];
  fail(M.dtypeMismatch(op, x.dtype, y.dtype), span);
}

/** Names of results of arithmetic. */
const results = new WeakSet<Expr>();

/** `name` stands for `value`: what the one may be stored to, the other may. */
export function sameFlow(name: Expr, value: Expr): void {
  if (isComputed(value)) results.add(name);
}

/**
 * A result of arithmetic, which narrows by itself where it is stored; TypeScript too has forgotten its dtype. One of two
 * between which is chosen may also be a value of `into`, the dtype that is stored, as it is.
 */
function isComputed(e: Expr, into?: DType): boolean {
  switch (e.kind) {
    case 'binary':
    case 'unary':
    case 'call':
    case 'const':
      return true;
    case 'select': {
      const arms = [e.a, e.b].map((x) => ({ own: isComputed(x, into), same: x.kind === 'cast' && x.a.dtype === into }));
      return arms.every((x) => x.own || x.same) && arms.some((x) => x.own);
    }
    default:
      return results.has(e);
  }
}

/** The value as it is stored to elements of the dtype. Arithmetic in f32 narrows by itself; a bare value of another dtype does not. */
export function forStore(e: Expr, dtype: DType, buffer: string, span: Span): Expr {
  const value = adapted(e, dtype);
  if (value.dtype === dtype) return value;
  const sameKind = classOf(value.dtype) === classOf(dtype);
  // Of one class, the wider dtype holds all values of the narrower one.
  const widens = sameKind && bytesOf(value.dtype) < bytesOf(dtype);
  if (widens || (sameKind && value.dtype === promoted(dtype) && isComputed(value, dtype)))
    return castTo(dtype, value, span);
  fail(M.storeDtype(value.dtype, buffer, dtype), span);
}

export function arith(op: BinaryOp, a: Expr, b: Expr, symbol: string, span: Span): Expr {
  const [x, y] = unify(symbol, a, b, span);
  if (x.dtype === 'bool') {
    if (op === 'eq' || op === 'ne') return binary(op, x, y, span);
    fail(M.dtypeMismatch(symbol, x.dtype, y.dtype), span);
  }
  if (op === 'div' && isInteger(x.dtype)) fail(M.integerDivision(), span);
  if (op === 'rem' && isFloat(x.dtype)) return { kind: 'call', fn: 'fmod', args: [x, y], dtype: x.dtype, span };
  if (['and', 'or', 'xor', 'shl', 'shr', 'floordiv', 'ceildiv'].includes(op) && !isInteger(x.dtype))
    fail(M.integersOnly(symbol, x.dtype), span);
  return binary(op, x, y, span);
}

export function condition(e: Expr, span: Span): Expr {
  if (e.dtype !== 'bool') fail(M.notBoolean(e.dtype), span);
  return e;
}
