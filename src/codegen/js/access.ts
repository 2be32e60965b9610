/** Elements of buffers: index checks, race stamps and row-major offsets. */
import type { Span } from '../../ir/span.ts';
import type { Expr } from '../../ir/tile/schema.ts';
import { type BufferInfo, bufferOf, type Context, check, site } from './context.ts';
import { exprVal } from './expr.ts';
import { decode, isNarrowFloat } from './storage.ts';
import { addInts, int, isBig, known, mulInts, PREC, primary, rangeOf, type Val, val, within } from './value.ts';

export type Access = 'read' | 'write' | 'update';

/** The array element that `indices` name, as an lvalue. */
export function elementRef(cx: Context, buffer: string, indices: readonly Expr[], access: Access, span: Span): string {
  const b = bufferOf(cx, buffer);
  const places = indices.map((e, d) => index(cx, b, d, e, access, span));
  const offset = stamped(cx, b, rowMajor(places, b.shape), access, span);
  return `${b.id}[${offset}]`;
}

function index(cx: Context, b: BufferInfo, dim: number, e: Expr, access: Access, span: Span): Val {
  const i = exprVal(cx, e);
  const size = b.shape[dim]!;
  const within32 = !isBig(e.dtype);
  if (within32 && i.lo >= 0 && i.hi < size.lo) return i;
  if (!cx.checks) return within32 ? i : primary(`Number(${i.text})`);
  const number = site(cx, { span, buffer: b.name, dim, access: access === 'read' ? 'read' : 'written' });
  return primary(`${check(cx, within32 ? 'at' : 'atWide')}(${i.text}, ${size.text}, ${number})`, [0, size.hi - 1]);
}

/** The offset of an element: `((i * n1) + j) * n2 + …`. Indices lie inside, so that the sum is exact. */
export function rowMajor(indices: readonly Val[], shape: readonly Val[]): Val {
  return indices.reduce<Val>((sum, i, d) => addOffsets(d === 0 ? sum : timesSize(sum, shape[d]!), i), int(0));
}

/** Sums and products of offsets, which stay below 2^53 whatever their bounds say. */
export function addOffsets(a: Val, b: Val): Val {
  return addInts(a, b) ?? val(`${within(a, PREC.additive)} + ${within(b, PREC.additive)}`, PREC.additive);
}
export function timesSize(a: Val, n: Val): Val {
  if (known(n) === 1) return a;
  return mulInts(a, n) ?? val(`${within(a, PREC.multiplicative)} * ${within(n, PREC.unary)}`, PREC.multiplicative);
}

/** In a loop where the buffer may be raced for, the offset goes through its shadow. */
function stamped(cx: Context, b: BufferInfo, offset: Val, access: Access, span: Span): string {
  const { loop } = cx;
  if (!loop?.shadowed.has(b.name)) return offset.text;
  const number = site(cx, {
    span,
    buffer: b.name,
    dim: -1,
    access: access === 'read' ? 'read' : 'written',
    loop: loop.site(b.name),
  });
  const shadow = cx.shadows.get(b.name)!;
  if (b.scope !== 'local') return `${shadow}.${access}(${offset.text}, ${loop.iteration}, ${number})`;
  return access === 'write'
    ? `${shadow}.writePrivate(${offset.text}, ${loop.iteration})`
    : `${shadow}.readPrivate(${offset.text}, ${loop.iteration}, ${number})`;
}

/** The value that an element `ref` holds. */
export function elementVal(cx: Context, ref: string, b: Pick<BufferInfo, 'dtype'>): Val {
  if (isNarrowFloat(b.dtype)) return primary(decode(cx, ref, b.dtype));
  if (b.dtype === 'bool') return val(`${ref} !== 0`, PREC.equality);
  return primary(ref, rangeOf(b.dtype));
}
