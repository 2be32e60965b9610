/**
 * Rewrites what later passes do not know in terms of what they do:
 * - `cumsum` becomes a copy to shared memory, a serial sum along each row, and a copy back;
 * - a reduction of or into a tile that is no fragment goes through one;
 * - a copy into a local array, which every thread fills whole, becomes unrolled stores, by way of shared memory;
 * - an element of a fragment stored outside a parallel loop becomes a loop in which the holder stores it.
 */

import { fragmentElsewhere } from '../diagnostics/messages/passes.ts';
import { fail } from '../diagnostics/report.ts';
import type { Span } from '../ir/span.ts';
import { add, cast } from '../ir/tile/build.ts';
import type {
  Buffer,
  Copy,
  Cumsum,
  Expr,
  Kernel,
  Parallel,
  Reduce,
  Region,
  Stmt,
  Store,
  TensorParam,
} from '../ir/tile/schema.ts';
import { tensorsOf } from '../ir/tile/walk.ts';
import { mapExpr, rewrite, visitStmts } from './rewrite.ts';

export function legalize(kernel: Kernel): Kernel {
  const lx = new Legalizer(kernel);
  const body = lx.block(kernel.body);
  return { ...kernel, buffers: [...kernel.buffers, ...lx.added], body };
}

const int = (value: number, span: Span): Expr => ({ kind: 'const', dtype: 'i32', value, span });
const v = (name: string, span: Span): Expr => ({ kind: 'var', name, dtype: 'i32', span });
const whole = (b: Buffer, span: Span): Region => ({
  buffer: b.name,
  origin: b.shape.map(() => int(0, span)),
  extent: b.shape,
  span,
});

class Legalizer {
  readonly added: Buffer[] = [];
  private readonly buffers: Map<string, Buffer>;
  private readonly tensors: ReadonlyMap<string, TensorParam>;
  private readonly names = new Set<string>();

  constructor(kernel: Kernel) {
    this.buffers = new Map(kernel.buffers.map((b) => [b.name, b]));
    this.tensors = tensorsOf(kernel);
    for (const n of [...kernel.params, ...kernel.dims, ...kernel.buffers]) this.names.add(n.name);
    for (const name of kernel.blockVars) this.names.add(name);
    visitStmts(kernel.body, (s) => {
      if (s.kind === 'let' || s.kind === 'declare') this.names.add(s.name);
      if (s.kind === 'for') this.names.add(s.v);
      if (s.kind === 'parallel') for (const x of s.vars) this.names.add(x);
    });
  }

  private fresh(base: string): string {
    let name = base;
    for (let i = 1; this.names.has(name); i++) name = `${base}_${i}`;
    this.names.add(name);
    return name;
  }

  private tile(base: string, scope: Buffer['scope'], like: Pick<Buffer, 'dtype' | 'shape'>, span: Span): Buffer {
    const b: Buffer = { name: this.fresh(base), scope, dtype: like.dtype, shape: like.shape, span };
    this.added.push(b);
    this.buffers.set(b.name, b);
    return b;
  }

  block(stmts: readonly Stmt[]): readonly Stmt[] {
    return stmts.flatMap((s): readonly Stmt[] => {
      switch (s.kind) {
        case 'parallel':
          return [s];
        case 'for':
        case 'while':
          return [{ ...s, body: this.block(s.body) }];
        case 'if':
          return [{ ...s, then: this.block(s.then), else: this.block(s.else) }];
        case 'copy':
          return this.buffers.get(s.dst.buffer)?.scope === 'local' ? this.localCopy(s) : [s];
        case 'cumsum':
          return this.cumsum(s);
        case 'reduce':
          return this.reduce(s);
        case 'store':
          this.refuseFragmentReads(s);
          return [this.buffers.get(s.buffer)?.scope === 'fragment' ? this.fragmentStore(s) : s];
        default:
          this.refuseFragmentReads(s);
          return [s];
      }
    });
  }

  private refuseFragmentReads(s: Stmt): void {
    if (!['let', 'declare', 'assign', 'store', 'print', 'assert', 'atomic'].includes(s.kind)) return;
    const check = (e: Expr): Expr => {
      if (e.kind === 'load' && this.buffers.get(e.buffer)?.scope === 'fragment')
        fail(fragmentElsewhere(e.buffer), e.span);
      return e;
    };
    rewrite([s], { expr: (e) => mapExpr(e, check) });
  }

  private reduce(s: Reduce): readonly Stmt[] {
    const src = this.buffers.get(s.src.buffer)!;
    const dst = this.buffers.get(s.dst.buffer)!;
    const span = s.span;
    if (src.scope !== 'fragment') {
      const copy = this.tile(`${src.name}_regs`, 'fragment', { ...src, shape: s.src.extent }, span);
      return [
        { kind: 'copy', src: s.src, dst: whole(copy, span), span },
        ...this.reduce({ ...s, src: whole(copy, span) }),
      ];
    }
    if (dst.scope === 'fragment') return [s];
    const sums = this.tile(`${dst.name}_regs`, 'fragment', { ...dst, shape: s.dst.extent }, span);
    const before: Stmt[] = s.clear ? [] : [{ kind: 'copy', src: s.dst, dst: whole(sums, span), span }];
    return [
      ...before,
      { ...s, dst: whole(sums, span) },
      ...this.block([{ kind: 'copy', src: whole(sums, span), dst: s.dst, span }]),
    ];
  }

  private localCopy(s: Copy): readonly Stmt[] {
    const span = s.span;
    const from = this.buffers.get(s.src.buffer);
    if (from?.scope !== 'shared' && from?.scope !== 'local') {
      const dtype = (from ?? this.tensors.get(s.src.buffer)!).dtype;
      const tile = this.tile(`${s.src.buffer}_all`, 'shared', { dtype, shape: s.src.extent }, span);
      return [
        { kind: 'copy', src: s.src, dst: whole(tile, span), span },
        ...this.localCopy({ ...s, src: whole(tile, span) }),
      ];
    }
    const long = (r: Region): number[] => r.extent.flatMap((n, d) => (n > 1 ? [d] : []));
    const vars = long(s.dst).map(() => this.fresh('i'));
    const at = (r: Region): Expr[] =>
      r.origin.map((o, d) => {
        const i = long(r).indexOf(d);
        return i < 0 ? o : add(o, v(vars[i]!, span));
      });
    const value = cast(
      this.buffers.get(s.dst.buffer)!.dtype,
      { kind: 'load', buffer: s.src.buffer, indices: at(s.src), dtype: from.dtype, span },
      span,
    );
    const store: Stmt = { kind: 'store', buffer: s.dst.buffer, indices: at(s.dst), value, span };
    return [
      vars.reduceRight<Stmt>(
        (body, name, i) => ({
          kind: 'for',
          loop: 'unroll',
          v: name,
          start: int(0, span),
          stop: int(s.dst.extent[long(s.dst)[i]!]!, span),
          step: int(1, span),
          body: [body],
          span,
        }),
        store,
      ),
    ];
  }

  private cumsum(s: Cumsum): readonly Stmt[] {
    const span = s.span;
    const like = { ...this.buffers.get(s.dst.buffer)!, shape: s.src.extent };
    const tile = this.tile(`${s.dst.buffer}_sums`, 'shared', like, span);
    const n = s.src.extent[s.dim]!;
    const vars = s.src.extent.map((_, d) => this.fresh(d === s.dim ? 'step' : 'row'));
    const at = (index: Expr): Expr[] => vars.map((x, d) => (d === s.dim ? index : v(x, span)));
    const step = v(vars[s.dim]!, span);
    const here = s.reverse ? bin('sub', int(n - 1, span), step) : step;
    const before = s.reverse ? bin('sub', int(n, span), step) : bin('sub', step, int(1, span));
    const load = (index: Expr): Expr => ({
      kind: 'load',
      buffer: tile.name,
      indices: at(index),
      dtype: tile.dtype,
      span,
    });
    const total: Store = {
      kind: 'store',
      buffer: tile.name,
      indices: at(here),
      value: { kind: 'binary', op: 'add', a: load(before), b: load(here), dtype: tile.dtype, span },
      span,
    };
    const along: Stmt = {
      kind: 'for',
      loop: 'serial',
      v: vars[s.dim]!,
      start: int(1, span),
      stop: int(n, span),
      step: int(1, span),
      body: [total],
      span,
    };
    const rows = vars.filter((_, d) => d !== s.dim);
    const extents = s.src.extent.filter((_, d) => d !== s.dim);
    const loop: Parallel =
      rows.length > 0
        ? { kind: 'parallel', vars: rows, extents, body: [along], span }
        : { kind: 'parallel', vars: [this.fresh('row')], extents: [1], body: [along], span };
    return [
      { kind: 'copy', src: s.src, dst: whole(tile, span), span },
      loop,
      { kind: 'copy', src: whole(tile, span), dst: s.dst, span },
    ];
  }

  private fragmentStore(s: Store): Stmt {
    const b = this.buffers.get(s.buffer)!;
    const vars = b.shape.map(() => this.fresh('i'));
    const cond = vars
      .map(
        (x, d): Expr => ({ kind: 'binary', op: 'eq', a: v(x, s.span), b: s.indices[d]!, dtype: 'bool', span: s.span }),
      )
      .reduce((a, c) => ({ kind: 'binary', op: 'land', a, b: c, dtype: 'bool', span: s.span }));
    const store: Store = { ...s, indices: vars.map((x) => v(x, s.span)) };
    return {
      kind: 'parallel',
      vars,
      extents: b.shape,
      body: [{ kind: 'if', cond, then: [store], else: [], span: s.span }],
      span: s.span,
    };
  }
}

const bin = (op: 'add' | 'sub', a: Expr, b: Expr): Expr => ({ kind: 'binary', op, a, b, dtype: 'i32', span: a.span });
