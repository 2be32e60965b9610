/** Copies and fills of regions: parallel loops over the box, with a guard where it may reach over a tensor's edge. */
import { copyWaits } from '../../diagnostics/messages/advice.ts';
import { type Message, warning } from '../../diagnostics/report.ts';
import type { DExpr } from '../../ir/device/schema.ts';
import { bytesOf, type DType, isFloat } from '../../ir/dtype.ts';
import type { Copy, Expr, Fill, Load, Parallel, Region, Store } from '../../ir/tile/schema.ts';
import { blocked } from '../../layout/blocked.ts';
import { asyncForm } from '../asyncForm.ts';
import { factOf, isBelow } from '../facts.ts';
import { address, regionPointer } from './address.ts';
import type { Lowering } from './context.ts';
import { both, castTo, ibin, int } from './dexpr.ts';
import { compareIndex, lowerExpr } from './expr.ts';
import { boundsGuard, lowerParallel, overLayout } from './parallel.ts';
import { VECTOR_BYTES, vectorLength } from './vectorize.ts';

/** Bytes of the smallest `cp.async`. */
const SHORTEST_ASYNC = 4;

const i32 = (value: number, at: Region): Expr => ({ kind: 'const', dtype: 'i32', value, span: at.span });
const variable = (name: string, at: Region): Expr => ({ kind: 'var', name, dtype: 'i32', span: at.span });

/** The dimensions that are longer than one element: those that two regions are matched by. */
const longDims = (r: Region): number[] => r.extent.flatMap((n, d) => (n > 1 ? [d] : []));

const isZero = (e: Expr): boolean => e.kind === 'const' && Number(e.value) === 0;

/** Per dimension of the region, the loop variable or zero, and the buffer's own index. */
function elementIndices(r: Region, vars: readonly string[], absolute: boolean): Expr[] {
  const dims = longDims(r);
  return r.origin.map((origin, d) => {
    const k = dims.indexOf(d);
    const inner = k < 0 ? i32(0, r) : variable(vars[k]!, r);
    if (!absolute || isZero(origin)) return inner;
    if (k < 0) return origin;
    return { kind: 'binary', op: 'add', a: origin, b: inner, dtype: 'i32', span: r.span };
  });
}

/** For a tensor: declares the pointer and the guard. Relative indices then; absolute ones for tiles. */
function access<A extends Load | Store>(cx: Lowering, r: Region, element: A, readonly: boolean): A {
  if (cx.scopeOf(r.buffer) !== 'global') return element;
  const pointer = regionPointer(cx, r, readonly);
  const guarded = guardedDims(cx, r);
  // What is left of the tensor from the origin on, said once so that the guards in the loop are single comparisons.
  const limits = guarded.flatMap((d): Limit[] => {
    const origin = lowerExpr(cx, r.origin[d]!);
    const size = lowerExpr(cx, cx.tensors.get(r.buffer)!.shape[d]!);
    const left = isZero(r.origin[d]!) ? size : distance(size, origin);
    const below: Limit = { d, op: 'lt', limit: named(cx, `${r.buffer}_left`, left, r) };
    if (factOf(r.origin[d]!, cx.facts).lo >= 0) return [below];
    return [{ d, op: 'ge', limit: named(cx, `${r.buffer}_from`, distance(int(0), origin), r) }, below];
  });
  const guard = (indices: readonly Expr[]): DExpr | undefined =>
    limits.reduce<DExpr | undefined>(
      (all, { d, op, limit }) => both(all, compareIndex(cx, op, indices[d]!, limit)),
      undefined,
    );
  cx.regionLoads.set(element, { region: r, pointer, guard: limits.length > 0 ? guard : undefined });
  return element;
}

/** What an index relative to the origin must be below, or not below. */
interface Limit {
  readonly d: number;
  readonly op: 'lt' | 'ge';
  readonly limit: DExpr;
}

/** From the origin to an edge. That of a wide origin is cut to what an index can reach. */
function distance(edge: DExpr, origin: DExpr): DExpr {
  if (origin.dtype !== 'i64') return ibin('sub', edge, origin);
  const wide = (op: 'sub' | 'min' | 'max', a: DExpr, b: DExpr): DExpr => ({ kind: 'binary', op, a, b, dtype: 'i64' });
  const far = wide('sub', castTo('i64', edge), origin);
  return castTo('i32', wide('min', wide('max', far, int(0, 'i64')), int(2 ** 31 - 1, 'i64')));
}

const named = (cx: Lowering, name: string, value: DExpr, r: Region): DExpr =>
  value.kind === 'binary' || value.kind === 'cast' ? cx.declare(name, value, r.span) : value;

/** The dimensions along which the region is not known to lie inside its tensor. */
function guardedDims(cx: Lowering, r: Region): number[] {
  const shape = cx.tensors.get(r.buffer)!.shape;
  return r.extent.flatMap((n, d) => {
    const origin = factOf(r.origin[d]!, cx.facts);
    const size = factOf(shape[d]!, cx.facts);
    if (origin.lo >= 0 && origin.hi + n <= size.lo) return [];
    if (n === 1 && origin.lo >= 0 && isBelow(r.origin[d]!, shape[d]!, cx.facts)) return [];
    // Steps of n through a size that is a multiple of n cannot straddle the end, but may start behind it: not proved here.
    return [d];
  });
}

export function lowerCopy(cx: Lowering, s: Copy): void {
  const span = s.span;
  const dims = longDims(s.dst);
  const vars = dims.map((_, i) => cx.fresh('ijkl'[i] ?? 'i'));
  const src: Load = {
    kind: 'load',
    buffer: s.src.buffer,
    indices: elementIndices(s.src, vars, cx.scopeOf(s.src.buffer) !== 'global'),
    dtype: cx.dtypeOf(s.src.buffer),
    span,
  };
  const extents = dims.map((d) => s.dst.extent[d]!);
  const load = access(cx, s.src, src, true);
  const store = access(cx, s.dst, storeOf(cx, s.dst, vars, load), false);
  const layout = fragmentLayout(cx, s);
  const loop = oneElementSafe({ kind: 'parallel', vars, extents, body: [store], span, layout }, cx);
  if (s.async) lowerAsync(cx, loop);
  else lowerParallel(cx, loop);
  for (const v of vars) cx.release(v);
}

function oneElementSafe(p: Parallel, cx: Lowering): Parallel {
  return p.vars.length > 0 ? p : { ...p, vars: [cx.fresh('i')], extents: [1] };
}

function storeOf(cx: Lowering, dst: Region, vars: readonly string[], value: Expr): Store {
  const dtype = cx.dtypeOf(dst.buffer);
  return {
    kind: 'store',
    buffer: dst.buffer,
    indices: elementIndices(dst, vars, cx.scopeOf(dst.buffer) !== 'global'),
    value: convertTo(dtype, value),
    span: dst.span,
  };
}

/** Between narrow dtypes the way leads over f32, as everywhere in the language; 8 bits fit 16 exactly, so these go straight. */
function convertTo(dtype: DType, value: Expr): Expr {
  if (value.dtype === dtype) return value;
  const straight = !isNarrow(value.dtype) || !isNarrow(dtype) || bytesOf(value.dtype) < bytesOf(dtype);
  const wide: Expr = straight ? value : { kind: 'cast', a: value, dtype: 'f32', span: value.span };
  return { kind: 'cast', a: wide, dtype, span: value.span };
}
const isNarrow = (d: DType): boolean => isFloat(d) && bytesOf(d) < 4;

/** A copy that touches a fragment runs in the fragment's own layout. */
function fragmentLayout(cx: Lowering, s: Copy): Parallel['layout'] {
  for (const r of [s.src, s.dst]) {
    if (cx.scopeOf(r.buffer) !== 'fragment') continue;
    const { layout } = cx.buffer(r.buffer);
    if (layout) return { ...layout, dims: longDims(r).map((d) => layout.dims[d]!) };
  }
  return undefined;
}

export function lowerFill(cx: Lowering, s: Fill): void {
  const dtype = cx.dtypeOf(s.dst.buffer);
  if (cx.scopeOf(s.dst.buffer) === 'fragment' || cx.scopeOf(s.dst.buffer) === 'local') {
    const value = castTo(dtype, lowerExpr(cx, s.value));
    cx.unrolled('i', cx.registerCount(s.dst.buffer), (i) =>
      cx.emit({ kind: 'setReg', array: s.dst.buffer, index: i.expr, value, span: s.span }),
    );
    return;
  }
  const vars = longDims(s.dst).map((_, i) => cx.fresh('ijkl'[i] ?? 'i'));
  const extents = longDims(s.dst).map((d) => s.dst.extent[d]!);
  const store = access(cx, s.dst, storeOf(cx, s.dst, vars, s.value), false);
  lowerParallel(cx, oneElementSafe({ kind: 'parallel', vars, extents, body: [store], span: s.span }, cx));
  for (const v of vars) cx.release(v);
}

function asyncVector(cx: Lowering, p: Parallel): { vector: number; bytes: 4 | 8 | 16 } | undefined {
  const form = asyncForm(p)!;
  const size = bytesOf(cx.dtypeOf(form.store.buffer));
  const vector = vectorLength(cx, p.body, p.vars.at(-1)!, p.extents.at(-1)!, true);
  const bytes = vector * size;
  return bytes === 4 || bytes === 8 || bytes === 16 ? { vector, bytes } : undefined;
}

/** Why a copy cannot be left to `cp.async`. */
function waits(cx: Lowering, load: Load): Message {
  const t = cx.tensors.get(load.buffer)!;
  const bytes = bytesOf(t.dtype);
  const row = t.shape.at(-1)!;
  const open = row.kind === 'var' && factOf(row, cx.facts).multiple * bytes < SHORTEST_ASYNC;
  return copyWaits(t.name, bytes, open ? row.name : undefined, VECTOR_BYTES / bytes);
}

/** A pure copy global → shared through `cp.async`; falls back to loads and stores where pieces are under 4 bytes. */
export function lowerAsync(cx: Lowering, p: Parallel): void {
  const form = asyncForm(p);
  const width = form && asyncVector(cx, p);
  if (!form || !width) {
    if (form) cx.warn?.(warning(waits(cx, form.load), p.span));
    return lowerParallel(cx, p);
  }
  const layout = blocked(p.extents, cx.kernel.threads, width.vector);
  overLayout(cx, { layout, extents: p.extents, vector: width.vector }, p.vars, (bindElement) => {
    bindElement(undefined);
    const pred = both(form.cond && lowerExpr(cx, form.cond), boundsGuard(cx, form.load));
    const copy = {
      kind: 'cpAsync',
      dst: address(cx, form.store),
      src: address(cx, form.load),
      bytes: width.bytes,
      pred,
      span: p.span,
    } as const;
    const guard = cx.replicaGuard;
    cx.emit(guard ? { kind: 'if', cond: guard, then: [copy], else: [] } : copy);
  });
}
