/** Unary and binary operators by dtype. */
import { bytesOf, type DType, isFloat } from '../../ir/dtype.ts';
import type { BinaryOp, UnaryOp } from '../../ir/tile/schema.ts';
import { settled, wrapBig } from './casts.ts';
import { type Context, mathFn, support } from './context.ts';
import {
  addInts,
  isBig,
  known,
  mayBeZero,
  mulInts,
  PREC,
  primary,
  type Range,
  rangeOf,
  subInts,
  type Val,
  val,
  within,
  wrapInt,
} from './value.ts';

const INFIX: Readonly<Partial<Record<BinaryOp, readonly [text: string, prec: number]>>> = {
  add: ['+', PREC.additive],
  sub: ['-', PREC.additive],
  mul: ['*', PREC.multiplicative],
  div: ['/', PREC.multiplicative],
  rem: ['%', PREC.multiplicative],
  and: ['&', PREC.and],
  or: ['|', PREC.or],
  xor: ['^', PREC.xor],
  shl: ['<<', PREC.shift],
  shr: ['>>', PREC.shift],
  eq: ['===', PREC.equality],
  ne: ['!==', PREC.equality],
  lt: ['<', PREC.relational],
  le: ['<=', PREC.relational],
  gt: ['>', PREC.relational],
  ge: ['>=', PREC.relational],
  land: ['&&', PREC.land],
  lor: ['||', PREC.lor],
};

/** `a op b` in JavaScript's own operator. && and bit operators among others get parentheses that precedence would spare. */
function infix(op: BinaryOp, a: Val, b: Val, range?: Range, symbol?: string): Val {
  const [own, prec] = INFIX[op]!;
  const text = symbol ?? own;
  const tight = prec <= PREC.and || op === 'shl' || op === 'shr';
  const logical = op === 'land' || op === 'lor';
  const left = tight && !logical ? PREC.unary : op === 'lor' ? PREC.or : prec;
  const right = tight && !logical ? PREC.unary : op === 'lor' ? PREC.or : prec + (logical ? 0 : 1);
  return val(`${side(a, left, op)} ${text} ${side(b, right, op)}`, prec, range);
}
const side = (v: Val, prec: number, op: BinaryOp): string =>
  op === 'lor' && v.prec === PREC.lor ? v.text : within(v, prec);

const COMPARE: ReadonlySet<BinaryOp> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'land', 'lor']);

/** `a op b` of two values of `dtype` (shifts: `b` of `bType`), which need not be settled; nor need the result. `nonzero` wraps a divisor. */
export function binaryVal(
  cx: Context,
  op: BinaryOp,
  a: Val,
  b: Val,
  dtype: DType,
  bType: DType,
  nonzero: (v: Val) => Val,
): Val {
  if (COMPARE.has(op)) return infix(op, settled(cx, a, dtype), settled(cx, b, dtype));
  if (dtype === 'bool') return boolVal(op, a, b);
  if (isFloat(dtype)) return floatVal(cx, op, settled(cx, a, dtype), settled(cx, b, dtype), dtype);
  if (isBig(dtype)) return bigVal(cx, op, a, b, dtype, bType, nonzero);
  return intVal(cx, op, a, b, dtype, bType, nonzero);
}

function boolVal(op: BinaryOp, a: Val, b: Val): Val {
  if (op === 'and' || op === 'or') return infix(op === 'and' ? 'land' : 'lor', a, b);
  if (op === 'xor') return infix('ne', a, b);
  throw new Error(`internal: ${op} of bools`);
}

function floatVal(cx: Context, op: BinaryOp, a: Val, b: Val, dtype: DType): Val {
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return { ...infix(op, a, b), unrounded: dtype !== 'f64' };
    case 'rem':
      return infix(op, a, b);
    case 'min':
    case 'max':
      return primary(`${support(cx, `f${op}`)}(${a.text}, ${b.text})`);
    default:
      throw new Error(`internal: ${op} of ${dtype}`);
  }
}

function bigVal(cx: Context, op: BinaryOp, a: Val, b: Val, dtype: DType, bType: DType, nonzero: (v: Val) => Val): Val {
  const call = (fn: string, x: Val, y: Val): Val => primary(`${support(cx, fn)}(${x.text}, ${y.text})`);
  switch (op) {
    case 'min':
    case 'max':
      return call(`${op}Big`, a, b);
    case 'floordiv':
      return dtype === 'u64'
        ? val(`${within(a, PREC.multiplicative)} / ${within(nonzero(b), PREC.unary)}`, PREC.multiplicative)
        : primary(wrapBig(call('floorDivBig', a, nonzero(b)).text, dtype));
    case 'ceildiv':
      return primary(wrapBig(call('ceilDivBig', a, nonzero(b)).text, dtype));
    case 'rem':
      return infix(op, a, nonzero(b));
    case 'and':
    case 'or':
    case 'xor':
      return infix(op, a, b);
    case 'shl':
    case 'shr': {
      const by = isBig(bType) ? b : primary(`BigInt(${settled(cx, b, bType).text})`);
      return op === 'shr' ? infix(op, a, by) : primary(wrapBig(infix(op, a, by).text, dtype));
    }
    case 'add':
    case 'sub':
    case 'mul':
      return primary(wrapBig(infix(op, a, b).text, dtype));
    default:
      throw new Error(`internal: ${op} of ${dtype}`);
  }
}

function intVal(cx: Context, op: BinaryOp, a: Val, b: Val, dtype: DType, bType: DType, nonzero: (v: Val) => Val): Val {
  const settle = (v: Val): Val => wrapInt(v, dtype);
  switch (op) {
    case 'add':
      return addInts(a, b) ?? addInts(settle(a), settle(b))!;
    case 'sub':
      return subInts(a, b) ?? subInts(settle(a), settle(b))!;
    case 'mul': {
      const exact = mulInts(a, b) ?? mulInts(settle(a), settle(b));
      // Math.imul gives the low 32 bits, signed.
      return exact ?? primary(`${mathFn(cx, 'imul')}(${a.text}, ${b.text})`, rangeOf('i32'));
    }
    case 'floordiv':
    case 'ceildiv':
      return division(op, settle(a), nonzero(settle(b)));
    case 'rem': {
      const [x, y] = [settle(a), nonzero(settle(b))];
      const most = Math.max(Math.abs(y.lo), Math.abs(y.hi)) - 1;
      const lo = x.lo < 0 ? Math.max(x.lo, -most) : 0;
      return { ...infix(op, x, y, [lo, Math.min(Math.max(x.hi, 0), most)]), minusZero: x.lo < 0 || mayBeZero(y) };
    }
    case 'min':
    case 'max': {
      const [x, y] = [settle(a), settle(b)];
      const pick = Math[op];
      return primary(`Math.${op}(${x.text}, ${y.text})`, [pick(x.lo, y.lo), pick(x.hi, y.hi)]);
    }
    case 'and':
    case 'or':
    case 'xor': {
      // The operator itself wraps to 32 bits.
      const [x, y] = bytesOf(dtype) === 4 ? [a, b] : [settle(a), settle(b)];
      return infix(op, x, y, bitRange(op, settle(a), settle(b)));
    }
    case 'shl':
      return shiftLeft(a, wrapInt(b, bType));
    case 'shr': {
      const [x, by] = [settle(a), wrapInt(b, bType)];
      const n = known(by);
      const range: Range =
        n === undefined
          ? [Math.min(x.lo, 0), Math.max(x.hi, 0)]
          : [Math.floor(x.lo / 2 ** n), Math.floor(x.hi / 2 ** n)];
      return infix(op, x, by, range, dtype.startsWith('u') ? '>>>' : '>>');
    }
    default:
      throw new Error(`internal: ${op} of ${dtype}`);
  }
}

/** JavaScript's bit operators give signed 32-bit integers. */
function bitRange(op: 'and' | 'or' | 'xor', a: Val, b: Val): Range {
  if (op === 'and' && a.lo >= 0 && a.hi < 2 ** 31) return [0, a.hi];
  if (op === 'and' && b.lo >= 0 && b.hi < 2 ** 31) return [0, b.hi];
  if (a.lo >= 0 && b.lo >= 0 && a.hi < 2 ** 31 && b.hi < 2 ** 31)
    return [0, 2 ** Math.ceil(Math.log2(Math.max(a.hi, b.hi) + 1)) - 1];
  return rangeOf('i32');
}

function shiftLeft(a: Val, by: Val): Val {
  const n = known(by);
  const v = infix('shl', a, by, rangeOf('i32'));
  if (n === undefined || n < 0 || n > 31) return v;
  const [lo, hi] = [a.lo * 2 ** n, a.hi * 2 ** n];
  return lo >= -(2 ** 31) && hi < 2 ** 31 ? val(v.text, v.prec, [lo, hi]) : v;
}

/** The double quotient of 32-bit integers is never so close to a whole number that its floor or ceiling is another. */
function division(op: 'floordiv' | 'ceildiv', a: Val, b: Val): Val {
  const quotient = infix('div', a, b);
  const ends = [a.lo, a.hi].flatMap((x) => (b.lo > 0 ? [x / b.lo, x / b.hi] : [x, -x]));
  const round = op === 'floordiv' ? Math.floor : Math.ceil;
  const range: Range = [round(Math.min(...ends)), round(Math.max(...ends))];
  if (op === 'floordiv' && a.lo >= 0 && b.lo > 0 && a.hi < 2 ** 31)
    return val(`(${quotient.text}) | 0`, PREC.or, range);
  return {
    ...primary(`Math.${op === 'floordiv' ? 'floor' : 'ceil'}(${quotient.text})`, range),
    minusZero: a.lo < 0 || b.lo <= 0,
  };
}

export function unaryVal(op: UnaryOp, a: Val, dtype: DType): Val {
  if (dtype === 'bool') return val(`!${within(a, PREC.unary)}`, PREC.unary);
  const sign = op === 'neg' ? '-' : '~';
  const apply = (x: Val): string => {
    const inner = within(x, PREC.unary);
    return `${sign}${inner.startsWith('-') ? `(${inner})` : inner}`;
  };
  if (isBig(dtype)) return primary(wrapBig(apply(a), dtype));
  if (isFloat(dtype)) return { ...val(apply(a), PREC.unary), unrounded: a.unrounded };
  const s = wrapInt(a, dtype);
  if (op === 'neg') return { ...val(apply(s), PREC.unary, [-s.hi, -s.lo]), minusZero: s.lo <= 0 && s.hi >= 0 };
  return val(apply(s), PREC.unary, [-s.hi - 1, -s.lo - 1]);
}
