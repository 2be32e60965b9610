/** Expressions of Tile IR: names in scope, dtypes that fit, constants in range, as many indices as dimensions. */
import * as msg from '../../diagnostics/messages/tir.ts';
import { bytesOf, classOf, DTYPES, type DType, isFloat, isInteger } from '../dtype.ts';
import {
  type Binary,
  type BinaryOp,
  type Call,
  type Const,
  type Expr,
  MATH_FNS,
  type MathFn,
  type Unary,
} from './schema.ts';
import { binaryDType, callDType, isComparison } from './text.ts';
import type { VerifyContext } from './verify-context.ts';
import { childExprs } from './walk.ts';

const isNumber = (d: DType): boolean => d !== 'bool';
const isBits = (d: DType): boolean => !isFloat(d);

/** Reports `e` and what stands in it; then whether it has `dtype`, where one is wanted. */
export function verifyExpr(cx: VerifyContext, e: Expr, dtype?: DType, what = 'the value'): void {
  for (const c of childExprs(e)) verifyExpr(cx, c);
  node(cx, e);
  if (dtype !== undefined) expect(cx, e, dtype, what);
}

/** An index, an extent or an origin: any integer dtype. */
export function verifyIndex(cx: VerifyContext, e: Expr, what: string): void {
  verifyExpr(cx, e);
  if (!isInteger(e.dtype)) cx.report(msg.wrongDType(what, 'an integer', e.dtype), e.span);
}

function expect(cx: VerifyContext, e: Expr, dtype: DType, what: string): void {
  if (e.dtype !== dtype) cx.report(msg.wrongDType(what, dtype, e.dtype), e.span);
}

function node(cx: VerifyContext, e: Expr): void {
  switch (e.kind) {
    case 'const':
      if (!isConstant(e)) cx.report(msg.badConstant(`${e.value}_${e.dtype}`), e.span);
      return;
    case 'var': {
      const known = cx.scalar(e.name);
      if (!known) cx.report(msg.undefinedName(e.name, 'name'), e.span);
      else expect(cx, e, known.dtype, `\`${e.name}\``);
      return;
    }
    case 'unary':
      unary(cx, e);
      return;
    case 'binary':
      binary(cx, e);
      return;
    case 'select':
      expect(cx, e.cond, 'bool', 'the condition of `select`');
      expect(cx, e.b, e.a.dtype, 'the second value of `select`');
      expect(cx, e, e.a.dtype, '`select`');
      return;
    case 'cast':
      return;
    case 'bitcast':
      if (bytesOf(e.dtype) !== bytesOf(e.a.dtype)) cx.report(msg.bitcastSize(e.a.dtype, e.dtype), e.span);
      return;
    case 'call':
      call(cx, e);
      return;
    case 'load': {
      const from = cx.array(e.buffer);
      if (!from) {
        cx.report(msg.undefinedName(e.buffer, 'tile'), e.span);
        return;
      }
      verifyIndices(cx, e.buffer, e.indices, e);
      expect(cx, e, from.dtype, `an element of \`${e.buffer}\``);
      return;
    }
    case 'ptx':
      if (e.fallback) expect(cx, e.fallback, e.dtype, 'the fallback of `ptx`');
  }
}

/** The rank and the dtypes of an element's indices, which are verified elsewhere. */
export function verifyIndices(
  cx: VerifyContext,
  buffer: string,
  indices: readonly Expr[],
  at: { readonly span: Expr['span'] },
): void {
  const { rank } = cx.array(buffer)!;
  if (indices.length !== rank) cx.report(msg.wrongRank(buffer, rank, indices.length), at.span);
  for (const i of indices)
    if (!isInteger(i.dtype)) cx.report(msg.wrongDType(`an index of \`${buffer}\``, 'an integer', i.dtype), i.span);
}

function isConstant({ dtype, value }: Const): boolean {
  if (dtype === 'bool') return typeof value === 'boolean';
  if (dtype === 'i64' || dtype === 'u64') return typeof value === 'bigint' && inRange(value, dtype);
  if (typeof value !== 'number') return false;
  return isFloat(dtype) || (Number.isInteger(value) && inRange(BigInt(value), dtype));
}

function inRange(value: bigint, dtype: DType): boolean {
  const bits = BigInt(DTYPES[dtype].bits);
  const [low, high] = classOf(dtype) === 'uint' ? [0n, 1n << bits] : [-(1n << (bits - 1n)), 1n << (bits - 1n)];
  return value >= low && value < high;
}

function unary(cx: VerifyContext, e: Unary): void {
  const [fits, wanted] =
    e.op === 'neg'
      ? [isNumber(e.a.dtype), 'a number']
      : e.op === 'not'
        ? [e.a.dtype === 'bool', 'bool']
        : [isBits(e.a.dtype), 'an integer'];
  if (!fits) cx.report(msg.wrongDType(`the operand of \`${e.op}\``, wanted, e.a.dtype), e.a.span);
  expect(cx, e, e.a.dtype, `\`${e.op}\``);
}

/** What an operator's operands must be. */
function operandClass(op: BinaryOp): readonly [fits: (d: DType) => boolean, wanted: string] {
  switch (op) {
    case 'div':
      return [isFloat, 'a float'];
    case 'floordiv':
    case 'ceildiv':
    case 'shl':
    case 'shr':
      return [isInteger, 'an integer'];
    case 'and':
    case 'or':
    case 'xor':
      return [isBits, 'an integer or bool'];
    case 'land':
    case 'lor':
      return [(d) => d === 'bool', 'bool'];
    case 'add':
    case 'sub':
    case 'mul':
    case 'rem':
    case 'min':
    case 'max':
      return [isNumber, 'a number'];
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return [() => true, 'anything'];
  }
}

function binary(cx: VerifyContext, e: Binary): void {
  const [fits, wanted] = operandClass(e.op);
  if (!fits(e.a.dtype)) cx.report(msg.wrongDType(`the left operand of \`${e.op}\``, wanted, e.a.dtype), e.a.span);
  const shift = e.op === 'shl' || e.op === 'shr';
  const right = `the right operand of \`${e.op}\``;
  if (!shift) expect(cx, e.b, e.a.dtype, right);
  else if (!isInteger(e.b.dtype)) cx.report(msg.wrongDType(right, 'an integer', e.b.dtype), e.b.span);
  expect(cx, e, binaryDType(e.op, e.a.dtype), isComparison(e.op) ? 'a comparison' : `\`${e.op}\``);
}

const ANY_NUMBER: ReadonlySet<MathFn> = new Set(['abs', 'sign', 'clamp']);
const INTEGERS: ReadonlySet<MathFn> = new Set(['popcount', 'clz']);

function call(cx: VerifyContext, e: Call): void {
  const expected = MATH_FNS[e.fn];
  if (e.args.length !== expected) {
    cx.report(msg.argumentsOf(e.fn, expected, e.args.length), e.span);
    return;
  }
  const [first, ...rest] = e.args;
  const dtype = first!.dtype;
  const [fits, wanted] = INTEGERS.has(e.fn)
    ? [isInteger(dtype), 'an integer']
    : ANY_NUMBER.has(e.fn)
      ? [isNumber(dtype), 'a number']
      : [isFloat(dtype), 'a float'];
  if (!fits) cx.report(msg.wrongDType(`the argument of \`${e.fn}\``, wanted, dtype), first!.span);
  for (const a of rest) expect(cx, a, dtype, `an argument of \`${e.fn}\``);
  expect(cx, e, callDType(e.fn, dtype), `\`${e.fn}\``);
}
