/** Scalar expressions: Tile IR → Device IR. */

import type { DExpr } from '../../ir/device/schema.ts';
import { isInteger } from '../../ir/dtype.ts';
import type { Binary, Expr, Load } from '../../ir/tile/schema.ts';
import { type Fact, factOf } from '../facts.ts';
import { address } from './address.ts';
import type { Lowering } from './context.ts';
import { type Comparison, castTo, compare, dvar, ibin, int, reg } from './dexpr.ts';
import { addCoords, byThread, type Coord, constant, divmod, emitCoord, locate, scaleCoord } from './digits.ts';

export function lowerExpr(cx: Lowering, e: Expr): DExpr {
  const ready = cx.preloaded.get(e);
  if (ready) return ready;
  switch (e.kind) {
    case 'const':
      return { kind: 'const', dtype: e.dtype, value: e.value };
    case 'var': {
      const bound = cx.bound.get(e.name);
      if (bound) return bound.name ? dvar(bound.name) : emitCoord(bound.coord);
      const vector = cx.vectorLets.get(e.name);
      return vector ? reg(e.name, vector.index, vector.dtype) : dvar(e.name, e.dtype);
    }
    case 'unary':
      return { kind: 'unary', op: e.op, a: lowerExpr(cx, e.a), dtype: e.dtype };
    case 'binary':
      return lowerBinary(cx, e);
    case 'select':
      return {
        kind: 'select',
        cond: lowerExpr(cx, e.cond),
        a: lowerExpr(cx, e.a),
        b: lowerExpr(cx, e.b),
        dtype: e.dtype,
      };
    case 'cast':
      return castTo(e.dtype, lowerExpr(cx, e.a));
    case 'bitcast':
      return { kind: 'bitcast', a: lowerExpr(cx, e.a), dtype: e.dtype };
    case 'call':
      return { kind: 'call', fn: e.fn, args: e.args.map((a) => lowerExpr(cx, a)), dtype: e.dtype };
    case 'load':
      return lowerLoad(cx, e);
    case 'ptx':
      return { kind: 'ptx', template: e.template, args: e.args.map((a) => lowerExpr(cx, a)), dtype: e.dtype };
  }
}

function lowerLoad(cx: Lowering, e: Load): DExpr {
  switch (cx.scopeOf(e.buffer)) {
    case 'fragment':
      return reg(e.buffer, fragmentIndex(cx, e.buffer, e.indices), e.dtype);
    case 'local':
      return reg(e.buffer, localIndex(cx, e.buffer, e.indices), e.dtype);
    case 'shared':
    case 'global': {
      const load: DExpr = { kind: 'load', addr: address(cx, e), dtype: e.dtype };
      // An element of a region that lies outside its tensor reads as zero.
      const inside = cx.regionLoads.get(e)?.guard?.(e.indices);
      if (!inside) return load;
      const zero: DExpr = { kind: 'const', dtype: e.dtype, value: e.dtype === 'bool' ? false : 0 };
      return { kind: 'select', cond: inside, a: load, b: zero, dtype: e.dtype };
    }
  }
}

/** The register of a fragment element. Layout inference has made sure that the asking thread holds it. */
export function fragmentIndex(cx: Lowering, buffer: string, indices: readonly Expr[]): DExpr {
  const { layout } = cx.buffer(buffer);
  const coords = indices.map((i) => toCoord(cx, i));
  if (layout && coords.every((c) => c !== undefined)) {
    const found = locate(layout, coords);
    if (found.ok) return emitCoord(found.reg);
  }
  throw new Error(`internal: element of fragment ${buffer} is not in the thread that asks for it`);
}

export function localIndex(cx: Lowering, buffer: string, indices: readonly Expr[]): DExpr {
  const { shape } = cx.buffer(buffer);
  return indices.reduce<DExpr>((sum, e, d) => ibin('add', ibin('mul', sum, int(shape[d]!)), lowerExpr(cx, e)), int(0));
}

/** The expression as digits, where it is made of bound variables and constants only. */
export function toCoord(cx: { readonly bound: Lowering['bound'] }, e: Expr): Coord | undefined {
  switch (e.kind) {
    case 'const':
      return typeof e.value === 'number' ? constant(e.value) : undefined;
    case 'var':
      return cx.bound.get(e.name)?.coord;
    case 'binary': {
      const a = toCoord(cx, e.a);
      const b = toCoord(cx, e.b);
      if (!a || !b) return undefined;
      const by = b.terms.length === 0 ? b.offset : undefined;
      switch (e.op) {
        case 'add':
          return addCoords(a, b);
        case 'sub':
          return addCoords(a, scaleCoord(b, -1));
        case 'mul':
          return by !== undefined ? scaleCoord(a, by) : a.terms.length === 0 ? scaleCoord(b, a.offset) : undefined;
        case 'shl':
          return by !== undefined ? scaleCoord(a, 2 ** by) : undefined;
        case 'floordiv':
          return by ? divmod(a, by)?.div : undefined;
        case 'shr':
          return by !== undefined ? divmod(a, 2 ** by)?.div : undefined;
        case 'rem':
          return by ? divmod(a, by)?.mod : undefined;
        default:
          return undefined;
      }
    }
    default:
      return undefined;
  }
}

/**
 * An index as what the thread and run-time values decide, and what unrolled loops and constants do. A comparison that keeps
 * the second part to itself needs one register for all the steps of a loop, not one a step.
 */
interface Split {
  readonly rest: DExpr;
  readonly loop: Coord;
}

function splitLoops(cx: Lowering, e: Expr): Split | undefined {
  const coord = toCoord(cx, e);
  if (coord) {
    const [own, loop] = byThread(coord);
    return { rest: emitCoord(own), loop };
  }
  if (e.kind === 'binary' && (e.op === 'add' || e.op === 'sub')) {
    const a = splitLoops(cx, e.a);
    const b = splitLoops(cx, e.b);
    return (
      a &&
      b && { rest: ibin(e.op, a.rest, b.rest), loop: addCoords(a.loop, scaleCoord(b.loop, e.op === 'add' ? 1 : -1)) }
    );
  }
  // Products of run-time values are sizes and positions of tiles; data that was loaded may be anything, and overflow.
  return isIndex(e) ? { rest: lowerExpr(cx, e), loop: constant(0) } : undefined;
}
const isIndex = (e: Expr): boolean =>
  e.kind === 'var' ||
  e.kind === 'const' ||
  (e.kind === 'binary' && ARITHMETIC.has(e.op) && isIndex(e.a) && isIndex(e.b));
const ARITHMETIC: ReadonlySet<string> = new Set(['add', 'sub', 'mul']);

const ORDER: ReadonlySet<string> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne']);

function compareSplit(op: Comparison, a: Split, b: Split): DExpr {
  return compare(op, ibin('sub', a.rest, b.rest), emitCoord(addCoords(b.loop, scaleCoord(a.loop, -1))));
}

/** `index < limit` or `index >= limit`, for an index of the loops around and a limit that they do not change. */
export function compareIndex(cx: Lowering, op: 'lt' | 'ge', index: Expr, limit: DExpr): DExpr {
  const split = splitLoops(cx, index);
  if (!split || split.loop.terms.length === 0) return compare(op, lowerExpr(cx, index), limit);
  return compare(op, split.rest, ibin('sub', limit, emitCoord(split.loop)));
}

function lowerBinary(cx: Lowering, e: Binary): DExpr {
  if (ORDER.has(e.op) && e.a.dtype === 'i32') {
    const x = splitLoops(cx, e.a);
    const y = x && splitLoops(cx, e.b);
    if (x && y && x.loop.terms.length + y.loop.terms.length > 0) return compareSplit(e.op as Comparison, x, y);
  }
  const structured = e.dtype === 'i32' ? toCoord(cx, e) : undefined;
  if (structured && structured.terms.length === 0) return emitCoord(structured);
  const a = lowerExpr(cx, e.a);
  const b = lowerExpr(cx, e.b);
  if (!isInteger(e.dtype)) return { kind: 'binary', op: e.op, a, b, dtype: e.dtype };
  if (e.op === 'floordiv' || e.op === 'ceildiv' || e.op === 'rem') {
    const plain = plainDivision(e.op, a, b, factOf(e.a, cx.facts), factOf(e.b, cx.facts));
    if (plain) return plain;
  }
  return ibin(e.op, a, b);
}

/** Division as a shift, by a power of two, or as C does it where nothing is negative; undefined where neither holds. */
function plainDivision(op: 'floordiv' | 'ceildiv' | 'rem', a: DExpr, b: DExpr, fa: Fact, fb: Fact): DExpr | undefined {
  if (fb.lo <= 0) return undefined;
  const divisor = fb.lo === fb.hi ? fb.lo : undefined;
  const log = divisor !== undefined ? Math.log2(divisor) : NaN;
  const shifts = Number.isInteger(log);
  if (op === 'rem') {
    if (fa.lo < 0) return undefined;
    return shifts ? ibin('and', a, int(divisor! - 1, a.dtype)) : ibin('rem', a, b);
  }
  const top = op === 'floordiv' ? a : ibin('add', a, ibin('sub', b, int(1, b.dtype)));
  // An arithmetic shift rounds toward minus infinity, whatever the sign.
  if (shifts) return ibin('shr', top, int(log, a.dtype));
  return fa.lo < 0 ? undefined : ibin('div', top, b);
}
