/** What the printer and the parser of the IR agree on: names, numbers, strings, spans, operators. */
import { classOf, type DType } from '../dtype.ts';
import type { Span } from '../span.ts';
import { type BinaryOp, type Const, type Expr, MATH_FNS, type MathFn } from './schema.ts';

/** Words that start a statement or stand alone after one; used as names they are written between backquotes. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...['kernel', 'shared', 'fragment', 'local', 'let', 'var', 'for', 'in', 'parallel', 'if', 'else', 'while'],
  ...['break', 'continue', 'return', 'copy', 'fill', 'gemm', 'reduce', 'cumsum', 'atomic', 'print', 'assert'],
  ...['commitGroup', 'waitGroup', 'barrier', 'clear', 'reverse', 'async'],
  ...['true', 'false', 'inf', 'nan'],
]);

export const IDENTIFIER = /[A-Za-z_$][A-Za-z0-9_$]*/;
const WHOLE_IDENTIFIER = new RegExp(`^(?:${IDENTIFIER.source})$`);
/** Would be read as something else: `inf_f16` as a number, `layout(` as the start of a layout. */
const MISTAKABLE = /^(?:(?:inf|nan|true|false)_|layout$)/;

/** A name as it stands in the text: plain, or between backquotes where it isn't an ASCII identifier or is reserved. */
export function printName(name: string): string {
  if (WHOLE_IDENTIFIER.test(name) && !RESERVED.has(name) && !MISTAKABLE.test(name)) return name;
  return '`' + JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"').replaceAll('`', '\\u0060') + '`';
}

/** The name in a token, backquoted or plain. */
export const readName = (image: string): string =>
  image.startsWith('`') ? (JSON.parse(`"${image.slice(1, -1).replaceAll('"', '\\"')}"`) as string) : image;

// --------------------------------------------------------------------------------------------------------- numbers

const floatText = (v: number): string => {
  if (Number.isNaN(v)) return 'nan';
  if (!Number.isFinite(v)) return v > 0 ? 'inf' : '-inf';
  if (Object.is(v, -0)) return '-0.0';
  const text = String(v).replace('e+', 'e');
  return /[.e]/.test(text) ? text : `${text}.0`;
};

/** Unsuffixed numbers are i32, or f32 with a point or exponent; all others name their dtype: `5_i64`, `0.5_f16`, `inf_f64`. */
export function printConst(c: Pick<Const, 'dtype' | 'value'>): string {
  const { dtype, value } = c;
  if (typeof value === 'boolean') return dtype === 'bool' ? String(value) : `${value}_${dtype}`;
  const whole = typeof value === 'bigint' || (Number.isInteger(value) && !Object.is(value, -0));
  const body = whole && classOf(dtype) !== 'float' ? String(BigInt(value)) : floatText(Number(value));
  return dtype === 'i32' && whole ? body : dtype === 'f32' ? body : `${body}_${dtype}`;
}

/** The value of a literal's text without its suffix. */
export function readNumber(body: string, dtype: DType): number | bigint | boolean {
  if (body === 'true' || body === 'false') return body === 'true';
  const value = body === 'inf' ? Infinity : body === '-inf' ? -Infinity : body === 'nan' ? NaN : Number(body);
  return (dtype === 'i64' || dtype === 'u64') && /^-?\d+$/.test(body) ? BigInt(body) : value;
}

export const printString = (s: string): string =>
  JSON.stringify(s).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

// ----------------------------------------------------------------------------------------------------------- spans

const PLAIN_FILE = /^[\w./\\+-]+$/;

/** `@file:line:column`, with `-endLine:endColumn` and ` via @…` where known. */
export function printSpan(s: Span): string {
  const file = PLAIN_FILE.test(s.file) ? s.file : printString(s.file);
  const end = s.endLine !== undefined && s.endColumn !== undefined ? `-${s.endLine}:${s.endColumn}` : '';
  return `@${file}:${s.line}:${s.column}${end}${s.via ? ` via ${printSpan(s.via)}` : ''}`;
}

/** One span without its `via`; the whole token. */
export const SPAN = /@(?:"(?:[^"\\\n]|\\.)*"|[\w./\\+-]+):\d+:\d+(?:-\d+:\d+)?/;

export function readSpan(image: string): Span {
  const m = /^@(.*?):(\d+):(\d+)(?:-(\d+):(\d+))?$/s.exec(image)!;
  const file = m[1]!.startsWith('"') ? (JSON.parse(m[1]!) as string) : m[1]!;
  const start = { file, line: Number(m[2]), column: Number(m[3]) };
  return m[4] === undefined ? start : { ...start, endLine: Number(m[4]), endColumn: Number(m[5]) };
}

// ------------------------------------------------------------------------------------------------------- operators

interface Infix {
  readonly symbol: string;
  /** The higher, the tighter. */
  readonly level: number;
  /** Mixed with another operator, it is kept between parentheses: few remember where it binds. */
  readonly shy?: boolean;
}

export const INFIX = {
  lor: { symbol: '||', level: 1 },
  land: { symbol: '&&', level: 2 },
  or: { symbol: '|', level: 3, shy: true },
  xor: { symbol: '^', level: 4, shy: true },
  and: { symbol: '&', level: 5, shy: true },
  eq: { symbol: '==', level: 6 },
  ne: { symbol: '!=', level: 6 },
  lt: { symbol: '<', level: 7 },
  le: { symbol: '<=', level: 7 },
  gt: { symbol: '>', level: 7 },
  ge: { symbol: '>=', level: 7 },
  shl: { symbol: '<<', level: 8, shy: true },
  shr: { symbol: '>>', level: 8, shy: true },
  add: { symbol: '+', level: 9 },
  sub: { symbol: '-', level: 9 },
  mul: { symbol: '*', level: 10 },
  div: { symbol: '/', level: 10 },
  floordiv: { symbol: '//', level: 10 },
  rem: { symbol: '%', level: 10 },
} as const satisfies Partial<Record<BinaryOp, Infix>>;

export type InfixOp = keyof typeof INFIX;
export const infixOf = (op: BinaryOp): Infix | undefined => (INFIX as Partial<Record<BinaryOp, Infix>>)[op];
/** Binary operators that are written as functions. */
export const PREFIX_BINARY = ['ceildiv', 'min', 'max'] as const satisfies readonly BinaryOp[];

export const isMathFn = (s: string): s is MathFn => Object.hasOwn(MATH_FNS, s);

const COMPARISONS: ReadonlySet<BinaryOp> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);
export const isComparison = (op: BinaryOp): boolean => COMPARISONS.has(op);
const TO_BOOL: ReadonlySet<MathFn> = new Set(['isnan', 'isinf', 'isfinite']);

export const binaryDType = (op: BinaryOp, a: DType): DType => (isComparison(op) ? 'bool' : a);
export const callDType = (fn: MathFn, first: DType): DType => (TO_BOOL.has(fn) ? 'bool' : first);

/** The dtype that a node's operands imply; undefined where the node itself decides (constants, casts, names, loads, ptx). */
export function impliedDType(e: Expr): DType | undefined {
  switch (e.kind) {
    case 'unary':
    case 'select':
      return e.a.dtype;
    case 'binary':
      return binaryDType(e.op, e.a.dtype);
    case 'call':
      return e.args[0] && callDType(e.fn, e.args[0].dtype);
    default:
      return undefined;
  }
}
