/**
 * Barriers, derived from the accesses. Every tile statement is done by all threads together, in any assignment of elements
 * to threads; so between two statements that touch the same shared bytes, one of them writing, all threads must meet.
 *
 * The walk carries the accesses since the last barrier. Before a statement that conflicts with one of them it puts a
 * barrier. Copies of a multi-buffered tile are told apart by their slot, `(iteration + c) % stages`: on a loop's way
 * back, c falls by one. An asynchronous copy counts as a write that completes only at a `waitGroup`; it survives barriers
 * until then. Loops are walked until nothing new comes around.
 */
import { bytesOf } from '../ir/dtype.ts';
import type { Expr, For, Kernel, Region, Stmt, While } from '../ir/tile/schema.ts';
import { sharedBytes } from './planShared.ts';
import { effectsOf, mapExpr, visitStmts } from './rewrite.ts';

interface Slot {
  /** The iteration count that the slot follows, as text; '' for a constant. */
  readonly base: string;
  readonly c: number;
  readonly stages: number;
}
interface Access {
  readonly buffer: string;
  readonly write: boolean;
  /** Absent: any part of the buffer. */
  readonly slot?: Slot;
  /** For an async copy under way: commits since it was issued. */
  readonly age?: number;
}
type State = ReadonlyMap<string, Access>;

export interface Hazard {
  readonly before: Stmt;
  readonly buffer: string;
  /** Read or overwritten while an async copy into it may be under way. */
  readonly inFlight: boolean;
}

export function insertBarriers(kernel: Kernel): Kernel {
  return { ...kernel, body: new BarrierWalk(kernel, true).run() };
}

/** What the walk would still have to separate: empty for a program that is ordered. */
export function findHazards(kernel: Kernel): readonly Hazard[] {
  const walk = new BarrierWalk(kernel, false);
  walk.run();
  return walk.hazards;
}

class BarrierWalk {
  readonly hazards: Hazard[] = [];
  private readonly kernel: Kernel;
  private readonly insert: boolean;
  private readonly ranges: ReadonlyMap<string, readonly [number, number]>;
  private readonly tracked: ReadonlySet<string>;
  /** States at `break` and `continue` of the loops around. */
  private readonly exits: { broke: State[]; continued: State[] }[] = [];

  constructor(kernel: Kernel, insert: boolean) {
    this.kernel = kernel;
    this.insert = insert;
    const shared = kernel.buffers.filter((b) => b.scope === 'shared');
    this.ranges = new Map(
      shared.flatMap((b) => (b.offset === undefined ? [] : [[b.name, [b.offset, b.offset + (b.layout ? sharedBytes(b) : bytesOf(b.dtype))]]])),
    );
    // Tensors that the kernel both reads and writes order like shared tiles, within the block.
    const all = effectsOf(kernel.body);
    const tensors = kernel.params.filter((p) => p.kind === 'tensor' && all.reads.has(p.name) && all.writes.has(p.name));
    this.tracked = new Set([...shared, ...tensors].map((b) => b.name));
  }

  run(): readonly Stmt[] {
    return this.block(this.kernel.body, new Map()).stmts;
  }

  private block(stmts: readonly Stmt[], entry: State): { stmts: readonly Stmt[]; state: State } {
    let state = entry;
    const out: Stmt[] = [];
    for (const s of stmts) {
      const done = this.stmt(s, state);
      out.push(...done.stmts);
      state = done.state;
    }
    return { stmts: out, state };
  }

  private stmt(s: Stmt, entry: State): { stmts: readonly Stmt[]; state: State } {
    switch (s.kind) {
      case 'barrier':
        return { stmts: [s], state: afterBarrier(entry) };
      case 'commitGroup':
        return { stmts: [s], state: mapState(entry, (a) => (a.age === undefined ? a : { ...a, age: a.age + 1 })) };
      case 'waitGroup':
        return { stmts: [s], state: mapState(entry, (a) => (a.age !== undefined && a.age > s.pending ? { ...a, age: undefined } : a)) };
      case 'for':
      case 'while':
        return this.loop(s, entry);
      case 'if': {
        // The branches' conflicts with what came before are settled ahead of the condition: one meeting for both, and in a
        // pipelined loop the one that the prefetch needs serves the compute behind it too.
        const ahead = this.ordered(s, accessesOf(s), entry);
        const head = { barrier: ahead.barrier, state: ahead.barrier.length > 0 ? afterBarrier(entry) : entry };
        const then = this.block(s.then, head.state);
        const other = this.block(s.else, head.state);
        return { stmts: [...head.barrier, { ...s, then: then.stmts, else: other.stmts }], state: union(then.state, other.state) };
      }
      case 'break':
        this.exits.at(-1)?.broke.push(entry);
        return { stmts: [s], state: new Map() };
      case 'continue':
        this.exits.at(-1)?.continued.push(entry);
        return { stmts: [s], state: new Map() };
      case 'reduce': {
        const done = this.ordered(s, accessesOf(s), entry);
        if (!s.scratch) return { stmts: [...done.barrier, s], state: done.state };
        // The parts are written, all threads meet, and the parts are read.
        const written = this.ordered(s, [{ buffer: s.scratch, write: true }], done.state);
        const state = add(afterBarrier(written.state), [{ buffer: s.scratch, write: false }]);
        return { stmts: [...done.barrier, ...written.barrier, s], state };
      }
      default: {
        const done = this.ordered(s, accessesOf(s), entry);
        return { stmts: [...done.barrier, s], state: done.state };
      }
    }
  }

  /** The state after the accesses, and the barrier that must come first. */
  private ordered(s: Stmt, accesses: readonly Access[], entry: State): { barrier: readonly Stmt[]; state: State } {
    const mine = accesses.filter((a) => this.tracked.has(a.buffer));
    let state = entry;
    const barrier: Stmt[] = [];
    for (const old of entry.values()) {
      if (!mine.some((a) => this.conflict(old, a))) continue;
      if (old.age !== undefined) {
        this.hazards.push({ before: s, buffer: old.buffer, inFlight: true });
        continue;
      }
      if (this.insert) {
        if (barrier.length === 0) {
          barrier.push({ kind: 'barrier', span: s.span });
          state = afterBarrier(entry);
        }
      } else this.hazards.push({ before: s, buffer: old.buffer, inFlight: false });
    }
    return { barrier, state: add(state, mine) };
  }

  private conflict(a: Access, b: Access): boolean {
    if (!a.write && !b.write) return false;
    if (a.buffer !== b.buffer) {
      const x = this.ranges.get(a.buffer);
      const y = this.ranges.get(b.buffer);
      return x !== undefined && y !== undefined && x[0] < y[1] && y[0] < x[1];
    }
    if (!a.slot || !b.slot || a.slot.base !== b.slot.base) return true;
    const distance = a.slot.c - b.slot.c;
    return a.slot.base === '' ? distance === 0 : distance % a.slot.stages === 0;
  }

  private loop(s: For | While, before: State): { stmts: readonly Stmt[]; state: State } {
    const head = this.ordered(s, accessesOf({ ...s, body: [] }), before);
    const entry = head.state;
    const variable = s.kind === 'for' ? s.v : undefined;
    let arriving = s.kind === 'for' ? firstIteration(entry, s) : entry;
    for (;;) {
      const hazards = this.hazards.length;
      this.exits.push({ broke: [], continued: [] });
      const body = this.block(s.body, arriving);
      const { broke, continued } = this.exits.pop()!;
      const around = [body.state, ...continued].map((st) => nextIteration(st, variable)).reduce(union);
      const again = union(arriving, around);
      if (again.size === arriving.size) {
        const leaving = [body.state, ...broke, ...continued, entry].map((st) => forgetSlots(st, variable)).reduce(union);
        return { stmts: [...head.barrier, { ...s, body: body.stmts }], state: leaving };
      }
      this.hazards.length = hazards;
      arriving = again;
    }
  }
}

const keyOf = (a: Access): string => `${a.buffer}|${a.write}|${a.slot ? `${a.slot.base}+${a.slot.c}` : '*'}|${a.age ?? '-'}`;

function add(state: State, accesses: readonly Access[]): State {
  const out = new Map(state);
  for (const a of accesses) out.set(keyOf(a), a);
  return out;
}
const union = (a: State, b: State): State => add(a, [...b.values()]);
const mapState = (state: State, f: (a: Access) => Access): State => add(new Map(), [...state.values()].map(f));
const afterBarrier = (state: State): State => add(new Map(), [...state.values()].filter((a) => a.age !== undefined));

const follows = (slot: Slot, v: string | undefined): boolean => v !== undefined && slot.base.includes(`"${v}"`);

/** In the first iteration the count that slots follow is zero, so what was put into slot c before the loop follows it by c. */
function firstIteration(state: State, s: For): State {
  const counts = new Set<string>();
  const start = textOf(s.start);
  const v: Expr = { kind: 'var', name: s.v, dtype: 'i32', span: s.span };
  const offset: Expr = { kind: 'binary', op: 'sub', a: v, b: s.start, dtype: 'i32', span: s.span };
  if (start === textOf({ kind: 'const', dtype: 'i32', value: 0, span: s.span })) counts.add(textOf(v));
  counts.add(textOf(offset));
  for (const a of [...counts].map((c) => (c === textOf(v) ? v : offset)))
    counts.add(textOf({ kind: 'binary', op: 'floordiv', a, b: s.step, dtype: 'i32', span: s.span }));
  const rotating = new Map<string, Slot>();
  visitStmts(s.body, (st) => {
    for (const a of accessesOf(st)) if (a.slot && counts.has(a.slot.base)) rotating.set(a.buffer, a.slot);
  });
  return mapState(state, (a) => {
    const slot = rotating.get(a.buffer);
    return slot && a.slot?.base === '' ? { ...a, slot: { ...slot, c: a.slot.c } } : a;
  });
}

/** Seen from the next iteration, what followed the count by c follows it by c - 1. Ages and offsets saturate, so that walks end. */
function nextIteration(state: State, v: string | undefined): State {
  return mapState(state, (a) => {
    const age = a.age === undefined ? undefined : Math.min(a.age, 8);
    if (!a.slot || !follows(a.slot, v)) return { ...a, age };
    const c = (a.slot.c - 1 + a.slot.stages) % a.slot.stages;
    return { ...a, age, slot: { ...a.slot, c } };
  });
}
const forgetSlots = (state: State, v: string | undefined): State =>
  mapState(state, (a) => (a.slot && follows(a.slot, v) ? { ...a, slot: undefined } : a));

const textOf = (e: Expr): string =>
  JSON.stringify(canonical(e), (k, x: unknown) => (k === 'span' ? undefined : typeof x === 'bigint' ? `${x}` : x));

/** Key order does not matter to what an expression is. */
const canonical = (e: Expr): Expr =>
  mapExpr(e, (x) => (x.kind === 'var' ? { kind: 'var', name: x.name, dtype: x.dtype, span: x.span } : x.kind === 'binary' ? { kind: 'binary', op: x.op, a: x.a, b: x.b, dtype: x.dtype, span: x.span } : x.kind === 'const' ? { kind: 'const', dtype: x.dtype, value: x.value, span: x.span } : x));

function slotOf(index: Expr | undefined): Slot | undefined {
  if (!index) return undefined;
  if (index.kind === 'const') return { base: '', c: Number(index.value), stages: 1 };
  if (index.kind !== 'binary' || index.op !== 'rem' || index.b.kind !== 'const') return undefined;
  const stages = Number(index.b.value);
  const { a } = index;
  if (a.kind === 'binary' && a.op === 'add' && a.b.kind === 'const') {
    const c = Number(a.b.value);
    return { base: textOf(a.a), c: ((c % stages) + stages) % stages, stages };
  }
  return { base: textOf(a), c: 0, stages };
}

const regionSlot = (r: Region): Slot | undefined => (r.extent.length > 1 && r.extent[0] === 1 ? slotOf(r.origin[0]) : undefined);

/** Shared and global accesses of one statement; loops and conditions in a parallel loop included. */
function accessesOf(s: Stmt): Access[] {
  const out: Access[] = [];
  const read = (e: Expr): Expr => {
    if (e.kind === 'load') out.push({ buffer: e.buffer, write: false, slot: e.indices.length > 1 ? slotOf(e.indices[0]) : undefined });
    return e;
  };
  const exprs = (list: readonly Expr[]): void => {
    for (const e of list) mapExpr(e, read);
  };
  const region = (r: Region, write: boolean, async = false): void => {
    exprs(r.origin);
    out.push({ buffer: r.buffer, write, slot: regionSlot(r), ...(async ? { age: 0 } : {}) });
  };
  const visit = (st: Stmt, async: boolean): void => {
    switch (st.kind) {
      case 'let':
      case 'declare':
      case 'assign':
        return exprs([st.value]);
      case 'store':
        exprs([...st.indices, st.value]);
        out.push({ buffer: st.buffer, write: true, slot: st.indices.length > 1 ? slotOf(st.indices[0]) : undefined, ...(async ? { age: 0 } : {}) });
        return;
      case 'atomic':
        exprs([...st.indices, st.value]);
        // Atomics on one element order themselves; against plain accesses they count as writes.
        out.push({ buffer: st.buffer, write: true });
        return;
      case 'copy':
        region(st.src, false);
        return region(st.dst, true, st.async);
      case 'fill':
        exprs([st.value]);
        return region(st.dst, true);
      case 'gemm':
        region(st.a, false);
        region(st.b, false);
        return region(st.c, true);
      case 'reduce':
      case 'cumsum':
        region(st.src, false);
        return region(st.dst, true);
      case 'for':
        exprs([st.start, st.stop, st.step]);
        return st.body.forEach((x) => visit(x, async));
      case 'while':
        exprs([st.cond]);
        return st.body.forEach((x) => visit(x, async));
      case 'parallel':
        return st.body.forEach((x) => visit(x, async || st.async === true));
      case 'if':
        exprs([st.cond]);
        return [...st.then, ...st.else].forEach((x) => visit(x, async));
      case 'print':
        return exprs(st.args);
      case 'assert':
        return exprs([st.cond]);
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
