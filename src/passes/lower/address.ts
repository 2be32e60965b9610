/** Where elements of tensors and shared tiles lie: offsets, pointers to regions, swizzles. */

import type { Addr, DExpr } from '../../ir/device/schema.ts';
import { isPowerOfTwo } from '../../ir/integers.ts';
import type { Swizzle } from '../../ir/layout.ts';
import type { Expr, Load, Region, Store, TensorParam } from '../../ir/tile/schema.ts';
import { swizzlePeriod } from '../../layout/shared.ts';
import { factOf } from '../facts.ts';
import type { Lowering } from './context.ts';
import { add, castTo, constOf, ibin, int, mul } from './dexpr.ts';
import { addCoords, byThread, type Coord, constant, divmod, emitCoord, scaleCoord } from './digits.ts';
import { lowerExpr, toCoord } from './expr.ts';

const INT_MAX = 2 ** 31 - 1;

/** The address of one element. */
export function address(cx: Lowering, e: Pick<Load | Store, 'buffer' | 'indices'> & { readonly kind: string }): Addr {
  const region = cx.regionLoads.get(e as Load);
  if (region) return regionAddress(cx, region.pointer, region.region, e.indices);
  return cx.scopeOf(e.buffer) === 'shared'
    ? sharedAddress(cx, e.buffer, e.indices)
    : globalAddress(cx, e.buffer, e.indices);
}

/** Elements from one index of dimension `d` to the next. */
export function strideOf(cx: Lowering, t: TensorParam, d: number): DExpr {
  return t.shape.slice(d + 1).reduce<DExpr>((p, e) => {
    const extent = lowerExpr(cx, e);
    const both = constOf(p) !== undefined && constOf(extent) !== undefined;
    return both ? mul(p, extent) : mul(castTo('i64', p), castTo('i64', extent));
  }, int(1));
}

function tensorOffset(cx: Lowering, t: TensorParam, indices: readonly Expr[]): DExpr {
  let near: DExpr = int(0);
  let far: DExpr = int(0, 'i64');
  let reach = 0;
  indices.forEach((e, d) => {
    const stride = strideOf(cx, t, d);
    const step = constOf(stride);
    const fact = factOf(e, cx.facts);
    const size = constOf(lowerExpr(cx, t.shape[d]!));
    const last = Math.min(fact.hi, size === undefined ? Infinity : size - 1);
    const index = lowerExpr(cx, e);
    if (step !== undefined && index.dtype !== 'i64' && reach + last * step <= INT_MAX) {
      reach += last * step;
      near = add(near, mul(index, int(step)));
    } else far = add(far, mul(castTo('i64', index), castTo('i64', stride)));
  });
  return constOf(far) === 0 ? near : add(far, near);
}

function globalAddress(cx: Lowering, buffer: string, indices: readonly Expr[]): Addr {
  const t = cx.tensors.get(buffer)!;
  return { space: 'global', base: buffer, offset: tensorOffset(cx, t, indices), dtype: t.dtype };
}

/** Declares a pointer to the region's origin, so that what differs from thread to thread stays a small offset. */
export function regionPointer(cx: Lowering, r: Region, readonly: boolean): string {
  const t = cx.tensors.get(r.buffer)!;
  const name = cx.fresh(`${r.buffer}_tile`);
  const addr: Addr = { space: 'global', base: r.buffer, offset: tensorOffset(cx, t, r.origin), dtype: t.dtype };
  cx.emit({ kind: 'pointer', name, addr, readonly, span: r.span });
  return name;
}

function regionAddress(cx: Lowering, pointer: string, r: Region, indices: readonly Expr[]): Addr {
  const t = cx.tensors.get(r.buffer)!;
  let offset: DExpr = int(0);
  indices.forEach((e, d) => {
    const stride = strideOf(cx, t, d);
    const index = lowerExpr(cx, e);
    const step = constOf(stride);
    const near = step !== undefined && r.extent[d]! * step <= INT_MAX;
    const term = near ? mul(index, int(step)) : mul(castTo('i64', index), castTo('i64', stride));
    offset = term.dtype === 'i64' && offset.dtype !== 'i64' ? add(term, offset) : add(offset, term);
  });
  return { space: 'global', base: pointer, offset, dtype: t.dtype };
}

export function sharedAddress(cx: Lowering, buffer: string, indices: readonly Expr[]): Addr {
  return sharedAt(
    cx,
    buffer,
    indices.map((e) => toCoord(cx, e) ?? lowerExpr(cx, e)),
  );
}

const isCoord = (c: SharedIndex): c is Coord => 'terms' in c;
const isMoved = (c: SharedIndex): c is Moved => 'by' in c;

/** A position in digits, moved by a run-time amount that is a multiple of something. */
export interface Moved {
  readonly within: Coord;
  readonly by: DExpr;
  readonly multiple: number;
}
export type SharedIndex = Coord | DExpr | Moved;

/** As `sharedAddress`, for indices already lowered: as digits, as code, or as both. */
export function sharedAt(cx: Lowering, buffer: string, indices: readonly SharedIndex[]): Addr {
  const { layout, dtype } = cx.buffer(buffer);
  if (!layout) throw new Error(`internal: shared tile ${buffer} has no layout`);
  const strides = layout.dims.map((atoms) => atoms.reduce((s, a) => Math.min(s, a.stride), Infinity));
  let digits: Coord = constant(0);
  let code: DExpr = int(0);
  let codeAligned = true;
  const period = layout.swizzle ? swizzlePeriod(layout.swizzle) : 1;
  indices.forEach((index, d) => {
    const stride = strides[d]!;
    if (!Number.isFinite(stride)) return;
    if (isCoord(index)) digits = addCoords(digits, scaleCoord(index, stride));
    else {
      if (isMoved(index)) digits = addCoords(digits, scaleCoord(index.within, stride));
      const [by, multiple] = isMoved(index) ? [index.by, index.multiple] : [index, 1];
      code = add(code, mul(by, int(stride)));
      codeAligned &&= (stride * multiple) % period === 0;
    }
  });
  const s = layout.swizzle;
  if (!s) return { space: 'shared', base: buffer, offset: add(code, emitCoord(digits)), dtype };
  const swizzled = codeAligned ? swizzleDigits(cx, buffer, digits, s) : undefined;
  if (swizzled) return { space: 'shared', base: buffer, offset: add(code, swizzled), dtype };
  const plain = add(code, emitCoord(digits));
  const row = ibin('and', ibin('shr', plain, int(s.base + s.shift)), int(2 ** s.bits - 1));
  return { space: 'shared', base: buffer, offset: ibin('xor', plain, ibin('shl', row, int(s.base))), dtype };
}

/**
 * The offset with its chunk digit XORed by its row digit, where both can be told apart. What the thread alone decides is
 * named once at the top of the kernel; the loops' part joins it by one XOR and one addition of what are constants once
 * unrolled: no address of its own for each step. (XOR is linear over digits that share no bits.)
 */
function swizzleDigits(cx: Lowering, buffer: string, offset: Coord, s: Swizzle): DExpr | undefined {
  const chunkSize = 2 ** s.base;
  const chunks = 2 ** s.bits;
  const upper = divmod(offset, chunkSize);
  const cut = upper && divmod(upper.div, chunks);
  const rows = divmod(offset, 2 ** (s.base + s.shift));
  const row = rows && divmod(rows.div, chunks)?.mod;
  if (!upper || !cut || !row) return undefined;
  const rest = addCoords(scaleCoord(cut.div, chunkSize * chunks), upper.mod);
  if (!sharesNoBits(cut.mod) || !sharesNoBits(row)) {
    const chunk = ibin('xor', emitCoord(cut.mod), emitCoord(row));
    return add(add(emitCoord({ terms: rest.terms, offset: 0 }), mul(chunk, int(chunkSize))), int(rest.offset));
  }
  const [chunkOwn, chunkLoop] = byThread(cut.mod);
  const [rowOwn, rowLoop] = byThread(row);
  const [restOwn, restLoop] = byThread(rest);
  const own = add(emitCoord(restOwn), mul(ibin('xor', emitCoord(chunkOwn), emitCoord(rowOwn)), int(chunkSize)));
  const loop = ibin('xor', emitCoord(chunkLoop), emitCoord(rowLoop));
  return add(ibin('xor', cx.invariant(`${buffer}_at`, own), mul(loop, int(chunkSize))), emitCoord(restLoop));
}

/** No two digits of the coordinate, nor its constant, reach the same bit. */
function sharesNoBits(c: Coord): boolean {
  const terms = [...c.terms].sort((a, b) => a.weight - b.weight);
  let reached = 1;
  for (const { weight, digit } of terms) {
    if (weight < reached || !isPowerOfTwo(weight) || (c.offset & (weight * digit.extent - weight)) !== 0) return false;
    reached = weight * 2 ** Math.ceil(Math.log2(digit.extent));
  }
  return true;
}
