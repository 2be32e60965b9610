/** What lowering a kernel to Device IR carries along: names, the digits of the thread index, and where statements go. */

import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { DExpr, DStmt } from '../../ir/device/schema.ts';
import type { DType } from '../../ir/dtype.ts';
import type { Span } from '../../ir/span.ts';
import type { Target } from '../../ir/target.ts';
import type { Buffer, Expr, Kernel, Load, Region, Store, TensorParam } from '../../ir/tile/schema.ts';
import { tensorsOf } from '../../ir/tile/walk.ts';
import { sizeOf } from '../../layout/layout.ts';
import { collectFacts, type Facts } from '../facts.ts';
import { visitStmts } from '../rewrite.ts';
import { dvar, ibin, int } from './dexpr.ts';
import { type Coord, type Digit, single } from './digits.ts';

/** A variable of a parallel or unrolled loop while its body is lowered. */
export interface BoundVar {
  /** Its value as digits. */
  readonly coord: Coord;
  /** The C variable that holds it, where one was declared. */
  readonly name?: string;
}

/** A region of a tensor whose origin was added to a pointer once; element indices are relative to it. */
export interface RegionAccess {
  readonly region: Region;
  readonly pointer: string;
  /** Is the element at these indices (relative to the origin) inside the tensor? Absent where all are. */
  readonly guard?: (indices: readonly Expr[]) => DExpr | undefined;
}

export class Lowering {
  readonly kernel: Kernel;
  readonly target: Target;
  readonly warn: ((d: Diagnostic) => void) | undefined;
  readonly facts: Facts;
  readonly tensors: ReadonlyMap<string, TensorParam>;
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly bound = new Map<string, BoundVar>();
  /** Loads that the vectoriser has already brought into registers. */
  readonly preloaded = new Map<object, DExpr>();
  /** Names whose value per element of a vector lies in a register array of the same name. */
  readonly vectorLets = new Map<string, { readonly index: DExpr; readonly dtype: DType }>();
  readonly regionLoads = new Map<Load | Store, RegionAccess>();
  /** True in one of the threads that hold copies of what is being stored. */
  replicaGuard: DExpr | undefined;
  inParallel = false;

  readonly prologue: DStmt[] = [];
  private sink: DStmt[] = [];
  private readonly used = new Set<string>();
  private readonly digits = new Map<string, Digit>();
  private readonly invariants = new Map<string, DExpr>();

  constructor(kernel: Kernel, target: Target, warn?: (d: Diagnostic) => void) {
    this.kernel = kernel;
    this.warn = warn;
    this.target = target;
    this.facts = collectFacts(kernel);
    this.tensors = tensorsOf(kernel);
    this.buffers = new Map(kernel.buffers.map((b) => [b.name, b]));
    for (const name of [
      'tid',
      'lane',
      'warp',
      ...this.tensors.keys(),
      ...this.buffers.keys(),
      ...kernel.blockVars,
      ...this.facts.keys(),
    ])
      this.used.add(name);
    visitStmts(kernel.body, (s) => {
      if (s.kind === 'declare') this.used.add(s.name);
    });
  }

  emit(s: DStmt): void {
    this.sink.push(s);
  }

  /** All threads of the block meet; a block of one warp does so more cheaply. */
  barrier(span?: Span): void {
    this.emit(
      this.kernel.threads <= this.target.warpSize ? { kind: 'warpSync', span } : { kind: 'barrier', id: 0, span },
    );
  }

  /** The statements that `f` emits. */
  collect(f: () => void): DStmt[] {
    const outer = this.sink;
    const inner: DStmt[] = [];
    this.sink = inner;
    try {
      f();
    } finally {
      this.sink = outer;
    }
    return inner;
  }

  fresh(base: string): string {
    let name = base;
    for (let i = 1; this.used.has(name); i++) name = `${base}_${i}`;
    this.used.add(name);
    return name;
  }

  declare(base: string, value: DExpr, span?: Span): DExpr {
    const name = this.fresh(base);
    this.emit({ kind: 'declare', name, dtype: value.dtype, const: true, value, span });
    return dvar(name, value.dtype);
  }

  registers(base: string, dtype: DType, length: number, init?: DExpr): string {
    const name = this.fresh(base);
    this.emit({ kind: 'registers', name, dtype, length, init });
    return name;
  }

  /** The part (thread / stride) mod extent of the thread index, declared once at the top of the kernel. */
  threadDigit(stride: number, extent: number): Digit {
    const id = `t${stride}x${extent}`;
    const known = this.digits.get(id);
    if (known) return known;
    const tid = dvar('tid');
    const whole = stride * extent >= this.kernel.threads;
    const divided = ibin('div', tid, int(stride));
    const value = whole ? divided : ibin('rem', divided, int(extent));
    let expr = value;
    if (extent > 1 && !(stride === 1 && whole)) {
      const name = stride === 1 && extent === 32 ? 'lane' : stride === 32 && whole ? 'warp' : id;
      this.prologue.push({ kind: 'declare', name, dtype: 'i32', const: true, value });
      this.used.add(name);
      expr = dvar(name);
    }
    const digit: Digit = { id, expr, extent, thread: { stride, extent } };
    this.digits.set(id, digit);
    return digit;
  }

  /** A value that only the thread index decides, named once at the top of the kernel. */
  invariant(base: string, value: DExpr): DExpr {
    if (value.kind !== 'binary') return value;
    const key = JSON.stringify(value);
    const known = this.invariants.get(key);
    if (known) return known;
    const name = this.fresh(base);
    this.prologue.push({ kind: 'declare', name, dtype: value.dtype, const: true, value });
    const named = dvar(name, value.dtype);
    this.invariants.set(key, named);
    return named;
  }

  lane(): Coord {
    return single(this.threadDigit(1, Math.min(32, this.kernel.threads)));
  }

  /**
   * An unrolled loop; `body` gets its digit. Loops of one iteration or none leave no trace. More than `atOnce` steps stay a
   * loop of so many at a time: for bodies that index no registers by the digit.
   */
  unrolled(base: string, extent: number, body: (digit: Digit) => void, atOnce = Number.POSITIVE_INFINITY): void {
    if (extent === 0) return;
    if (extent === 1) return body({ id: `one`, expr: int(0), extent: 1 });
    const v = this.fresh(base);
    const digit: Digit = { id: v, expr: dvar(v), extent };
    const inner = this.collect(() => body(digit));
    // The name goes out of scope with the loop and may serve again.
    this.used.delete(v);
    const unroll = extent > atOnce ? atOnce : true;
    this.emit({ kind: 'for', v, start: int(0), stop: int(extent), step: int(1), unroll, body: inner });
  }

  /** Lets a name that has gone out of scope serve again. */
  release(name: string): void {
    this.used.delete(name);
  }

  /** How many registers of each thread a fragment or a local array takes. */
  registerCount(name: string): number {
    const b = this.buffer(name);
    return b.scope === 'fragment' && b.layout ? sizeOf(b.layout, 'reg') : b.shape.reduce((n, x) => n * x, 1);
  }

  scopeOf(buffer: string): 'global' | Buffer['scope'] {
    return this.buffers.get(buffer)?.scope ?? 'global';
  }
  buffer(name: string): Buffer {
    const b = this.buffers.get(name);
    if (!b) throw new Error(`no buffer ${name}`);
    return b;
  }
  dtypeOf(name: string): DType {
    const found = this.buffers.get(name)?.dtype ?? this.tensors.get(name)?.dtype;
    if (!found) throw new Error(`no buffer ${name}`);
    return found;
  }
}
