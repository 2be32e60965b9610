/**
 * An oracle for barriers: runs a kernel's statements with numbers, as the threads of a block do in lockstep of statements,
 * and notes which memory each touches. Independent of how `insert-barriers` reasons: it knows no slots, only elements.
 */
import { bytesOf } from '../../src/ir/dtype.ts';
import type { Buffer, Expr, Kernel, Region, Stmt } from '../../src/ir/tile/schema.ts';
import { evaluate } from '../../src/layout/layout.ts';

interface Touch {
  /** Counts barriers: two touches of one place in one epoch are unordered. */
  readonly from: number;
  /** The epoch in which the access is over; later for async copies. */
  to: number;
  readonly by: number;
  readonly kind: 'read' | 'write' | 'atomic';
}

export interface Race {
  readonly place: string;
  readonly statements: readonly [Stmt, Stmt];
}

/** Statements executed before a run is cut off. */
const FUEL = 3000;

type Ended = 'break' | 'continue' | 'return' | undefined;

/** The first race of one run, if any. Loads give small numbers drawn from `random`, the same for all threads. */
export function findRace(k: Kernel, random: () => number): Race | undefined {
  const run = new Run(k, random);
  run.block(k.body);
  return run.race;
}

class Run {
  race: Race | undefined;
  private readonly random: () => number;
  private readonly buffers: ReadonlyMap<string, Buffer>;
  private readonly values = new Map<string, number>();
  private readonly memory = new Map<string, Touch[]>();
  private readonly executed: Stmt[] = [];
  private epoch = 0;
  private fuel = FUEL;
  private open: Touch[] = [];
  private groups: Touch[][] = [];

  constructor(kernel: Kernel, random: () => number) {
    this.random = random;
    this.buffers = new Map(kernel.buffers.map((b) => [b.name, b]));
    for (const d of kernel.dims) this.values.set(d.name, 4);
    for (const v of kernel.blockVars) this.values.set(v, 0);
  }

  block(stmts: readonly Stmt[]): Ended {
    for (const s of stmts) {
      if (this.fuel-- <= 0 || this.race) return 'return';
      const ended = this.stmt(s);
      if (ended) return ended;
    }
    return undefined;
  }

  // ------------------------------------------------------------------------------------------------------- memory

  private place(name: string, coords: readonly number[]): string[] {
    const b = this.buffers.get(name);
    if (b && b.scope !== 'shared') return [];
    if (b?.offset === undefined || !b.layout) return [`${name}[${coords.join()}]`];
    const first = b.offset + evaluate(b.layout, coords).mem * bytesOf(b.dtype);
    return Array.from({ length: bytesOf(b.dtype) }, (_, i) => `byte ${first + i}`);
  }

  private touch(kind: Touch['kind'], name: string, coords: readonly number[], async = false): void {
    for (const place of this.place(name, coords)) {
      const list = this.memory.get(place) ?? [];
      const mine: Touch = { from: this.epoch, to: async ? Infinity : this.epoch, by: this.executed.length - 1, kind };
      for (const t of list) {
        const peaceful = t.by === mine.by || (t.kind === mine.kind && mine.kind !== 'write');
        if (!peaceful && t.to >= mine.from)
          this.race ??= { place, statements: [this.executed[t.by]!, this.executed[mine.by]!] };
      }
      list.push(mine);
      this.memory.set(place, list);
      if (async) this.open.push(mine);
    }
  }

  private region(kind: Touch['kind'], r: Region, async = false): void {
    const origin = r.origin.map((e) => this.expr(e));
    const walk = (d: number, coords: number[]): void => {
      if (d === r.extent.length) this.touch(kind, r.buffer, coords, async);
      else for (let i = 0; i < r.extent[d]!; i++) walk(d + 1, [...coords, origin[d]! + i]);
    };
    walk(0, []);
  }

  // -------------------------------------------------------------------------------------------------- expressions

  private expr(e: Expr): number {
    switch (e.kind) {
      case 'const':
        return Number(e.value);
      case 'var':
        return this.values.get(e.name) ?? 0;
      case 'load': {
        this.touch(
          'read',
          e.buffer,
          e.indices.map((i) => this.expr(i)),
        );
        return Math.floor(this.random() * 4);
      }
      case 'binary':
        return this.binary(e.op, this.expr(e.a), this.expr(e.b));
      case 'unary':
        return e.op === 'not' ? Number(!this.expr(e.a)) : -this.expr(e.a);
      case 'select':
        return this.expr(e.cond) ? this.expr(e.a) : this.expr(e.b);
      case 'cast':
      case 'bitcast':
        return this.expr(e.a);
      case 'call':
      case 'ptx':
        for (const a of e.args) this.expr(a);
        return 1;
    }
  }

  private binary(op: string, a: number, b: number): number {
    const compare: Record<string, boolean> = { lt: a < b, le: a <= b, gt: a > b, ge: a >= b, eq: a === b, ne: a !== b };
    if (op in compare) return Number(compare[op]);
    const value: Record<string, number> = {
      add: a + b,
      sub: a - b,
      mul: a * b,
      rem: a % b,
      floordiv: Math.floor(a / b),
      ceildiv: Math.ceil(a / b),
      min: Math.min(a, b),
      max: Math.max(a, b),
      land: a && b,
      lor: a || b,
    };
    return value[op] ?? 0;
  }

  // --------------------------------------------------------------------------------------------------- statements

  private stmt(s: Stmt): Ended {
    this.executed.push(s);
    switch (s.kind) {
      case 'let':
      case 'declare':
      case 'assign':
        this.values.set(s.name, this.expr(s.value));
        return undefined;
      case 'store':
        this.expr(s.value);
        this.touch(
          'write',
          s.buffer,
          s.indices.map((i) => this.expr(i)),
        );
        return undefined;
      case 'atomic':
        this.expr(s.value);
        this.touch(
          'atomic',
          s.buffer,
          s.indices.map((i) => this.expr(i)),
        );
        return undefined;
      case 'for': {
        const [start, stop, step] = [this.expr(s.start), this.expr(s.stop), this.expr(s.step)];
        for (let i = start; i < stop && !this.race; i += step) {
          this.values.set(s.v, i);
          const ended = this.block(s.body);
          if (ended === 'break') break;
          if (ended === 'return') return ended;
        }
        return undefined;
      }
      case 'while':
        while (this.fuel-- > 0 && !this.race && this.condition(s.cond, s)) {
          const ended = this.block(s.body);
          if (ended === 'break') break;
          if (ended === 'return') return ended;
        }
        return undefined;
      case 'if':
        return this.block(this.expr(s.cond) ? s.then : s.else);
      case 'parallel':
        this.parallel(s.vars, s.extents, s.body, s.async === true);
        return undefined;
      case 'break':
      case 'continue':
      case 'return':
        return s.kind;
      case 'copy':
        this.region('read', s.src);
        this.region('write', s.dst, s.async);
        return undefined;
      case 'fill':
        this.expr(s.value);
        this.region('write', s.dst);
        return undefined;
      case 'gemm':
        this.region('read', s.a);
        this.region('read', s.b);
        return undefined;
      case 'reduce':
      case 'cumsum':
        this.region('read', s.src);
        if (s.scratch === undefined) return undefined;
        this.touch('write', s.scratch, [0]);
        this.epoch++;
        this.touch('read', s.scratch, [0]);
        return undefined;
      case 'print':
        for (const a of s.args) this.expr(a);
        return undefined;
      case 'assert':
        this.expr(s.cond);
        return undefined;
      case 'commitGroup':
        this.groups.push(this.open);
        this.open = [];
        return undefined;
      case 'waitGroup':
        // What is done now is seen by others in the next epoch.
        for (const t of this.groups.splice(0, Math.max(0, this.groups.length - s.pending)).flat()) t.to = this.epoch;
        return undefined;
      case 'barrier':
        this.epoch++;
        return undefined;
    }
  }

  /** Each evaluation of a condition is an access of its own. */
  private condition(e: Expr, s: Stmt): boolean {
    this.executed.push(s);
    return this.expr(e) !== 0;
  }

  /** Iterations of one loop are independent: all are one statement. */
  private parallel(vars: readonly string[], extents: readonly number[], body: readonly Stmt[], async: boolean): void {
    const by = this.executed.length - 1;
    const each = (d: number): void => {
      if (d < vars.length) {
        for (let i = 0; i < extents[d]!; i++) {
          this.values.set(vars[d]!, i);
          each(d + 1);
        }
        return;
      }
      for (const s of body) {
        if (s.kind === 'if') {
          if (this.expr(s.cond)) this.parallel([], [], s.then, async);
          else this.parallel([], [], s.else, async);
        } else if (s.kind === 'store') {
          this.expr(s.value);
          this.touch(
            'write',
            s.buffer,
            s.indices.map((i) => this.expr(i)),
            async,
          );
        } else this.stmt(s);
        this.executed.length = by + 1;
      }
    };
    each(0);
  }
}
