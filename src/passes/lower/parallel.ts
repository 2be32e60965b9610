/** Parallel loops: iterations spread over threads and registers, memory touched in vectors. */

import type { DExpr } from '../../ir/device/schema.ts';
import { bytesOf, type DType, isFloat } from '../../ir/dtype.ts';
import { powerOfTwoPart } from '../../ir/integers.ts';
import type { Atom, Layout } from '../../ir/layout.ts';
import type { Cast, Expr, If, Let, Load, Parallel, Stmt, Store } from '../../ir/tile/schema.ts';
import { blocked } from '../../layout/blocked.ts';
import { extentOf, vectorWidth } from '../../layout/layout.ts';
import { address } from './address.ts';
import type { Lowering } from './context.ts';
import { both, compare, int, reg } from './dexpr.ts';
import { addCoords, type Coord, type Digit, emitCoord, single, weighted } from './digits.ts';
import { fragmentIndex, localIndex, lowerExpr } from './expr.ts';
import { lowerStmts } from './stmt.ts';
import { depends, varying, vectorLength } from './vectorize.ts';

/** The layout of a parallel loop's iterations and the width of its vectors along the last variable. */
export function planParallel(cx: Lowering, p: Parallel): { readonly layout: Layout; readonly vector: number } {
  const v = p.vars.at(-1)!;
  const vector = vectorLength(cx, p.body, v, p.extents.at(-1)!, false);
  if (p.layout) return { layout: p.layout, vector: Math.min(vector, powerOfTwoPart(vectorWidth(p.layout))) };
  return { layout: blocked(p.extents, cx.kernel.threads, vector), vector };
}

export function lowerParallel(cx: Lowering, p: Parallel): void {
  const { layout, vector } = planParallel(cx, p);
  overLayout(cx, { layout, extents: p.extents, vector }, p.vars, (bindElement) => {
    if (vector > 1) vectorBody(cx, p, vector, bindElement);
    else {
      bindElement(undefined);
      lowerStmts(cx, p.body);
    }
  });
}

type BindElement = (element: Digit | undefined) => void;

export interface Iterations {
  readonly layout: Layout;
  /** Of each variable; the layout may reach over them. */
  readonly extents: readonly number[];
  /** Divides the last extent. */
  readonly vector: number;
}

/**
 * Emits the register loops of a layout and calls `body` inside the innermost with the variables bound. With `vector` > 1
 * the last variable lacks its element digit until `bindElement` adds it.
 */
export function overLayout(
  cx: Lowering,
  { layout, extents, vector }: Iterations,
  vars: readonly string[],
  body: (bindElement: BindElement) => void,
): void {
  const atoms = layout.dims.flatMap((list, d) => weighted(list).map((w) => ({ ...w, dim: d })));
  const registers = atoms.filter((a) => a.atom.axis === 'reg').sort((a, b) => b.atom.stride - a.atom.stride);
  const parts: Coord[][] = layout.dims.map(() => []);
  for (const { atom, weight, dim } of atoms)
    if (atom.axis === 'thread') parts[dim]!.push(single(cx.threadDigit(atom.stride, atom.extent), weight));
  const guard = replicaGuard(cx, layout.replicate);
  const outer = { guard: cx.replicaGuard, inParallel: cx.inParallel };

  const innermost = (): void => {
    cx.replicaGuard = guard;
    cx.inParallel = true;
    const last = vars.length - 1;
    const bind = (d: number, coord: Coord): void => {
      cx.bound.set(vars[d]!, { coord });
    };
    vars.forEach((_, d) => {
      if (d < last) bind(d, addCoords(...parts[d]!));
    });
    // The layout of a single element has no dimensions.
    const base = addCoords(...(parts[last] ?? []));
    const elements = (): void => body((element) => bind(last, element ? addCoords(base, single(element)) : base));
    const inside = layout.dims.reduce<DExpr | undefined>((guard, list, d) => {
      const edge = insideEdge(list, extents[d]!, d === last ? base : addCoords(...parts[d]!));
      return edge ? both(guard, edge) : guard;
    }, undefined);
    if (inside) cx.emit({ kind: 'if', cond: inside, then: cx.collect(elements), else: [] });
    else elements();
    for (const v of vars) cx.bound.delete(v);
    cx.replicaGuard = outer.guard;
    cx.inParallel = outer.inParallel;
  };

  const nest = (i: number): void => {
    if (i === registers.length) return innermost();
    const { atom, weight, dim } = registers[i]!;
    // The vector is the lowest digit of the last dimension; what is above it stays a loop.
    const inVector = dim === vars.length - 1 && weight === 1 ? vector : 1;
    cx.unrolled(vars[dim]!, atom.extent / inVector, (digit) => {
      parts[dim]!.push(single(digit, weight * inVector));
      nest(i + 1);
      parts[dim]!.pop();
    });
  };
  nest(0);
}

/** Is the coordinate inside the extent? Undefined where the dimension's atoms do not reach over it. */
export const insideEdge = (atoms: readonly Atom[], extent: number, coord: Coord): DExpr | undefined =>
  extentOf(atoms) > extent ? compare('lt', emitCoord(coord), int(extent)) : undefined;

/** True in the first of the threads that hold copies of an element; undefined where there are none. */
function replicaGuard(cx: Lowering, replicas: readonly Atom[]): DExpr | undefined {
  return replicas.reduce<DExpr | undefined>(
    (guard, a) => both(guard, compare('eq', cx.threadDigit(a.stride, a.extent).expr, int(0))),
    undefined,
  );
}

// ------------------------------------------------------------------------------------------------ bodies in vectors

interface VectorContext {
  readonly cx: Lowering;
  readonly length: number;
  readonly names: ReadonlySet<string>;
  readonly bindElement: BindElement;
}

function vectorBody(cx: Lowering, p: Parallel, length: number, bindElement: BindElement): void {
  const vx: VectorContext = { cx, length, names: varying(p.body, p.vars.at(-1)!), bindElement };
  bindElement(undefined);
  vectorStmts(vx, p.body);
}

function vectorStmts(vx: VectorContext, stmts: readonly Stmt[]): void {
  for (const s of stmts)
    switch (s.kind) {
      case 'let':
        vectorLet(vx, s);
        break;
      case 'store':
        vectorStore(vx, s);
        break;
      case 'if':
        vectorIf(vx, s);
        break;
      default:
        throw new Error(`internal: ${s.kind} in a vectorised loop`);
    }
}

function vectorIf(vx: VectorContext, s: If): void {
  const { cx } = vx;
  const cond = lowerExpr(cx, s.cond);
  const then = cx.collect(() => vectorStmts(vx, s.then));
  const other = cx.collect(() => vectorStmts(vx, s.else));
  cx.emit({ kind: 'if', cond, then, else: other, span: s.span });
}

function vectorLet(vx: VectorContext, s: Let): void {
  const { cx } = vx;
  preload(vx, s.value, undefined);
  if (!depends(s.value, vx.names)) {
    cx.emit({
      kind: 'declare',
      name: s.name,
      dtype: s.dtype,
      const: true,
      value: lowerExpr(cx, s.value),
      span: s.span,
    });
    return;
  }
  cx.emit({ kind: 'registers', name: s.name, dtype: s.dtype, length: vx.length });
  perElement(vx, (e) => {
    cx.emit({ kind: 'setReg', array: s.name, index: e.expr, value: lowerExpr(cx, s.value), span: s.span });
  });
  cx.vectorLets.set(s.name, { index: int(0), dtype: s.dtype });
}

/** An unrolled loop over the vector's elements, with the innermost variable and the vector names bound to one. */
function perElement(vx: VectorContext, body: (e: Digit) => void): void {
  const { cx } = vx;
  cx.unrolled('e', vx.length, (digit) => {
    vx.bindElement(digit);
    const lets = [...cx.vectorLets];
    for (const [name, v] of lets) cx.vectorLets.set(name, { ...v, index: digit.expr });
    const loads = [...cx.preloaded];
    for (const [node, e] of loads) if (e.kind === 'reg') cx.preloaded.set(node, { ...e, index: digit.expr });
    body(digit);
    for (const [node, e] of loads) cx.preloaded.set(node, e);
    for (const [name, v] of lets) cx.vectorLets.set(name, v);
    vx.bindElement(undefined);
  });
}

const isNarrow = (d: DType): boolean => isFloat(d) && bytesOf(d) < 4;

/** Brings what the expression reads along the vector into registers, narrow floats converted to f32 on the way. */
function preload(vx: VectorContext, e: Expr, pred: DExpr | undefined): void {
  const { cx } = vx;
  if (cx.preloaded.has(e)) return;
  switch (e.kind) {
    case 'load': {
      const array = loadVector(vx, e, pred);
      if (array) cx.preloaded.set(e, reg(array, int(0), e.dtype));
      return;
    }
    case 'cast':
      if (e.a.kind === 'load' && isNarrow(e.a.dtype) && e.dtype === 'f32') {
        const converted = convertLoad(vx, e, e.a, pred);
        if (converted) cx.preloaded.set(e, reg(converted, int(0), 'f32'));
        return;
      }
      return preload(vx, e.a, pred);
    case 'unary':
    case 'bitcast':
      return preload(vx, e.a, pred);
    case 'binary':
      preload(vx, e.a, pred);
      return preload(vx, e.b, pred);
    case 'select': {
      preload(vx, e.cond, pred);
      if (depends(e.cond, vx.names)) {
        preload(vx, e.a, pred);
        return preload(vx, e.b, pred);
      }
      // A branch not taken is not read: its address may be nonsense.
      const cond = lowerExpr(cx, e.cond);
      preload(vx, e.a, both(pred, cond));
      return preload(vx, e.b, both(pred, { kind: 'unary', op: 'not', a: cond, dtype: 'bool' }));
    }
    case 'call':
    case 'ptx':
      for (const a of e.args) preload(vx, a, pred);
      return;
    case 'const':
    case 'var':
      return;
  }
}

const inMemory = (cx: Lowering, buffer: string): boolean => ['global', 'shared'].includes(cx.scopeOf(buffer));

function loadVector(vx: VectorContext, e: Load, pred: DExpr | undefined): string | undefined {
  const { cx } = vx;
  if (!inMemory(cx, e.buffer) || !e.indices.some((i) => depends(i, vx.names))) return undefined;
  const array = cx.registers(`${e.buffer}_v`, e.dtype, vx.length);
  const addr = address(cx, e);
  const guard = both(pred, boundsGuard(cx, e));
  cx.emit({ kind: 'loadVec', dst: { array, index: int(0) }, addr, count: vx.length, pred: guard, span: e.span });
  return array;
}

function convertLoad(vx: VectorContext, cast: Cast, e: Load, pred: DExpr | undefined): string | undefined {
  const { cx } = vx;
  let source: { array: string; index: DExpr } | undefined;
  if (cx.scopeOf(e.buffer) === 'fragment' && e.indices.some((i) => depends(i, vx.names)))
    source = { array: e.buffer, index: fragmentIndex(cx, e.buffer, e.indices) };
  else {
    const array = loadVector(vx, e, pred);
    if (array) source = { array, index: int(0) };
  }
  if (!source) return undefined;
  const wide = cx.registers(`${e.buffer}_f32`, 'f32', vx.length);
  cx.emit({
    kind: 'convert',
    dst: { array: wide, index: int(0) },
    to: 'f32',
    src: source,
    from: e.dtype,
    count: vx.length,
    span: cast.span,
  });
  return wide;
}

/** For an element of a region that may reach over its tensor's edge: inside? */
export function boundsGuard(cx: Lowering, e: Load | Store): DExpr | undefined {
  const access = cx.regionLoads.get(e as Load);
  return access ? access.guard?.(e.indices) : undefined;
}

function vectorStore(vx: VectorContext, s: Store): void {
  const { cx, length } = vx;
  preload(vx, s.value, undefined);
  const toMemory = inMemory(cx, s.buffer);
  const moves = s.indices.some((i) => depends(i, vx.names));
  if (!moves) throw new Error(`internal: a vector stored to one element of ${s.buffer}`);
  const target = toMemory ? undefined : { array: s.buffer, index: fragmentIndex(cx, s.buffer, s.indices) };
  const result = vectorValue(vx, s.value, target, s);
  if (!toMemory) return;
  const guard = both(cx.replicaGuard, boundsGuard(cx, s));
  cx.emit({
    kind: 'storeVec',
    src: { array: result, index: int(0) },
    addr: address(cx, s),
    count: length,
    pred: guard,
    span: s.span,
  });
}

/** Computes the value for the whole vector, into `target`'s registers where given; the array that holds it. */
function vectorValue(
  vx: VectorContext,
  e: Expr,
  target: { array: string; index: DExpr } | undefined,
  s: Store,
): string {
  const { cx, length } = vx;
  const ready = cx.preloaded.get(e);
  if (ready?.kind === 'reg' && !target) return ready.array;
  if (e.kind === 'cast' && isNarrow(e.dtype) && (e.a.dtype === 'f32' || isNarrow(e.a.dtype))) {
    const src = vectorSource(vx, e.a, s);
    const dst = target ?? { array: cx.registers(`${s.buffer}_v`, e.dtype, length), index: int(0) };
    cx.emit({ kind: 'convert', dst, to: e.dtype, src, from: e.a.dtype, count: length, span: s.span });
    return dst.array;
  }
  const array = target?.array ?? cx.registers(`${s.buffer}_v`, e.dtype, length);
  perElement(vx, (digit) => {
    const index = target ? fragmentIndex(cx, s.buffer, s.indices) : digit.expr;
    cx.emit({ kind: 'setReg', array, index, value: lowerExpr(cx, e), span: s.span });
  });
  return array;
}

/** The registers that hold the value for the whole vector: where they already are, if that is in a row. */
function vectorSource(vx: VectorContext, e: Expr, s: Store): { array: string; index: DExpr } {
  const { cx } = vx;
  if (e.kind === 'load' && cx.scopeOf(e.buffer) === 'fragment' && depends(e.indices.at(-1)!, vx.names)) {
    const { layout } = cx.buffer(e.buffer);
    if (layout && vectorWidth(layout) % vx.length === 0)
      return { array: e.buffer, index: fragmentIndex(cx, e.buffer, e.indices) };
  }
  return { array: vectorValue(vx, e, undefined, s), index: int(0) };
}

// ----------------------------------------------------------------------------------------------- one element's store

export function lowerStore(cx: Lowering, s: Store): void {
  const value = lowerExpr(cx, s.value);
  switch (cx.scopeOf(s.buffer)) {
    case 'fragment':
      cx.emit({ kind: 'setReg', array: s.buffer, index: fragmentIndex(cx, s.buffer, s.indices), value, span: s.span });
      return;
    case 'local':
      cx.emit({ kind: 'setReg', array: s.buffer, index: localIndex(cx, s.buffer, s.indices), value, span: s.span });
      return;
    case 'shared':
    case 'global': {
      const first = cx.inParallel ? cx.replicaGuard : compare('eq', { kind: 'var', name: 'tid', dtype: 'i32' }, int(0));
      const guard = both(first, boundsGuard(cx, s));
      const store = { kind: 'store', addr: address(cx, s), value, span: s.span } as const;
      cx.emit(guard ? { kind: 'if', cond: guard, then: [store], else: [], span: s.span } : store);
    }
  }
}
