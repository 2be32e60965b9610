/** What the walk over a kernel's text carries along: names given out, buffers made, statements emitted. */
import type { ts } from 'ts-morph';
import { CompileError, type Diagnostic, type Note } from '../diagnostics/diagnostic.ts';
import * as M from '../diagnostics/messages/language.ts';
import { fail, type Message } from '../diagnostics/report.ts';
import type { Span } from '../ir/span.ts';
import { NO_SPAN } from '../ir/span.ts';
import type { Buffer, Dim, Expr, Stmt } from '../ir/tile/schema.ts';
import { type Source, spanOf } from './source.ts';

export interface Grid {
  readonly extents: readonly Expr[];
  readonly vars: readonly string[];
  readonly threads: number;
  readonly minBlocks?: number;
  readonly span: Span;
}

/** A loop around, and the device control inside it. */
export interface Loop {
  readonly kind: 'device' | 'host' | 'parallel';
  readonly control: number;
}

/** Thrown for what hangs on code that has been reported: nothing is said of it. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

/** Mistakes reported at once; who sees these knows enough. */
const MOST_ERRORS = 20;

export class Frontend {
  /** Mistakes found so far, in the order of the walk. */
  readonly errors: Diagnostic[] = [];
  /** Statements given up so far, those walked over again included. */
  mistakes = 0;
  readonly buffers: Buffer[] = [];
  readonly dims = new Map<string, Dim>();
  grid: Grid | undefined;
  /** The function whose text is being walked, and the calls of macros that led there. */
  source: Source;
  via: Span | undefined;
  macroStack: readonly { readonly key: string; readonly name: string }[] = [];
  /** How many device conditions and loops are around. */
  control = 0;
  /** Variables of the T.Parallel around, if any. */
  parallel: { readonly vars: readonly string[]; readonly extents: readonly number[] } | undefined;
  /** Variables of T.Parallel and of unrolled loops: integers made of them stay expressions, which vectors are planned by. */
  readonly structured = new Set<string>();
  /** Device scalars, whose value at one place is not that at another. */
  readonly mutable = new Set<string>();
  /** Loops of the function that is being walked, outermost first. */
  loops: readonly Loop[] = [];
  /** The function that is being walked: the kernel's own or an inlined one, and the device control around its call. */
  fn: { readonly inlined: boolean; readonly control: number } = { inlined: false, control: 0 };
  /** Over zero while an operand is walked that may not be reached: it must not emit anything. */
  guarded = 0;
  private sink: Stmt[] = [];
  private readonly used = new Set<string>();

  constructor(source: Source) {
    this.source = source;
  }

  span(node: ts.Node): Span {
    return spanOf(this.source, node, this.via);
  }

  fail(message: Message, node: ts.Node, notes: readonly Note[] = []): never {
    fail(message, this.span(node), notes);
  }

  emit(s: Stmt): void {
    if (this.guarded > 0) fail(M.statementInOperand(), s.span);
    if (!this.grid && this.errors.length > 0) throw new Skipped();
    if (!this.grid) fail(M.gridFirst(), s.span);
    this.sink.push(s);
  }

  /** Runs `f`. A mistake in it is kept for the report, and the walk is where it was before: what `f` gave is missing then. */
  attempt<R>(f: () => R): { readonly value: R } | undefined {
    const { source, via, macroStack, control, parallel, loops, fn, guarded, sink } = this;
    const before = { source, via, macroStack, control, parallel, loops, fn, guarded };
    try {
      return { value: f() };
    } catch (e) {
      if (e instanceof CompileError) for (const d of e.diagnostics) this.report(d);
      else if (!(e instanceof Skipped)) throw e;
      this.mistakes++;
      Object.assign(this, before);
      this.sink = sink;
      return undefined;
    }
  }

  /** Once for each place, however often it is walked over. */
  private report(d: Diagnostic): void {
    const here = (x: Diagnostic): string => `${x.code} ${x.span.file}:${x.span.line}:${x.span.column}`;
    if (this.errors.length < MOST_ERRORS && !this.errors.some((x) => here(x) === here(d))) this.errors.push(d);
  }

  collect(f: () => void): readonly Stmt[] {
    const outer = this.sink;
    const inner: Stmt[] = [];
    this.sink = inner;
    try {
      f();
    } finally {
      this.sink = outer;
    }
    return inner;
  }

  /** Walks an operand that may not be reached. */
  guard<R>(f: () => R): R {
    this.guarded++;
    try {
      return f();
    } finally {
      this.guarded--;
    }
  }

  fresh(base: string): string {
    const clean = base.replace(/[^A-Za-z0-9_$]/g, '_') || 'x';
    let name = clean;
    for (let i = 1; this.used.has(name); i++) name = `${clean}_${i}`;
    this.used.add(name);
    return name;
  }
  reserve(name: string): void {
    this.used.add(name);
  }

  /** Runs `f` under device control: host variables from outside must not change in it. */
  underControl<R>(f: () => R): R {
    this.control++;
    try {
      return f();
    } finally {
      this.control--;
    }
  }

  dim(name: string, multipleOf: number): void {
    const old = this.dims.get(name);
    this.dims.set(name, { name, multipleOf: Math.max(multipleOf, old?.multipleOf ?? 1), span: NO_SPAN });
    this.reserve(name);
  }
}
