/**
 * Pipelined loops: the copies from global memory run `stages - 1` iterations ahead of the compute, into shared tiles that
 * are multiplied by `stages` (a new leading dimension, indexed by the iteration modulo `stages`).
 *
 *   before                              after (3 stages)
 *   for j in pipelined(0, n) {          copy K(0) → k[0]; commit;  copy K(1) → k[1]; commit
 *     copy K(j) → k                     for j in serial(0, n) {
 *     gemm q, k → s                       wait until 1 group is pending
 *   }                                     if (j + 2 < n) copy K(j + 2) → k[(j + 2) % 3];  commit
 *                                         gemm q, k[j % 3] → s
 *                                       }
 *
 * What the addresses look up, such as a page table's entry, is read one iteration earlier still: a copy that had to wait for
 * its address would hold up the compute behind it.
 *
 * Barriers are not placed here; `insert-barriers` derives them from the accesses.
 */
import { add, binary, floordiv, i32, lt, mul, rem, sub } from '../ir/tile/build.ts';
import { printExpr } from '../ir/tile/printer.ts';
import type { Expr, For, Kernel, Let, Load, Region, Stmt, Var } from '../ir/tile/schema.ts';
import { asyncForm } from './asyncForm.ts';
import { covers } from './coverage.ts';
import { liveAfter } from './liveness.ts';
import { cloneWith, effectsOf, mapExpr, rewrite, visitStmts } from './rewrite.ts';

export function planPipeline(kernel: Kernel): Kernel {
  const planner = new Planner(kernel);
  const body = planner.block(kernel.body);
  const buffers = kernel.buffers.map((b) => {
    const stages = planner.stages.get(b.name);
    return stages ? { ...b, shape: [stages, ...b.shape] } : b;
  });
  return { ...kernel, buffers, body: planner.indexStages(body) };
}

interface Split {
  readonly producers: readonly Stmt[];
  readonly lets: readonly Let[];
  readonly consumers: readonly Stmt[];
  readonly tiles: ReadonlySet<string>;
}

const MOST_LOOKUPS = 2;

/** One element that addresses are made of. */
interface Lookup {
  /** The names that stand for it. */
  readonly names: string[];
  /** Over the loop's variable and names from outside. */
  readonly value: Expr;
  readonly ahead: Var;
}

class Planner {
  readonly stages = new Map<string, number>();
  private readonly kernel: Kernel;
  private readonly names = new Set<string>();
  /** Device scalars, which may change. */
  private readonly mutable = new Set<string>();
  private readonly written: ReadonlySet<string>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    for (const n of [...kernel.params, ...kernel.dims, ...kernel.buffers]) this.names.add(n.name);
    for (const v of kernel.blockVars) this.names.add(v);
    visitStmts(kernel.body, (s) => {
      if (s.kind === 'let' || s.kind === 'declare') this.names.add(s.name);
      if (s.kind === 'declare') this.mutable.add(s.name);
      if (s.kind === 'for') this.names.add(s.v);
      if (s.kind === 'parallel') for (const v of s.vars) this.names.add(v);
    });
    this.written = effectsOf(kernel.body).writes;
  }

  block(stmts: readonly Stmt[]): readonly Stmt[] {
    return stmts.flatMap((s): readonly Stmt[] => {
      switch (s.kind) {
        case 'for':
          return s.loop === 'pipelined' ? this.loop(s) : [{ ...s, body: this.block(s.body) }];
        case 'while':
          return [{ ...s, body: this.block(s.body) }];
        case 'if':
          return [{ ...s, then: this.block(s.then), else: this.block(s.else) }];
        default:
          return [s];
      }
    });
  }

  private loop(s: For): readonly Stmt[] {
    const split = this.split(s);
    if ((s.stages ?? 1) < 2 || split.producers.length === 0)
      return [{ ...s, loop: 'serial', stages: undefined, body: this.block(s.body) }];
    // The bounds stand in several places below, and are read once: what may change or is long gets a name.
    const lets: Let[] = [];
    const named = (e: Expr, what: string, keep: boolean): Expr => {
      if (keep) return e;
      const name = this.rename(`${s.v}_${what}`);
      lets.push({ kind: 'let', name, dtype: e.dtype, value: e, span: s.span });
      return { kind: 'var', name, dtype: e.dtype, span: s.span };
    };
    const start = named(s.start, 'start', this.isFixed(s.start));
    const step = named(s.step, 'step', this.isFixed(s.step));
    const isShort = s.stop.kind === 'const' || s.stop.kind === 'var';
    const stop = named(s.stop, 'end', isShort && this.isFixed(s.stop));
    return [...lets, ...this.pipelined({ ...s, start, stop, step }, split)];
  }

  /** Its value is the same wherever it stands. */
  private isFixed(e: Expr): boolean {
    const { reads, names } = effectsOf([{ kind: 'let', name: '', dtype: e.dtype, value: e, span: e.span }]);
    return reads.size === 0 && [...names].every((n) => !this.mutable.has(n));
  }

  private pipelined(s: For, split: Split): readonly Stmt[] {
    const stages = s.stages!;
    const plain: For = { ...s, loop: 'serial', stages: undefined };
    for (const name of split.tiles) this.stages.set(name, Math.max(stages, this.stages.get(name) ?? 0));

    const v: Expr = { kind: 'var', name: s.v, dtype: 'i32', span: s.span };
    // The iteration counted from zero decides the slot.
    const count = floordiv(sub(v, s.start), s.step, s.span);
    const slotOf = (iteration: Expr): Expr => rem(iteration, stages, s.span);
    const commit: Stmt = { kind: 'commitGroup', span: s.span };

    /** The copies of one iteration, into one slot, if that iteration exists. `known` gives names that are there already. */
    const fetch = (iteration: Expr, slot: Expr, tag: string, known: ReadonlyMap<string, Expr> = new Map()): Stmt[] => {
      const lets = split.lets.filter((l) => !known.has(l.name));
      const clone = cloneWith([...lets, ...split.producers], new Map([...known, [s.v, iteration]]), (n) =>
        this.rename(`${n}_${tag}`),
      );
      const body = this.index(folded(markAsync(clone)), split.tiles, slot);
      const exists = lt(iteration, s.stop, s.span);
      if (exists.kind === 'const') return exists.value === true ? [...body, commit] : [commit];
      return [{ kind: 'if', cond: exists, then: body, else: [], span: s.span }, commit];
    };

    const ahead = stages - 1;
    const prologue = Array.from({ length: ahead }, (_, i) =>
      fetch(add(s.start, mul(s.step, i)), i32(i, s.span), `first${i}`),
    ).flat();
    const lookups = this.lookups(s, split.lets);
    const known = new Map(lookups.flatMap((l) => l.names.map((n) => [n, l.ahead] as const)));
    const next = fetch(add(v, mul(s.step, ahead)), slotOf(add(count, ahead)), 'next', known);
    const consumers = this.index(this.block(split.consumers), split.tiles, slotOf(count));
    const body: Stmt[] = [
      { kind: 'waitGroup', pending: stages - 2, span: s.span },
      ...next,
      ...this.lookUp(s, lookups, add(v, mul(s.step, ahead + 1))),
      ...consumers,
    ];
    const declared = lookups.map(
      (l): Stmt => ({ kind: 'declare', name: l.ahead.name, dtype: l.ahead.dtype, value: i32(0, s.span), span: s.span }),
    );
    const first = this.lookUp(s, lookups, add(s.start, mul(s.step, ahead)));
    // Copies past the last iteration were never issued, but their empty groups are still counted.
    return [...declared, ...first, ...prologue, { ...plain, body }, { kind: 'waitGroup', pending: 0, span: s.span }];
  }

  /** What the copies' addresses read from memory, each thing once, in a variable of its own. */
  private lookups(s: For, lets: readonly Let[]): readonly Lookup[] {
    const values = new Map(lets.map((l) => [l.name, l.value]));
    const reads = (e: Expr): boolean =>
      effectsOf([{ kind: 'let', name: '', dtype: e.dtype, value: e, span: e.span }]).reads.size > 0;
    const inlined = (e: Expr): Expr =>
      mapExpr(e, (x) => {
        const value = x.kind === 'var' ? values.get(x.name) : undefined;
        return value && !reads(value) ? inlined(value) : x;
      });
    const found = new Map<string, Lookup>();
    for (const l of lets) {
      // Only whole numbers can be looked up by what was looked up; those stay where they are.
      if (l.dtype !== 'i32' || !reads(l.value)) continue;
      const value = inlined(l.value);
      if ([...effectsOf([{ ...l, value }]).names].some((n) => values.has(n))) continue;
      const key = printExpr(value);
      const same = found.get(key);
      if (same) same.names.push(l.name);
      else
        found.set(key, {
          names: [l.name],
          value,
          ahead: { kind: 'var', name: this.rename(`${l.name}_ahead`), dtype: 'i32', span: s.span },
        });
    }
    // Each holds a register through the loop. Many entries at once lie side by side, and the first brings the others.
    return found.size <= MOST_LOOKUPS ? [...found.values()] : [];
  }

  /** Reads what iteration `at` will need, if there is one. */
  private lookUp(s: For, lookups: readonly Lookup[], at: Expr): readonly Stmt[] {
    if (lookups.length === 0) return [];
    const exists = lt(at, s.stop, s.span);
    if (exists.kind === 'const' && exists.value === false) return [];
    const reads = lookups.map((l): Stmt => {
      const value = mapExpr(l.value, (x) => (x.kind === 'var' && x.name === s.v ? at : x));
      return { kind: 'assign', name: l.ahead.name, value, span: value.span };
    });
    return exists.kind === 'const'
      ? folded(reads)
      : [{ kind: 'if', cond: exists, then: folded(reads), else: [], span: s.span }];
  }

  /** The copies that can run ahead, the names their addresses need, and the rest. */
  private split(s: For): Split {
    const lets = new Map<string, Let>();
    for (const st of s.body) if (st.kind === 'let' && this.isPure(st)) lets.set(st.name, st);
    const assigned = new Set<string>();
    visitStmts(s.body, (st) => {
      if (st.kind === 'assign') assigned.add(st.name);
      if (st.kind === 'declare') assigned.add(st.name);
      if (st.kind === 'let' && !lets.has(st.name)) assigned.add(st.name);
    });
    const needed: Let[] = [];
    /** False where one of the names, or one that a name stands for, may be another in an earlier iteration. */
    const known = (names: ReadonlySet<string>): boolean =>
      [...names].every((n) => {
        const l = lets.get(n);
        return !assigned.has(n) && (!l || known(effectsOf([l]).names));
      });
    // What a `break` ends, or a `continue` leaves out, must not be read ahead: the addresses may mean nothing then.
    const left = s.body.findIndex((st) => leavesLoop([st], 'continue'));
    const steady = leavesLoop(s.body, 'break') ? [] : left < 0 ? s.body : s.body.slice(0, left);
    const movable = steady.filter((st) => this.isCopy(st) && known(effectsOf([st]).names));
    let producers = movable;
    for (let tiles = tilesOf(producers); ; tiles = tilesOf(producers)) {
      const good = new Set([...tiles].filter((t) => this.rotates(s, t, producers)));
      if (good.size === tiles.size) break;
      producers = producers.filter((st) => [...tilesOf([st])].every((t) => good.has(t)));
    }
    const need = (names: ReadonlySet<string>): void => {
      for (const n of names) {
        const l = lets.get(n);
        if (!l || needed.includes(l)) continue;
        need(effectsOf([l]).names);
        needed.push(l);
      }
    };
    need(effectsOf(producers).names);
    const consumers = s.body.filter((st) => !producers.includes(st));
    return { producers, lets: needed, consumers, tiles: tilesOf(producers) };
  }

  /**
   * May the tile's copies rotate unnoticed? The producers alone write it, and all of it, before anything reads it; and
   * what is left in it after the loop is not read.
   */
  private rotates(loop: For, tile: string, producers: readonly Stmt[]): boolean {
    const { shape } = this.kernel.buffers.find((b) => b.name === tile)!;
    const others = loop.body.filter((st) => !producers.includes(st));
    if (effectsOf(others).writes.has(tile)) return false;
    const own = producers.filter((st) => tilesOf([st]).has(tile));
    const last = Math.max(...own.map((st) => loop.body.indexOf(st)));
    if (loop.body.slice(0, last).some((st) => effectsOf([st]).reads.has(tile))) return false;
    return covers(own, tile, shape) && !liveAfter(this.kernel.body, loop, tile, shape);
  }

  private isPure(l: Let): boolean {
    return [...effectsOf([l]).reads].every((b) => this.isTensor(b) && !this.written.has(b));
  }

  private isTensor(name: string): boolean {
    return this.kernel.params.some((p) => p.kind === 'tensor' && p.name === name);
  }
  private dtype(name: string): string | undefined {
    return [...this.kernel.buffers, ...this.kernel.params].find((b) => b.name === name)?.dtype;
  }
  private isShared(name: string): boolean {
    return this.kernel.buffers.some((b) => b.name === name && b.scope === 'shared');
  }

  /** Global → shared without conversion, alone or in loops and conditions. */
  private isCopy(s: Stmt): boolean {
    const between = (src: string, dst: string): boolean =>
      this.isTensor(src) && !this.written.has(src) && this.isShared(dst) && this.dtype(src) === this.dtype(dst);
    switch (s.kind) {
      case 'copy':
        return between(s.src.buffer, s.dst.buffer);
      case 'parallel': {
        const form = asyncForm(s);
        return form !== undefined && between(form.load.buffer, form.store.buffer) && this.readsOnlyTensors(s);
      }
      case 'for':
        return (
          (s.loop === 'unroll' || s.loop === 'serial') &&
          s.body.every((x) => this.isCopy(x) || (x.kind === 'let' && this.isPure(x)))
        );
      case 'if':
        return (
          this.readsOnlyTensors(s) &&
          [...s.then, ...s.else].every((x) => this.isCopy(x) || (x.kind === 'let' && this.isPure(x)))
        );
      default:
        return false;
    }
  }

  private readsOnlyTensors(s: Stmt): boolean {
    return [...effectsOf([s]).reads].every((b) => this.isTensor(b) && !this.written.has(b));
  }

  private rename(base: string): string {
    let name = base;
    for (let i = 1; this.names.has(name); i++) name = `${base}_${i}`;
    this.names.add(name);
    return name;
  }

  /** Gives the accesses to `tiles` their slot. */
  private index(stmts: readonly Stmt[], tiles: ReadonlySet<string>, slot: Expr): readonly Stmt[] {
    const region = (r: Region): Region => (tiles.has(r.buffer) ? slotRegion(r, slot) : r);
    const expr = (e: Expr): Expr => (e.kind === 'load' && tiles.has(e.buffer) ? slotLoad(e, slot) : e);
    const stmt = (s: Stmt): Stmt =>
      (s.kind === 'store' || s.kind === 'atomic') && tiles.has(s.buffer) ? { ...s, indices: [slot, ...s.indices] } : s;
    return rewrite(stmts, { region, expr, stmt });
  }

  /** Accesses outside the loops that multiplied a tile use its first copy. */
  indexStages(stmts: readonly Stmt[]): readonly Stmt[] {
    const ranks = new Map(this.kernel.buffers.map((b) => [b.name, b.shape.length]));
    const zero = (at: { span: Expr['span'] }): Expr => ({ kind: 'const', dtype: 'i32', value: 0, span: at.span });
    const bare = (name: string, rank: number): boolean => this.stages.has(name) && ranks.get(name) === rank;
    return rewrite(stmts, {
      region: (r) => (bare(r.buffer, r.origin.length) ? slotRegion(r, zero(r)) : r),
      expr: (e) => (e.kind === 'load' && bare(e.buffer, e.indices.length) ? slotLoad(e, zero(e)) : e),
      stmt: (s) =>
        (s.kind === 'store' || s.kind === 'atomic') && bare(s.buffer, s.indices.length)
          ? { ...s, indices: [zero(s), ...s.indices] }
          : s,
    });
  }
}

const tilesOf = (stmts: readonly Stmt[]): ReadonlySet<string> => effectsOf(stmts).writes;

/** Is the loop around left (`return` counts as `break`), or its iteration? Loops inside keep theirs. */
function leavesLoop(stmts: readonly Stmt[], how: 'break' | 'continue', inner = false): boolean {
  return stmts.some((s) => {
    switch (s.kind) {
      case 'return':
        return how === 'break';
      case 'break':
      case 'continue':
        return s.kind === how && !inner;
      case 'if':
        return leavesLoop([...s.then, ...s.else], how, inner);
      case 'for':
      case 'while':
        return leavesLoop(s.body, how, true);
      default:
        return false;
    }
  });
}

const slotRegion = (r: Region, slot: Expr): Region => ({ ...r, origin: [slot, ...r.origin], extent: [1, ...r.extent] });
const slotLoad = (e: Load, slot: Expr): Load => ({ ...e, indices: [slot, ...e.indices] });

function markAsync(stmts: readonly Stmt[]): readonly Stmt[] {
  return rewrite(stmts, { stmt: (s) => (s.kind === 'copy' || s.kind === 'parallel' ? { ...s, async: true } : s) });
}

/** With what became constant when the iteration did. */
const folded = (stmts: readonly Stmt[]): readonly Stmt[] =>
  rewrite(stmts, { expr: (e) => (e.kind === 'binary' ? binary(e.op, e.a, e.b, e.span) : e) });
