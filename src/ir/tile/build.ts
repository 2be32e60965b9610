/**
 * Small constructors of Tile IR expressions. They fold constants exactly as the device would compute them and drop
 * neutral operands, but do not reorder: `simplify` (analyze.ts) does that. A plain number takes the other operand's dtype.
 */
import { DTYPES, type DType, isInteger } from '../dtype.ts';
import { NO_SPAN, type Span } from '../span.ts';
import type { BinaryOp, Call, Cast, Const, Expr, Load, MathFn, Var } from './schema.ts';
import { binaryDType, callDType, isComparison } from './text.ts';

export type Operand = Expr | number;

export const constant = (dtype: DType, value: Const['value'], span: Span = NO_SPAN): Const => ({
  kind: 'const',
  dtype,
  value,
  span,
});
export const i32 = (value: number, span?: Span): Const => constant('i32', value, span);
export const f32 = (value: number, span?: Span): Const => constant('f32', value, span);
export const bool = (value: boolean, span?: Span): Const => constant('bool', value, span);
/** A variable; i32 unless said. */
export const v = (name: string, dtype: DType = 'i32', span: Span = NO_SPAN): Var => ({
  kind: 'var',
  name,
  dtype,
  span,
});

/** `value` as a constant of `dtype`: a bigint for 64-bit integers. */
export const constantLike = (dtype: DType, value: number, span?: Span): Const =>
  constant(dtype, is64(dtype) ? BigInt(value) : dtype === 'bool' ? value !== 0 : value, span);

const is64 = (d: DType): boolean => d === 'i64' || d === 'u64';

/** Brings an integer into the range of its dtype, as two's complement hardware does. */
export function wrapInteger(dtype: DType, value: bigint): number | bigint {
  const { bits, class: kind } = DTYPES[dtype];
  const wrapped = kind === 'uint' ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
  return is64(dtype) ? wrapped : Number(wrapped);
}

/** The number that an integer constant stands for, if it is one and exact as a number. */
export function constantInt(e: Expr): number | undefined {
  if (e.kind !== 'const' || typeof e.value === 'boolean' || !isInteger(e.dtype)) return undefined;
  const n = Number(e.value);
  return Number.isSafeInteger(n) ? n : undefined;
}

export const isConst = (e: Expr, value?: number): boolean =>
  e.kind === 'const' && (value === undefined || (typeof e.value !== 'boolean' && Number(e.value) === value));

// ---------------------------------------------------------------------------------------------------------- binary

function pair(a: Operand, b: Operand): readonly [Expr, Expr] {
  if (typeof a === 'number') return typeof b === 'number' ? [i32(a), i32(b)] : [constantLike(b.dtype, a, b.span), b];
  return [a, typeof b === 'number' ? constantLike(a.dtype, b, a.span) : b];
}

/** A binary node, folded where its operands allow it. */
export function binary(op: BinaryOp, left: Operand, right: Operand, span?: Span): Expr {
  const [a, b] = pair(left, right);
  const at = span ?? a.span;
  const folded = a.kind === 'const' && b.kind === 'const' ? foldBinary(op, a, b) : undefined;
  if (folded !== undefined) return constant(binaryDType(op, a.dtype), folded, at);
  return neutral(op, a, b) ?? { kind: 'binary', op, a, b, dtype: binaryDType(op, a.dtype), span: at };
}

/** What `a op b` is when one of them is neutral or decides alone. Floats keep NaN, infinities and signed zeros. */
function neutral(op: BinaryOp, a: Expr, b: Expr): Expr | undefined {
  const int = isInteger(a.dtype);
  switch (op) {
    case 'add':
      if (int && isConst(b, 0)) return a;
      return int && isConst(a, 0) ? b : undefined;
    case 'sub':
      return int && isConst(b, 0) ? a : undefined;
    case 'mul':
      if (isConst(b, 1)) return a;
      if (isConst(a, 1)) return b;
      return int && isConst(a, 0) ? a : int && isConst(b, 0) ? b : undefined;
    case 'div':
    case 'floordiv':
    case 'ceildiv':
      return isConst(b, 1) ? a : undefined;
    case 'rem':
      return int && isConst(b, 1) ? constantLike(a.dtype, 0, a.span) : undefined;
    case 'min':
    case 'max':
      return int && sameExpr(a, b) ? a : undefined;
    case 'shl':
    case 'shr':
      return isConst(b, 0) ? a : undefined;
    case 'land':
      if (a.kind === 'const') return a.value === true ? b : a;
      return b.kind === 'const' && b.value === true ? a : undefined;
    case 'lor':
      if (a.kind === 'const') return a.value === true ? a : b;
      return b.kind === 'const' && b.value === false ? a : undefined;
    default:
      return undefined;
  }
}

/** Equal in all but their spans. */
export function sameExpr(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.dtype !== b.dtype) return false;
  const all = (x: readonly Expr[], y: readonly Expr[]): boolean =>
    x.length === y.length && x.every((e, i) => sameExpr(e, y[i]!));
  switch (a.kind) {
    case 'const':
      return b.kind === 'const' && Object.is(a.value, b.value);
    case 'var':
      return b.kind === 'var' && a.name === b.name;
    case 'unary':
      return b.kind === 'unary' && a.op === b.op && sameExpr(a.a, b.a);
    case 'cast':
      return b.kind === 'cast' && sameExpr(a.a, b.a);
    case 'bitcast':
      return b.kind === 'bitcast' && sameExpr(a.a, b.a);
    case 'binary':
      return b.kind === 'binary' && a.op === b.op && sameExpr(a.a, b.a) && sameExpr(a.b, b.b);
    case 'select':
      return b.kind === 'select' && all([a.cond, a.a, a.b], [b.cond, b.a, b.b]);
    case 'call':
      return b.kind === 'call' && a.fn === b.fn && all(a.args, b.args);
    case 'load':
      return b.kind === 'load' && a.buffer === b.buffer && all(a.indices, b.indices);
    case 'ptx':
      // Volatile: two of them are two effects.
      return false;
  }
}

/** The value of `a op b` on constants of one dtype; undefined where it has none or only the device should say. */
export function foldBinary(op: BinaryOp, a: Const, b: Const): Const['value'] | undefined {
  if (typeof a.value === 'boolean' || typeof b.value === 'boolean') return foldBool(op, a.value, b.value);
  if (isComparison(op)) return compare(op, a.value, b.value);
  if (isInteger(a.dtype)) return foldInteger(op, a.dtype, BigInt(a.value), BigInt(b.value));
  return foldFloat(op, a.dtype, Number(a.value), Number(b.value));
}

function foldBool(op: BinaryOp, a: Const['value'], b: Const['value']): boolean | undefined {
  if (typeof a !== 'boolean' || typeof b !== 'boolean') return undefined;
  switch (op) {
    case 'land':
    case 'and':
      return a && b;
    case 'lor':
    case 'or':
      return a || b;
    case 'xor':
    case 'ne':
      return a !== b;
    case 'eq':
      return a === b;
    default:
      return undefined;
  }
}

function compare(op: BinaryOp, a: number | bigint, b: number | bigint): boolean | undefined {
  switch (op) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'lt':
      return a < b;
    case 'le':
      return a <= b;
    case 'gt':
      return a > b;
    case 'ge':
      return a >= b;
    default:
      return undefined;
  }
}

function foldInteger(op: BinaryOp, dtype: DType, a: bigint, b: bigint): number | bigint | undefined {
  const { bits } = DTYPES[dtype];
  const value = integerResult(op, a, b, bits);
  return value === undefined ? undefined : wrapInteger(dtype, value);
}

function integerResult(op: BinaryOp, a: bigint, b: bigint, bits: number): bigint | undefined {
  const exact = b !== 0n && a % b === 0n;
  const negative = a < 0n !== b < 0n;
  switch (op) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'floordiv':
      return b === 0n ? undefined : a / b - (negative && !exact ? 1n : 0n);
    case 'ceildiv':
      return b === 0n ? undefined : a / b + (!negative && !exact ? 1n : 0n);
    case 'rem':
      return b === 0n ? undefined : a % b;
    case 'min':
      return a < b ? a : b;
    case 'max':
      return a > b ? a : b;
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'shl':
      return b < 0n || b >= bits ? undefined : a << b;
    case 'shr':
      return b < 0n || b >= bits ? undefined : a >> b;
    default:
      return undefined;
  }
}

/** Only f32 and f64, where one rounding of the double result is the device's own. */
function foldFloat(op: BinaryOp, dtype: DType, a: number, b: number): number | undefined {
  if (dtype !== 'f32' && dtype !== 'f64') return undefined;
  const round = dtype === 'f32' ? Math.fround : (x: number): number => x;
  const [x, y] = [round(a), round(b)];
  switch (op) {
    case 'add':
      return round(x + y);
    case 'sub':
      return round(x - y);
    case 'mul':
      return round(x * y);
    case 'div':
      return round(x / y);
    default:
      return undefined;
  }
}

export const add = (a: Operand, b: Operand, span?: Span): Expr => binary('add', a, b, span);
export const sub = (a: Operand, b: Operand, span?: Span): Expr => binary('sub', a, b, span);
export const mul = (a: Operand, b: Operand, span?: Span): Expr => binary('mul', a, b, span);
export const floordiv = (a: Operand, b: Operand, span?: Span): Expr => binary('floordiv', a, b, span);
export const ceildiv = (a: Operand, b: Operand, span?: Span): Expr => binary('ceildiv', a, b, span);
export const rem = (a: Operand, b: Operand, span?: Span): Expr => binary('rem', a, b, span);
export const min = (a: Operand, b: Operand, span?: Span): Expr => binary('min', a, b, span);
export const max = (a: Operand, b: Operand, span?: Span): Expr => binary('max', a, b, span);
export const lt = (a: Operand, b: Operand, span?: Span): Expr => binary('lt', a, b, span);
export const le = (a: Operand, b: Operand, span?: Span): Expr => binary('le', a, b, span);
export const ge = (a: Operand, b: Operand, span?: Span): Expr => binary('ge', a, b, span);
export const gt = (a: Operand, b: Operand, span?: Span): Expr => binary('gt', a, b, span);
export const eq = (a: Operand, b: Operand, span?: Span): Expr => binary('eq', a, b, span);
export const land = (a: Expr, b: Expr, span?: Span): Expr => binary('land', a, b, span);
export const lor = (a: Expr, b: Expr, span?: Span): Expr => binary('lor', a, b, span);

// ---------------------------------------------------------------------------------------------------------- others

export const neg = (a: Expr, span: Span = a.span): Expr =>
  a.kind === 'const' && typeof a.value !== 'boolean'
    ? constant(a.dtype, isInteger(a.dtype) ? wrapInteger(a.dtype, -BigInt(a.value)) : -Number(a.value), span)
    : { kind: 'unary', op: 'neg', a, dtype: a.dtype, span };

export function not(a: Expr, span: Span = a.span): Expr {
  if (a.kind === 'const' && typeof a.value === 'boolean') return constant('bool', !a.value, span);
  if (a.kind === 'unary' && a.op === 'not') return a.a;
  return { kind: 'unary', op: 'not', a, dtype: a.dtype, span };
}

export function select(cond: Expr, a: Expr, b: Expr, span: Span = cond.span): Expr {
  if (cond.kind === 'const') return cond.value === true ? a : b;
  return { kind: 'select', cond, a, b, dtype: a.dtype, span };
}

/** Folds integers to integers and 32-bit integers or f32 to f64; the rest is the device's to round. */
export function cast(dtype: DType, a: Expr, span: Span = a.span): Expr {
  if (a.dtype === dtype) return a;
  if (a.kind === 'const' && typeof a.value !== 'boolean') {
    if (isInteger(a.dtype) && isInteger(dtype)) return constant(dtype, wrapInteger(dtype, BigInt(a.value)), span);
    if (isInteger(a.dtype) && dtype === 'f32') {
      const n = Number(a.value);
      if (Math.fround(n) === n && Number.isSafeInteger(n)) return constant(dtype, n, span);
    }
    if (dtype === 'f64' && a.dtype !== 'i64' && a.dtype !== 'u64')
      return constant(dtype, a.dtype === 'f32' ? Math.fround(Number(a.value)) : Number(a.value), span);
  }
  return { kind: 'cast', a, dtype, span } satisfies Cast;
}

export const call = (fn: MathFn, args: readonly Expr[], span: Span = args[0]?.span ?? NO_SPAN): Call => ({
  kind: 'call',
  fn,
  args,
  dtype: callDType(fn, args[0]?.dtype ?? 'f32'),
  span,
});

export const load = (buffer: string, indices: readonly Operand[], dtype: DType, span: Span = NO_SPAN): Load => ({
  kind: 'load',
  buffer,
  indices: indices.map((i) => (typeof i === 'number' ? i32(i, span) : i)),
  dtype,
  span,
});

/** The sum of a list; 0 (i32) when it is empty. */
export const sum = (terms: readonly Expr[]): Expr => (terms.length === 0 ? i32(0) : terms.reduce((a, b) => add(a, b)));

/** Row-major offset of `indices` in `shape`. */
export const rowMajor = (indices: readonly Expr[], shape: readonly Operand[]): Expr =>
  indices.reduce<Expr>((offset, index, d) => add(mul(offset, shape[d] ?? 1), index), i32(0));
