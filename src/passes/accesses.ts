/** What a statement does to memory that threads share, as far as barriers care: which copy of which buffer, read or write. */
import type { Expr, For, Region, Stmt } from '../ir/tile/schema.ts';
import { freeVars, namesAssigned, namesBound, walkExprs } from '../ir/tile/walk.ts';
import { mapExpr } from './rewrite.ts';

/** One of the copies of a buffer along its first dimension: `(base + c) % stages`, or just c. */
export interface Slot {
  /** The expression that the slot follows, as text; '' for a constant. */
  readonly base: string;
  readonly c: number;
  readonly stages: number;
  /** The names in it: where one of them changes, so does the slot. */
  readonly names: ReadonlySet<string>;
}

export interface Access {
  readonly buffer: string;
  readonly write: boolean;
  /** Atomic operations need no order among themselves. */
  readonly atomic?: boolean;
  /** Absent: any part of the buffer. */
  readonly slot?: Slot;
  /** For an async copy under way: how many groups were committed since it was issued. */
  readonly age?: number;
}

const NONE: ReadonlySet<string> = new Set();

export const textOf = (e: Expr): string =>
  JSON.stringify(canonical(e), (k, x: unknown) => (k === 'span' ? undefined : typeof x === 'bigint' ? `${x}` : x));

/** Key order does not matter to what an expression is. */
const canonical = (e: Expr): Expr =>
  mapExpr(e, (x) => {
    switch (x.kind) {
      case 'var':
        return { kind: 'var', name: x.name, dtype: x.dtype, span: x.span };
      case 'binary':
        return { kind: 'binary', op: x.op, a: x.a, b: x.b, dtype: x.dtype, span: x.span };
      case 'const':
        return { kind: 'const', dtype: x.dtype, value: x.value, span: x.span };
      default:
        return x;
    }
  });

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

/**
 * The accesses of one statement, those of the statements in it included. A slot that follows a name which the statement
 * binds or assigns to is any slot, seen from outside.
 */
export function accessesOf(s: Stmt): Access[] {
  const out: Access[] = [];
  const changed = new Set([...namesBound(s), ...namesAssigned(s)]);
  const inner = (slot: Slot | undefined): Slot | undefined =>
    slot && [...slot.names].some((n) => changed.has(n)) ? undefined : slot;
  const put = (a: Access): void => {
    out.push({ ...a, slot: inner(a.slot) });
  };
  const exprs = (list: readonly Expr[]): void => {
    for (const e of list)
      walkExprs(e, (x) => {
        if (x.kind === 'load') put({ buffer: x.buffer, write: false, slot: elementSlot(x.indices) });
      });
  };
  const region = (r: Region, write: boolean, async = false): void => {
    exprs(r.origin);
    put({ buffer: r.buffer, write, slot: regionSlot(r), ...(async ? { age: 0 } : {}) });
  };
  const each = (list: readonly Stmt[], async: boolean): void => {
    for (const x of list) visit(x, async);
  };
  const visit = (st: Stmt, async: boolean): void => {
    switch (st.kind) {
      case 'let':
      case 'declare':
      case 'assign':
        exprs([st.value]);
        break;
      case 'store':
        exprs([...st.indices, st.value]);
        put({ buffer: st.buffer, write: true, slot: elementSlot(st.indices), ...(async ? { age: 0 } : {}) });
        break;
      case 'atomic':
        exprs([...st.indices, st.value]);
        put({ buffer: st.buffer, write: true, atomic: true, slot: elementSlot(st.indices) });
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
        exprs([st.start, st.stop, st.step]);
        each(st.body, async);
        break;
      case 'while':
        exprs([st.cond]);
        each(st.body, async);
        break;
      case 'parallel':
        each(st.body, async || st.async === true);
        break;
      case 'if':
        exprs([st.cond]);
        each([...st.then, ...st.else], async);
        break;
      case 'print':
        exprs(st.args);
        break;
      case 'assert':
        exprs([st.cond]);
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
