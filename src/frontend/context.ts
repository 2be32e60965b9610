/** What the walk over a kernel's text carries along: names given out, buffers made, statements emitted. */
import type { ts } from 'ts-morph';
import type { Span } from '../ir/span.ts';
import { NO_SPAN } from '../ir/span.ts';
import type { Buffer, Dim, Expr, Stmt } from '../ir/tile/schema.ts';
import { fail, type Message } from '../diagnostics/report.ts';
import type { Note } from '../diagnostics/diagnostic.ts';
import { type Source, spanOf } from './source.ts';

export interface Grid {
  readonly extents: readonly Expr[];
  readonly vars: readonly string[];
  readonly threads: number;
  readonly minBlocks?: number;
}

export class Frontend {
  readonly buffers: Buffer[] = [];
  readonly dims = new Map<string, Dim>();
  grid: Grid | undefined;
  /** The function whose text is being walked, and the calls of macros that led there. */
  source: Source;
  via: Span | undefined;
  macroStack: readonly string[] = [];
  /** How many device conditions and loops are around. */
  control = 0;
  /** Variables of the T.Parallel around, if any. */
  parallel: { readonly vars: readonly string[]; readonly extents: readonly number[] } | undefined;
  /** T.unroll and T.Parallel variables: expressions over these stay structured, so constants made of them are not named. */
  structured = 0;
  loops: ('device' | 'host')[] = [];
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
    this.sink.push(s);
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
