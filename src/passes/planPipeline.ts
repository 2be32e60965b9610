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
 * Barriers are not placed here; `insert-barriers` derives them from the accesses.
 */
import type { Expr, For, Kernel, Let, Load, Region, Stmt } from '../ir/tile/schema.ts';
import { asyncForm } from './asyncForm.ts';
import { cloneWith, effectsOf, rewrite, visitStmts } from './rewrite.ts';

export function planPipeline(kernel: Kernel): Kernel {
  const planner = new Planner(kernel);
  const body = planner.block(kernel.body);
  const buffers = kernel.buffers.map((b) => {
    const stages = planner.stages.get(b.name);
    return stages ? { ...b, shape: [stages, ...b.shape] } : b;
  });
  return { ...kernel, buffers, body: planner.indexStages(body) };
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

  /** The bound stands in several places below, so it gets a name. */
  private loop(s: For): readonly Stmt[] {
    if (s.stop.kind === 'const' || (s.stop.kind === 'var' && !this.mutable.has(s.stop.name))) return this.pipelined(s);
    const name = this.rename(`${s.v}_end`);
    const end: Let = { kind: 'let', name, dtype: s.stop.dtype, value: s.stop, span: s.span };
    return [end, ...this.pipelined({ ...s, stop: { kind: 'var', name, dtype: s.stop.dtype, span: s.span } })];
  }

  private pipelined(s: For): readonly Stmt[] {
    const stages = s.stages ?? 1;
    const plain: For = { ...s, loop: 'serial', stages: undefined };
    if (stages < 2) return [{ ...plain, body: this.block(s.body) }];
    const split = this.split(s);
    if (split.producers.length === 0) return [{ ...plain, body: this.block(s.body) }];
    for (const name of split.tiles) this.stages.set(name, Math.max(stages, this.stages.get(name) ?? 0));

    const at = (e: Omit<Expr & { kind: 'binary' }, 'span' | 'kind'>): Expr => ({ kind: 'binary', ...e, span: s.span });
    const int = (value: number): Expr => ({ kind: 'const', dtype: 'i32', value, span: s.span });
    const add = (a: Expr, b: Expr): Expr => (isZero(a) ? b : isZero(b) ? a : at({ op: 'add', a, b, dtype: 'i32' }));
    const scaled = (n: number): Expr =>
      isOne(s.step) ? int(n) : at({ op: 'mul', a: s.step, b: int(n), dtype: 'i32' });
    const v: Expr = { kind: 'var', name: s.v, dtype: 'i32', span: s.span };
    // The iteration counted from zero decides the slot.
    const offset = isZero(s.start) ? v : at({ op: 'sub', a: v, b: s.start, dtype: 'i32' });
    const count = isOne(s.step) ? offset : at({ op: 'floordiv', a: offset, b: s.step, dtype: 'i32' });
    const slotOf = (iteration: Expr): Expr => at({ op: 'rem', a: iteration, b: int(stages), dtype: 'i32' });
    const commit: Stmt = { kind: 'commitGroup', span: s.span };

    /** The copies of one iteration, into one slot, if that iteration exists. */
    const fetch = (iteration: Expr, slot: Expr, tag: string): Stmt[] => {
      const clone = cloneWith([...split.lets, ...split.producers], new Map([[s.v, iteration]]), (n) =>
        this.rename(`${n}_${tag}`),
      );
      const body = this.index(markAsync(clone), split.tiles, slot);
      const cond = at({ op: 'lt', a: iteration, b: s.stop, dtype: 'bool' });
      return [{ kind: 'if', cond, then: body, else: [], span: s.span }, commit];
    };

    const prologue = Array.from({ length: stages - 1 }, (_, i) =>
      fetch(add(s.start, scaled(i)), int(i), `first${i}`),
    ).flat();
    const ahead = stages - 1;
    const next = fetch(add(v, scaled(ahead)), slotOf(add(count, int(ahead))), 'next');
    const consumers = this.index(this.block(split.consumers), split.tiles, slotOf(count));
    const body: Stmt[] = [{ kind: 'waitGroup', pending: stages - 2, span: s.span }, ...next, ...consumers];
    // Copies past the last iteration were never issued, but their empty groups are still counted.
    return [...prologue, { ...plain, body }, { kind: 'waitGroup', pending: 0, span: s.span }];
  }

  /** The copies that can run ahead, the names their addresses need, and the rest. */
  private split(s: For): { producers: Stmt[]; lets: Let[]; consumers: Stmt[]; tiles: ReadonlySet<string> } {
    const lets = new Map<string, Let>();
    for (const st of s.body) if (st.kind === 'let' && this.isPure(st)) lets.set(st.name, st);
    const assigned = new Set<string>();
    visitStmts(s.body, (st) => {
      if (st.kind === 'assign') assigned.add(st.name);
      if (st.kind === 'declare') assigned.add(st.name);
      if (st.kind === 'let' && !lets.has(st.name)) assigned.add(st.name);
    });
    const movable = (st: Stmt): boolean => this.isCopy(st) && [...effectsOf([st]).names].every((n) => !assigned.has(n));
    let producers = s.body.filter(movable);
    // A tile that something else writes too, or that is read before it is filled, keeps its copies in place.
    const tilesOf = (list: readonly Stmt[]): Set<string> => new Set([...effectsOf(list).writes]);
    const others = (list: readonly Stmt[]): readonly Stmt[] => s.body.filter((st) => !list.includes(st));
    const spoiled = effectsOf(others(producers)).writes;
    producers = producers.filter((st) =>
      [...effectsOf([st]).writes].every((t) => !spoiled.has(t) && this.deadOutside(s, t)),
    );
    const tiles = tilesOf(producers);
    const needed: Let[] = [];
    const need = (names: ReadonlySet<string>): void => {
      for (const n of names) {
        const l = lets.get(n);
        if (!l || needed.includes(l)) continue;
        need(effectsOf([l]).names);
        needed.push(l);
      }
    };
    need(effectsOf(producers).names);
    return { producers, lets: needed, consumers: [...others(producers)], tiles };
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

  /** After the loop, the tile is written before it is read again: rotating its copies then goes unnoticed. */
  private deadOutside(loop: For, tile: string): boolean {
    let after = false;
    let dead: boolean | undefined;
    const visit = (stmts: readonly Stmt[]): void => {
      for (const s of stmts) {
        if (s === loop) {
          after = true;
          continue;
        }
        if (s.kind === 'if' || s.kind === 'for' || s.kind === 'while') {
          const header = effectsOf([s.kind === 'if' ? { ...s, then: [], else: [] } : { ...s, body: [] }]);
          if (after && dead === undefined && header.reads.has(tile)) dead = false;
          visit(s.kind === 'if' ? [...s.then, ...s.else] : s.body);
          continue;
        }
        if (!after || dead !== undefined) continue;
        const e = effectsOf([s]);
        if (e.reads.has(tile)) dead = false;
        else if (e.writes.has(tile)) dead = true;
      }
    };
    visit(this.kernel.body);
    return dead ?? true;
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

const isZero = (e: Expr): boolean => e.kind === 'const' && Number(e.value) === 0;
const isOne = (e: Expr): boolean => e.kind === 'const' && Number(e.value) === 1;
const slotRegion = (r: Region, slot: Expr): Region => ({ ...r, origin: [slot, ...r.origin], extent: [1, ...r.extent] });
const slotLoad = (e: Load, slot: Expr): Load => ({ ...e, indices: [slot, ...e.indices] });

function markAsync(stmts: readonly Stmt[]): readonly Stmt[] {
  return rewrite(stmts, { stmt: (s) => (s.kind === 'copy' || s.kind === 'parallel' ? { ...s, async: true } : s) });
}
