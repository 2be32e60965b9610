/** Short constructors of Device IR for the printer's tests. */
import type { Addr, DExpr, DeviceKernel, DStmt, RegRef, SharedBuffer } from '../../../src/ir/device/schema.ts';
import type { DType } from '../../../src/ir/dtype.ts';
import { NO_SPAN } from '../../../src/ir/span.ts';
import type { BinaryOp, Dim, MathFn, Param, UnaryOp } from '../../../src/ir/tile/schema.ts';

export const num = (value: number | bigint | boolean, dtype: DType = 'i32'): DExpr => ({ kind: 'const', dtype, value });
export const v = (name: string, dtype: DType = 'i32'): DExpr => ({ kind: 'var', name, dtype });
export const reg = (array: string, index: number | DExpr, dtype: DType = 'f32'): DExpr => ({
  kind: 'reg',
  array,
  index: typeof index === 'number' ? num(index) : index,
  dtype,
});
export const ref = (array: string, index: number | DExpr = 0): RegRef => ({
  array,
  index: typeof index === 'number' ? num(index) : index,
});

const COMPARISONS: readonly BinaryOp[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'land', 'lor'];
export const bin = (op: BinaryOp, a: DExpr, b: DExpr): DExpr => ({
  kind: 'binary',
  op,
  a,
  b,
  dtype: COMPARISONS.includes(op) ? 'bool' : a.dtype,
});
export const un = (op: UnaryOp, a: DExpr): DExpr => ({ kind: 'unary', op, a, dtype: a.dtype });
export const cast = (dtype: DType, a: DExpr): DExpr => ({ kind: 'cast', a, dtype });
export const bitcast = (dtype: DType, a: DExpr): DExpr => ({ kind: 'bitcast', a, dtype });
export const call = (fn: MathFn, ...args: DExpr[]): DExpr => ({
  kind: 'call',
  fn,
  args,
  dtype: fn.startsWith('is') ? 'bool' : args[0]!.dtype,
});

export const at = (
  base: string,
  offset: number | DExpr,
  dtype: DType = 'f32',
  space: Addr['space'] = 'global',
): Addr => ({
  space,
  base,
  offset: typeof offset === 'number' ? num(offset) : offset,
  dtype,
});
export const shared = (base: string, offset: number | DExpr, dtype: DType = 'f16'): Addr =>
  at(base, offset, dtype, 'shared');

export const tensor = (name: string, dtype: DType): Param => ({
  kind: 'tensor',
  name,
  dtype,
  shape: [],
  span: NO_SPAN,
});
export const scalar = (name: string, dtype: DType): Param => ({ kind: 'scalar', name, dtype, span: NO_SPAN });
export const dim = (name: string): Dim => ({ name, multipleOf: 1, span: NO_SPAN });
export const buffer = (name: string, dtype: DType, offset: number, comment?: string): SharedBuffer => ({
  name,
  dtype,
  length: 64,
  offset,
  comment,
});

/** A kernel named `test` of one role and 128 threads. */
export const kernel = (body: readonly DStmt[], more: Partial<DeviceKernel> = {}): DeviceKernel => ({
  name: 'test',
  params: [],
  dims: [],
  writes: [],
  grid: [],
  threads: 128,
  shared: [],
  sharedBytes: 0,
  prologue: [],
  roles: [{ name: 'main', warps: [0, 4], body }],
  span: NO_SPAN,
  ...more,
});
