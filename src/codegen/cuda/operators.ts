/** Unary and binary operators: C's where C has one that means the same, prelude functions elsewhere. */
import { type DType, isFloat } from '../../ir/dtype.ts';
import type { BinaryOp } from '../../ir/tile/schema.ts';
import type { Context } from './context.ts';
import { isNarrowFloat, isNarrowInt } from './types.ts';

/** C++ operator precedence, higher binds tighter. */
export const PREC = {
  conditional: 1,
  lor: 2,
  land: 3,
  or: 4,
  xor: 5,
  and: 6,
  equality: 7,
  relational: 8,
  shift: 9,
  additive: 10,
  multiplicative: 11,
  unary: 12,
  primary: 13,
} as const;

export interface Infix {
  readonly kind: 'infix';
  readonly text: string;
  readonly prec: number;
}

const infix = (text: string, prec: number): Infix => ({ kind: 'infix', text, prec });

const INFIX: Readonly<Partial<Record<BinaryOp, Infix>>> = {
  add: infix('+', PREC.additive),
  sub: infix('-', PREC.additive),
  mul: infix('*', PREC.multiplicative),
  div: infix('/', PREC.multiplicative),
  and: infix('&', PREC.and),
  or: infix('|', PREC.or),
  xor: infix('^', PREC.xor),
  shl: infix('<<', PREC.shift),
  shr: infix('>>', PREC.shift),
  eq: infix('==', PREC.equality),
  ne: infix('!=', PREC.equality),
  lt: infix('<', PREC.relational),
  le: infix('<=', PREC.relational),
  gt: infix('>', PREC.relational),
  ge: infix('>=', PREC.relational),
  land: infix('&&', PREC.land),
  lor: infix('||', PREC.lor),
};

/** The function or operator of `op` on two operands of `dtype`, which is not a narrow float. */
export function binaryForm(
  op: BinaryOp,
  dtype: DType,
  cx: Context,
): Infix | { readonly kind: 'function'; readonly name: string } {
  const call = (name: string) => ({ kind: 'function', name }) as const;
  switch (op) {
    case 'min':
    case 'max':
      return call(dtype === 'f32' ? `f${op}f` : dtype === 'f64' ? `f${op}` : op);
    case 'rem':
      return isFloat(dtype) ? call(dtype === 'f64' ? 'fmod' : 'fmodf') : infix('%', PREC.multiplicative);
    case 'floordiv':
      return isUnsigned(dtype) ? infix('/', PREC.multiplicative) : call(cx.use('floor_div'));
    case 'ceildiv':
      return call(cx.use(isUnsigned(dtype) ? 'ceil_div_unsigned' : 'ceil_div'));
    default:
      return INFIX[op]!;
  }
}

const isUnsigned = (d: DType): boolean => d.startsWith('u');

/** Whether C's result of arithmetic on `dtype` is wider than `dtype` and has to be brought back. */
export const needsNarrowing = (d: DType): boolean => isNarrowInt(d) || isNarrowFloat(d);

/**
 * Whether an operand that is itself the infix operation `inner` gets parentheses inside `outer` although C's precedence
 * would do without: bit operators and shifts among others, and && within ||, are read wrongly too often.
 */
export function confusing(outer: Infix, inner: Infix): boolean {
  const bitwise = (o: Infix): boolean => /^(&|\||\^|<<|>>)$/.test(o.text);
  if (bitwise(outer)) return inner.text !== outer.text;
  return outer.text === '||' && inner.text === '&&';
}
