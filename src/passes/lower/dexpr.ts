/** Small constructors of Device IR expressions, folding constants so that the emitted code stays readable. */

import type { DBinaryOp, DExpr } from '../../ir/device/schema.ts';
import type { DType } from '../../ir/dtype.ts';

export const int = (value: number, dtype: DType = 'i32'): DExpr => ({
  kind: 'const',
  dtype,
  value: dtype === 'i64' || dtype === 'u64' ? BigInt(value) : value,
});
export const dvar = (name: string, dtype: DType = 'i32'): DExpr => ({ kind: 'var', name, dtype });
export const reg = (array: string, index: DExpr, dtype: DType): DExpr => ({ kind: 'reg', array, index, dtype });

export const constOf = (e: DExpr): number | undefined =>
  e.kind === 'const' && typeof e.value !== 'boolean' ? Number(e.value) : undefined;

const FOLD: Partial<Record<DBinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => Math.trunc(a / b),
  rem: (a, b) => a % b,
  and: (a, b) => a & b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr: (a, b) => a >> b,
};

/** An integer operation; the dtype is the left operand's. */
export function ibin(op: DBinaryOp, a: DExpr, b: DExpr): DExpr {
  const x = constOf(a);
  const y = constOf(b);
  const fold = FOLD[op];
  if (x !== undefined && y !== undefined && fold) return int(fold(x, y), a.dtype);
  if ((op === 'add' || op === 'xor') && x === 0) return b;
  if ((op === 'add' || op === 'sub' || op === 'xor' || op === 'shl' || op === 'shr') && y === 0) return a;
  if (op === 'mul' && (x === 0 || y === 1)) return a;
  if (op === 'mul' && (y === 0 || x === 1)) return b;
  if (op === 'div' && y === 1) return a;
  if (op === 'rem' && y === 1) return int(0, a.dtype);
  // Constants to the right, and collected.
  if (op === 'add' && x !== undefined) return ibin('add', b, a);
  if (op === 'mul' && x !== undefined) return ibin('mul', b, a);
  if (op === 'add' && y !== undefined && a.kind === 'binary' && a.op === 'add') {
    const inner = constOf(a.b);
    if (inner !== undefined) return ibin('add', a.a, int(inner + y, a.dtype));
  }
  if (op === 'mul' && y !== undefined && a.kind === 'binary' && a.op === 'mul') {
    const inner = constOf(a.b);
    if (inner !== undefined) return ibin('mul', a.a, int(inner * y, a.dtype));
  }
  if (op === 'add' && y !== undefined && y < 0)
    return { kind: 'binary', op: 'sub', a, b: int(-y, a.dtype), dtype: a.dtype };
  return { kind: 'binary', op, a, b, dtype: a.dtype };
}
export const add = (a: DExpr, b: DExpr): DExpr => ibin('add', a, b);
export const mul = (a: DExpr, b: DExpr): DExpr => ibin('mul', a, b);
export const sum = (...terms: readonly DExpr[]): DExpr => terms.reduce((a, b) => add(a, b), int(0));

export type Comparison = 'lt' | 'le' | 'eq' | 'ge' | 'gt' | 'ne';
export const compare = (op: Comparison, a: DExpr, b: DExpr): DExpr => ({
  kind: 'binary',
  op,
  a,
  b,
  dtype: 'bool',
});
export const both = (a: DExpr | undefined, b: DExpr | undefined): DExpr | undefined =>
  a && b ? { kind: 'binary', op: 'land', a, b, dtype: 'bool' } : (a ?? b);

export function castTo(dtype: DType, a: DExpr): DExpr {
  if (a.dtype === dtype) return a;
  if (a.kind === 'const' && dtype === 'i64' && typeof a.value === 'number') return int(a.value, 'i64');
  return { kind: 'cast', a, dtype };
}
