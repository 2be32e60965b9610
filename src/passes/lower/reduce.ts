/** Reductions: within a thread's registers, across lanes by shuffles, across warps through shared memory. */

import type { DExpr } from '../../ir/device/schema.ts';
import { bytesOf, type DType, isFloat } from '../../ir/dtype.ts';
import type { Atom, Layout } from '../../ir/layout.ts';
import type { Reduce, ReduceOp } from '../../ir/tile/schema.ts';
import { extentOf } from '../../layout/layout.ts';
import { sharedAt } from './address.ts';
import type { Lowering } from './context.ts';
import { both, castTo, compare, int, reg } from './dexpr.ts';
import { addCoords, type Coord, emitCoord, locate, scaleCoord, single, weighted } from './digits.ts';
import { insideEdge } from './parallel.ts';

const WARP = 32;

function identity(op: ReduceOp, dtype: DType): DExpr {
  const float = dtype.startsWith('f') || dtype === 'bf16';
  const lowest: Partial<Record<DType, number>> = { i32: -(2 ** 31), i16: -(2 ** 15), i8: -128 };
  const highest: Partial<Record<DType, number>> = {
    i32: 2 ** 31 - 1,
    i16: 2 ** 15 - 1,
    i8: 127,
    u32: 2 ** 32 - 1,
    u16: 65535,
    u8: 255,
  };
  const wide = (v: bigint): DExpr => ({ kind: 'const', dtype, value: v });
  if (dtype === 'i64' && op === 'max') return wide(-(2n ** 63n));
  if (dtype === 'i64' && op === 'min') return wide(2n ** 63n - 1n);
  if (dtype === 'u64') return wide(op === 'min' ? 2n ** 64n - 1n : 0n);
  switch (op) {
    case 'sum':
    case 'absmax':
      return { kind: 'const', dtype, value: dtype === 'i64' ? 0n : 0 };
    case 'max':
      return { kind: 'const', dtype, value: float ? -Infinity : (lowest[dtype] ?? 0) };
    case 'min':
      return { kind: 'const', dtype, value: float ? Infinity : (highest[dtype] ?? 0) };
  }
}

const combine = (op: ReduceOp, a: DExpr, b: DExpr): DExpr => ({
  kind: 'binary',
  op: op === 'sum' ? 'add' : op === 'min' ? 'min' : 'max',
  a,
  b,
  dtype: a.dtype,
});

/** The thread digits along a dimension, cut at the warp: lanes talk by shuffles, warps through memory. */
export function splitAtWarp(atoms: readonly Atom[]): {
  readonly lanes: readonly Atom[];
  readonly warps: readonly Atom[];
} {
  const lanes: Atom[] = [];
  const warps: Atom[] = [];
  for (const a of atoms) {
    if (a.axis !== 'thread') continue;
    if (a.stride >= WARP) warps.push(a);
    else if (a.stride * a.extent <= WARP) lanes.push(a);
    else {
      const inside = WARP / a.stride;
      lanes.push({ ...a, extent: inside });
      warps.push({ axis: 'thread', stride: WARP, extent: a.extent / inside });
    }
  }
  return { lanes, warps };
}

/** What is added up: dst's dtype, narrow floats in f32. */
export const sumType = (dst: DType): DType => (isFloat(dst) && bytesOf(dst) < 4 ? 'f32' : dst);

/** Values that the warps exchange: one a kept element and a warp along the reduced dimension. 0 where no exchange is due. */
export function scratchLength(src: Layout, dim: number): number {
  const { warps } = splitAtWarp(src.dims[dim]!);
  if (warps.length === 0) return 0;
  const kept = src.dims.filter((_, d) => d !== dim).flat();
  return [...kept, ...warps].reduce((n, a) => n * a.extent, 1);
}

export function lowerReduce(cx: Lowering, s: Reduce): void {
  const src = cx.buffer(s.src.buffer);
  const dst = cx.buffer(s.dst.buffer);
  const layout = src.layout!;
  const { lanes, warps } = splitAtWarp(layout.dims[s.dim]!);
  const type = sumType(dst.dtype);
  const kept = layout.dims.map((_, d) => d).filter((d) => d !== s.dim);
  const keptRegs = kept.flatMap((d) => weighted(layout.dims[d]!).map((w) => ({ ...w, dim: d })));
  const reducedRegs = weighted(layout.dims[s.dim]!).filter((w) => w.atom.axis === 'reg');
  const cross = warps.reduce((n, a) => n * a.extent, 1);

  /** Does this thread hold an element there, at register digits `parts` of the reduced dimension? Undefined: always. */
  const along = (parts: readonly Coord[]): DExpr | undefined => {
    const own = weighted(layout.dims[s.dim]!)
      .filter((w) => w.atom.axis === 'thread')
      .map(({ atom, weight }) => single(cx.threadDigit(atom.stride, atom.extent), weight));
    return insideEdge(layout.dims[s.dim]!, s.src.extent[s.dim]!, addCoords(...own, ...parts));
  };

  /** Loops over the kept elements of this thread; `body` gets their coordinates, one a kept dimension. */
  const overKept = (body: (coords: Coord[]) => void): void => {
    const parts = new Map<number, Coord[]>(kept.map((d) => [d, []]));
    const nest = (i: number): void => {
      if (i === keptRegs.length) return body(kept.map((d) => addCoords(...parts.get(d)!)));
      const { atom, weight, dim } = keptRegs[i]!;
      const list = parts.get(dim)!;
      const go = (c: Coord): void => {
        list.push(c);
        nest(i + 1);
        list.pop();
      };
      if (atom.axis === 'thread') go(single(cx.threadDigit(atom.stride, atom.extent), weight));
      else cx.unrolled('r', atom.extent, (digit) => go(single(digit, weight)));
    };
    nest(0);
  };

  /** Reduces the registers and lanes of one kept element into a fresh variable. */
  const partial = (coords: Coord[]): string => {
    const acc = cx.fresh('partial');
    cx.emit({
      kind: 'declare',
      name: acc,
      dtype: type,
      const: false,
      value: identity(s.op, type),
      span: s.span,
    });
    const value: DExpr = { kind: 'var', name: acc, dtype: type };
    const parts: Coord[] = [];
    const nest = (i: number): void => {
      if (i < reducedRegs.length) {
        const { atom, weight } = reducedRegs[i]!;
        cx.unrolled('c', atom.extent, (digit) => {
          parts.push(single(digit, weight));
          nest(i + 1);
          parts.pop();
        });
        return;
      }
      // Register atoms only: thread digits do not move the register.
      const full = layout.dims.map((_, d) => (d === s.dim ? addCoords(...parts) : coords[kept.indexOf(d)]!));
      const index = emitCoord(registerOf(layout, full));
      const element = castTo(type, reg(src.name, index, src.dtype));
      const held: DExpr = s.op === 'absmax' ? { kind: 'call', fn: 'abs', args: [element], dtype: type } : element;
      const inside = along(parts);
      const x: DExpr = inside ? { kind: 'select', cond: inside, a: held, b: identity(s.op, type), dtype: type } : held;
      cx.emit({ kind: 'assign', name: acc, value: combine(s.op, value, x), span: s.span });
    };
    nest(0);
    for (const a of lanes)
      for (let step = 1; step < a.extent; step *= 2)
        cx.emit({
          kind: 'assign',
          name: acc,
          value: combine(s.op, value, { kind: 'shflXor', a: value, lanes: a.stride * step, dtype: type }),
          span: s.span,
        });
    return acc;
  };

  const finish = (coords: Coord[], total: DExpr): void => {
    const at = locate(dst.layout!, dstCoords(dst.shape, kept, s.dim, coords));
    if (!at.ok) throw new Error(`internal: ${dst.name} is not laid out as ${src.name} without dimension ${s.dim}`);
    const index = emitCoord(at.reg);
    const all = s.clear ? total : combine(s.op, castTo(type, reg(dst.name, index, dst.dtype)), total);
    const value = castTo(dst.dtype, all);
    cx.emit({ kind: 'setReg', array: dst.name, index, value, span: s.span });
  };

  if (cross === 1) {
    overKept((coords) => {
      const acc = partial(coords);
      finish(coords, { kind: 'var', name: acc, dtype: type });
    });
    return;
  }

  const scratch = s.scratch!;
  const crossDigit = addCoords(
    ...warps.map((a, i) =>
      single(
        cx.threadDigit(a.stride, a.extent),
        warps.slice(i + 1).reduce((n, b) => n * b.extent, 1),
      ),
    ),
  );
  const shape = kept.map((d) => extentOf(layout.dims[d]!));
  const linear = (coords: readonly Coord[]): Coord =>
    coords.reduce((sum, c, i) => addCoords(scaleCoord(sum, shape[i]!), c), { terms: [], offset: 0 } as Coord);
  const firstLane = lanes.reduce<DExpr | undefined>(
    (g, a) => both(g, compare('eq', cx.threadDigit(a.stride, a.extent).expr, int(0))),
    undefined,
  );
  overKept((coords) => {
    const acc = partial(coords);
    const addr = sharedAt(cx, scratch, [addCoords(scaleCoord(linear(coords), cross), crossDigit)]);
    const store = { kind: 'store', addr, value: { kind: 'var', name: acc, dtype: type }, span: s.span } as const;
    cx.emit(firstLane ? { kind: 'if', cond: firstLane, then: [store], else: [] } : store);
  });
  cx.barrier(s.span);
  overKept((coords) => {
    const first = linear(coords);
    const load = (i: number): DExpr => ({
      kind: 'load',
      addr: sharedAt(cx, scratch, [addCoords(scaleCoord(first, cross), { terms: [], offset: i })]),
      dtype: type,
    });
    let total = load(0);
    for (let i = 1; i < cross; i++) total = combine(s.op, total, load(i));
    finish(coords, total);
  });
}

/** The register part of a place; the thread part is the asking thread's own. */
function registerOf(l: Layout, coords: readonly Coord[]): Coord {
  const found = locate(
    { ...l, dims: l.dims.map((atoms) => atoms) },
    coords.map((c, d) => addCoords(c, missingThreadDigits(l, d, c))),
  );
  if (!found.ok) throw new Error('internal: reduced element out of place');
  return found.reg;
}

/** Along the reduced dimension the coordinate carries register digits only; its thread digits are this thread's. */
function missingThreadDigits(l: Layout, dim: number, c: Coord): Coord {
  const has = c.terms.some((t) => t.digit.thread);
  if (has) return { terms: [], offset: 0 };
  return addCoords(
    ...weighted(l.dims[dim]!)
      .filter((w) => w.atom.axis === 'thread')
      .map(({ atom, weight }) => single(ownDigit(atom), weight)),
  );
}
const ownDigit = (a: Atom) => ({
  id: `t${a.stride}x${a.extent}`,
  expr: int(0),
  extent: a.extent,
  thread: { stride: a.stride, extent: a.extent },
});

/** Coordinates in the destination: the kept ones, with 0 where it keeps the reduced dimension at extent 1. */
function dstCoords(shape: readonly number[], kept: readonly number[], dim: number, coords: readonly Coord[]): Coord[] {
  if (shape.length === kept.length) return [...coords];
  const out = [...coords];
  out.splice(dim, 0, { terms: [], offset: 0 });
  return out;
}
