/** What a statement does to memory that threads share, as far as barriers care: which copy of which buffer, read or write. */
import type { Expr, For, Region, Stmt } from '../ir/tile/schema.ts';
import { childExprs, freeVars, namesAssigned, namesBound, walkExprs } from '../ir/tile/walk.ts';
import { elementPlace, type Place, regionPlace } from './places.ts';

/** One of the copies of a buffer along its first dimension: `(base + c) % stages`, or just c. */
export interface Slot {
  /** The expression that the slot follows, as text; '' for a constant. */
  readonly base: string;
  readonly c: number;
  readonly stages: number;
  /** The names in it: where one of them changes, so does the slot. */
  readonly names: ReadonlySet<string>;
}

/** The buffers that matter. */
export type Tracked = ReadonlyMap<string, 'shared' | 'global'>;

export interface Access {
  readonly buffer: string;
  readonly write: boolean;
  /** Atomic operations need no order among themselves. */
  readonly atomic?: boolean;
  /** Absent: any part of the buffer. */
  readonly slot?: Slot;
  /** For an async copy under way: how many groups were committed since it was issued. */
  readonly age?: number;
  readonly place?: Place;
  /** What it reaches along each dimension, first to last index, where that is known while compiling. */
  readonly box?: Box;
  /** It was done in an earlier iteration of this loop, and the same place is never met again in a later one. */
  readonly apart?: string;
}

export type Box = readonly (readonly [first: number, last: number] | undefined)[];

/** Two parts of one buffer that share no element, whatever the run. */
export const isApart = (a: Box | undefined, b: Box | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.some((x, d) => {
    const y = b[d];
    return x !== undefined && y !== undefined && (x[1] < y[0] || y[1] < x[0]);
  });

/** The values of an index made of constants and of variables with known extents. */
function rangeOf(e: Expr, spread: ReadonlyMap<string, number> | undefined): readonly [number, number] | undefined {
  if (e.kind === 'const') return [Number(e.value), Number(e.value)];
  if (e.kind === 'var') {
    const extent = spread?.get(e.name);
    return extent === undefined ? undefined : [0, extent - 1];
  }
  if (e.kind !== 'binary') return undefined;
  const a = rangeOf(e.a, spread);
  const b = rangeOf(e.b, spread);
  if (!a || !b) return undefined;
  if (e.op === 'add') return [a[0] + b[0], a[1] + b[1]];
  if (e.op !== 'mul' || a[0] < 0 || b[0] < 0) return undefined;
  return [a[0] * b[0], a[1] * b[1]];
}

const NONE: ReadonlySet<string> = new Set();

/** Equal texts are equal expressions, spans apart. */
function textOf(e: Expr): string {
  const head = e.kind === 'unary' || e.kind === 'binary' ? e.op : e.kind === 'call' ? e.fn : e.kind;
  const own =
    e.kind === 'const'
      ? `${e.value}`
      : JSON.stringify(e.kind === 'var' ? e.name : e.kind === 'load' ? e.buffer : e.kind === 'ptx' ? e.template : '');
  return `${head}.${e.dtype}(${[own, ...childExprs(e).map(textOf)].join()})`;
}

function slotOf(index: Expr | undefined): Slot | undefined {
  if (!index) return undefined;
  if (index.kind === 'const') return { base: '', c: Number(index.value), stages: 1, names: NONE };
  if (index.kind !== 'binary' || index.op !== 'rem' || index.b.kind !== 'const' || !isFixed(index.a)) return undefined;
  const stages = Number(index.b.value);
  const names = freeVars(index.a);
  const { a } = index;
  if (a.kind === 'binary' && a.op === 'add' && a.b.kind === 'const') {
    const c = Number(a.b.value);
    return { base: textOf(a.a), c: ((c % stages) + stages) % stages, stages, names };
  }
  return { base: textOf(a), c: 0, stages, names };
}

/** Its value hangs on names alone. */
function isFixed(e: Expr): boolean {
  let fixed = true;
  walkExprs(e, (x) => {
    if (x.kind === 'load' || x.kind === 'ptx') fixed = false;
  });
  return fixed;
}

const elementSlot = (indices: readonly Expr[]): Slot | undefined =>
  indices.length > 1 ? slotOf(indices[0]) : undefined;
const regionSlot = (r: Region): Slot | undefined =>
  r.extent.length > 1 && r.extent[0] === 1 ? slotOf(r.origin[0]) : undefined;

const isConst = (e: Expr, value: number): boolean => e.kind === 'const' && Number(e.value) === value;

/** Texts of expressions over the loop's variable that grow by exactly one with each iteration, and those that begin at zero too. */
export function countsOf(s: For): { readonly advancing: ReadonlySet<string>; readonly fromZero: ReadonlySet<string> } {
  const advancing = new Set<string>();
  const fromZero = new Set<string>();
  // The blocks share a persistent loop: its variable steps over the others' iterations.
  if (s.loop === 'persistent' || s.step.kind !== 'const' || Number(s.step.value) <= 0) return { advancing, fromZero };
  const { span } = s;
  const v: Expr = { kind: 'var', name: s.v, dtype: s.start.dtype, span };
  const offset: Expr = { kind: 'binary', op: 'sub', a: v, b: s.start, dtype: v.dtype, span };
  const isOne = isConst(s.step, 1);
  for (const [count, zero] of [
    [v, isConst(s.start, 0)],
    [offset, isFixed(s.start)],
  ] as const) {
    const divided: Expr = { kind: 'binary', op: 'floordiv', a: count, b: s.step, dtype: v.dtype, span };
    if (isOne && (zero || count === v)) advancing.add(textOf(count));
    if (zero) advancing.add(textOf(divided));
    if (zero && isOne) fromZero.add(textOf(count));
    if (zero) fromZero.add(textOf(divided));
  }
  return { advancing, fromZero };
}

/** Tells statements apart; equal ones in two places of a program are two. */
const numbers = new WeakMap<Stmt, number>();
let statements = 0;
function nameOf(s: Stmt): number {
  const known = numbers.get(s) ?? statements++;
  numbers.set(s, known);
  return known;
}

/**
 * The accesses of one statement, those of the statements in it included. A slot that follows a name which the statement
 * binds or assigns to is any slot, seen from outside. `of`: the statement of which
 * `s` is a part.
 */
export function accessesOf(s: Stmt, tracked: Tracked, of = s): Access[] {
  const out: Access[] = [];
  const changed = new Set([...namesBound(s), ...namesAssigned(s)]);
  const inner = (slot: Slot | undefined): Slot | undefined =>
    slot && [...slot.names].some((n) => changed.has(n)) ? undefined : slot;
  // Of one statement, the parts of a parallel loop taken together, what is the same text is the same place. The copies of
  // shared tiles are told apart by their slots.
  let owner = of;
  const placeOf = (buffer: string, make: (key: string) => Place, parts: readonly Expr[], extent: readonly number[]) =>
    tracked.get(buffer) === 'shared'
      ? {}
      : { place: make(`${nameOf(owner)}:${buffer}[${parts.map(textOf).join()};${extent.join()}]`) };
  const element = (
    buffer: string,
    indices: readonly Expr[],
    spread: ReadonlyMap<string, number> | undefined,
    how: Pick<Access, 'write' | 'atomic' | 'age'>,
  ): void => {
    if (!tracked.has(buffer)) return;
    const place = placeOf(buffer, (key) => elementPlace(key, indices, spread), indices, []);
    const box = indices.map((e) => rangeOf(e, spread));
    out.push({ buffer, slot: inner(elementSlot(indices)), box, ...place, ...how });
  };
  const exprs = (list: readonly Expr[], spread?: ReadonlyMap<string, number>): void => {
    for (const e of list)
      walkExprs(e, (x) => {
        if (x.kind === 'load') element(x.buffer, x.indices, spread, { write: false });
      });
  };
  const region = (r: Region, write: boolean, async = false): void => {
    exprs(r.origin);
    if (!tracked.has(r.buffer)) return;
    const place = placeOf(r.buffer, (key) => regionPlace(key, r), r.origin, r.extent);
    const box = r.origin.map((o, d) => {
      const at = rangeOf(o, undefined);
      return at && ([at[0], at[0] + r.extent[d]! - 1] as const);
    });
    out.push({ buffer: r.buffer, write, slot: inner(regionSlot(r)), box, ...place, ...(async ? { age: 0 } : {}) });
  };
  const each = (list: readonly Stmt[], async: boolean, spread?: ReadonlyMap<string, number>): void => {
    for (const x of list) visit(x, async, spread);
  };
  const visit = (st: Stmt, async: boolean, spread?: ReadonlyMap<string, number>): void => {
    if (!spread) owner = st === s ? of : st;
    switch (st.kind) {
      case 'let':
      case 'declare':
      case 'assign':
        exprs([st.value], spread);
        break;
      case 'store':
        exprs([...st.indices, st.value], spread);
        element(st.buffer, st.indices, spread, { write: true, ...(async ? { age: 0 } : {}) });
        break;
      case 'atomic':
        exprs([...st.indices, st.value], spread);
        element(st.buffer, st.indices, spread, { write: true, atomic: true });
        break;
      case 'copy':
        region(st.src, false);
        region(st.dst, true, st.async);
        break;
      case 'fill':
        exprs([st.value]);
        region(st.dst, true);
        break;
      case 'gemm':
        region(st.a, false);
        region(st.b, false);
        region(st.c, true);
        break;
      case 'reduce':
      case 'cumsum':
        region(st.src, false);
        region(st.dst, true);
        break;
      case 'for':
        exprs([st.start, st.stop, st.step], spread);
        each(st.body, async, spread);
        break;
      case 'while':
        exprs([st.cond], spread);
        each(st.body, async, spread);
        break;
      case 'parallel':
        each(st.body, async || st.async === true, new Map(st.vars.map((v, i) => [v, st.extents[i]!])));
        break;
      case 'if':
        exprs([st.cond], spread);
        each([...st.then, ...st.else], async, spread);
        break;
      case 'print':
        exprs(st.args, spread);
        break;
      case 'assert':
        exprs([st.cond], spread);
        break;
      case 'break':
      case 'continue':
      case 'return':
      case 'commitGroup':
      case 'waitGroup':
      case 'barrier':
    }
  };
  visit(s, false);
  return out;
}
