/**
 * Reads Tile IR's text. This module loads chevrotain (240 ms): import it lazily.
 *
 * `grammar.ts` gives the structure; here names get their dtypes and regions their buffers' shapes.
 */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import * as msg from '../../diagnostics/messages/tir.ts';
import { compileError, diagnostic, type Message } from '../../diagnostics/report.ts';
import { type DType, isDType } from '../dtype.ts';
import type { Layout } from '../layout.ts';
import { NO_SPAN, type Span } from '../span.ts';
import { readExpr, readKernel, type SyntaxProblem } from './grammar.ts';
import { LayoutTextError, parseLayout } from './layout-text.ts';
import type { Buffer, Const, Dim, Expr, Kernel, Param, Region, Stmt } from './schema.ts';
import type { SynBuffer, SynExpr, SynModifier, SynRegion, SynStmt } from './syntax.ts';
import { binaryDType, callDType, INFIX, type InfixOp, isMathFn, PREFIX_BINARY, readName, readNumber } from './text.ts';

export interface ParseOptions {
  /** Nodes without an `@…` get their place in this very text as their span, in place of `NO_SPAN`. */
  readonly textSpans?: boolean;
}

/** Throws a `CompileError` with places in `file`. */
export function parseKernel(text: string, file = '<tile ir>', options: ParseOptions = {}): Kernel {
  const syntax = readKernel(text);
  if (Array.isArray(syntax)) throw refuse(syntax, file);
  const e = new Elaborator(file, options.textSpans ?? false);
  const kernel = e.kernel(syntax);
  if (e.problems.length > 0) throw compileError(e.problems);
  return kernel;
}

/** Reads one expression; `vars` and `buffers` give the dtypes of its names. */
export function parseExpr(
  text: string,
  vars: Readonly<Record<string, DType>> = {},
  buffers: Readonly<Record<string, DType>> = {},
): Expr {
  const file = '<expression>';
  const syntax = readExpr(text);
  if (Array.isArray(syntax)) throw refuse(syntax, file);
  const e = new Elaborator(file, false);
  for (const [name, dtype] of Object.entries(vars)) e.vars.set(name, dtype);
  for (const [name, dtype] of Object.entries(buffers)) e.buffers.set(name, { dtype });
  const result = e.expr(syntax, NO_SPAN);
  if (e.problems.length > 0) throw compileError(e.problems);
  return result;
}

const refuse = (problems: readonly SyntaxProblem[], file: string) =>
  compileError(
    problems.map((p) =>
      diagnostic(msg.syntax(p.message), {
        file,
        line: p.line,
        column: p.column,
        endLine: p.line,
        endColumn: p.column + p.length,
      }),
    ),
  );

type Token = SynModifier['token'];

const LOOPS = ['serial', 'unroll', 'pipelined', 'persistent'] as const;
const REDUCE_OPS = ['sum', 'max', 'min', 'absmax'] as const;
const ATOMIC_OPS = ['add', 'max', 'min'] as const;
const SCOPES = ['shared', 'fragment', 'local'] as const;
const UNARY = { '-': 'neg', '!': 'not', '~': 'bitnot' } as const;
const INFIX_OPS: ReadonlyMap<string, InfixOp> = new Map(
  Object.entries(INFIX).map(([op, o]) => [o.symbol, op as InfixOp]),
);

class Elaborator {
  readonly problems: Diagnostic[] = [];
  readonly vars = new Map<string, DType>();
  readonly buffers = new Map<string, { readonly dtype: DType; readonly shape?: readonly number[] }>();
  private readonly file: string;
  private readonly textSpans: boolean;

  constructor(file: string, textSpans: boolean) {
    this.file = file;
    this.textSpans = textSpans;
  }

  // ------------------------------------------------------------------------------------------------------ helpers

  private place(t: Token): Span {
    const start = { file: this.file, line: t.startLine ?? 1, column: t.startColumn ?? 1 };
    return { ...start, endLine: t.endLine ?? start.line, endColumn: (t.endColumn ?? start.column) + 1 };
  }

  private error(m: Message, t: Token): void {
    this.problems.push(diagnostic(m, this.place(t)));
  }

  private spanOf(given: Span | undefined, t: Token): Span {
    return given ?? (this.textSpans ? this.place(t) : NO_SPAN);
  }

  private int(t: Token): number {
    if (!/^\d+$/.test(t.image)) this.error(msg.notAnInteger(t.image), t);
    return Number.parseInt(t.image, 10) || 0;
  }

  private dtype(t: Token): DType {
    if (isDType(t.image)) return t.image;
    this.error(msg.unknownDType(t.image), t);
    return 'f32';
  }

  private oneOf<X extends string>(t: Token, known: readonly X[], what: string): X {
    const found = known.find((k) => k === t.image);
    if (found === undefined) this.error(msg.unknownKind(what, t.image, known), t);
    return found ?? known[0]!;
  }

  // ------------------------------------------------------------------------------------------------------ kernels

  kernel(s: Exclude<ReturnType<typeof readKernel>, readonly SyntaxProblem[]>): Kernel {
    const span = this.spanOf(s.span, s.name);
    const dims = s.dims.map((d): Dim => {
      const name = readName(d.name.image);
      this.vars.set(name, 'i32');
      return { name, multipleOf: d.multipleOf ? this.int(d.multipleOf) : 1, span: this.spanOf(d.span, d.name) };
    });
    for (const p of s.params)
      if (!p.shape && isDType(p.dtype.image)) this.vars.set(readName(p.name.image), p.dtype.image);
    const params = s.params.map((p): Param => {
      const base = { name: readName(p.name.image), dtype: this.dtype(p.dtype), span: this.spanOf(p.span, p.name) };
      if (!p.shape) return { kind: 'scalar', ...base };
      this.buffers.set(base.name, { dtype: base.dtype });
      return { kind: 'tensor', ...base, shape: p.shape.map((e) => this.expr(e, base.span)) };
    });
    const grid = s.grid.map((g) => this.expr(g.extent, span));
    const blockVars = s.grid.flatMap((g) => (g.name ? [readName(g.name.image)] : []));
    for (const v of blockVars) this.vars.set(v, 'i32');
    const mods = this.modifiers(s.modifiers, ['threads', 'minBlocks', 'sharedBytes']);
    const buffers = s.buffers.map((b) => this.buffer(b));
    for (const b of buffers) this.buffers.set(b.name, b);
    this.declare(s.body);
    const threads = mods.int('threads');
    if (threads === undefined) this.error(msg.badModifier('threads', 'to be there, such as `threads(128)`'), s.name);
    return {
      name: readName(s.name.image),
      params,
      dims,
      grid,
      blockVars,
      threads: threads ?? 1,
      buffers,
      body: this.stmts(s.body),
      ...given('minBlocks', mods.int('minBlocks')),
      ...given('sharedBytes', mods.int('sharedBytes')),
      span,
    };
  }

  /** A program whose statements stand in the wrong order is the verifier's to refuse, so names count from the start. */
  private declare(stmts: readonly SynStmt[]): void {
    for (const s of stmts) {
      if ((s.kind === 'let' || s.kind === 'var') && isDType(s.dtype.image))
        this.vars.set(readName(s.name.image), s.dtype.image);
      else if (s.kind === 'parallel') for (const v of s.vars) this.vars.set(readName(v.image), 'i32');
      else if (s.kind === 'for') this.vars.set(readName(s.v.image), 'i32');
      if (s.kind === 'if') {
        this.declare(s.then);
        this.declare(s.else);
      } else if (s.kind === 'for' || s.kind === 'parallel' || s.kind === 'while') this.declare(s.body);
    }
  }

  private buffer(b: SynBuffer): Buffer {
    const mods = this.modifiers(b.modifiers, ['layout', 'stages', 'offset']);
    return {
      name: readName(b.name.image),
      scope: this.oneOf(b.scope, SCOPES, 'scope'),
      dtype: this.dtype(b.dtype),
      shape: b.shape.map((t) => this.int(t)),
      span: this.spanOf(b.span, b.name),
      ...given('layout', mods.layout()),
      ...given('stages', mods.int('stages')),
      ...given('offset', mods.int('offset')),
    };
  }

  /** What follows a declaration or a statement; each name once, and only those `allowed`. */
  private modifiers(list: readonly SynModifier[], allowed: readonly string[]) {
    const found = new Map<string, SynModifier>();
    for (const m of list) {
      const name = m.token.image.startsWith('layout(') ? 'layout' : readName(m.token.image);
      if (!allowed.includes(name) || found.has(name)) this.error(msg.unknownModifier(name, allowed), m.token);
      else found.set(name, m);
    }
    const one = (name: string): Token | undefined => {
      const m = found.get(name);
      if (m && m.args.length !== 1) this.error(msg.badModifier(name, 'one value'), m.token);
      return m?.args[0];
    };
    return {
      flag: (name: string): boolean => found.has(name),
      int: (name: string): number | undefined => {
        const t = one(name);
        return t && this.int(t);
      },
      name: (name: string): string | undefined => {
        const t = one(name);
        return t && readName(t.image);
      },
      string: (name: string): string | undefined => {
        const t = one(name);
        if (t && !t.image.startsWith('"')) this.error(msg.badModifier(name, 'a string'), t);
        return t && this.string(t);
      },
      pair: (name: string): readonly [number, number] | undefined => {
        const m = found.get(name);
        if (!m) return undefined;
        if (m.args.length !== 2) this.error(msg.badModifier(name, 'two numbers'), m.token);
        return [this.int(m.args[0] ?? m.token), this.int(m.args[1] ?? m.token)];
      },
      layout: (): Layout | undefined => {
        const m = found.get('layout');
        return m && this.layout(m.token);
      },
    };
  }

  private layout(t: Token): Layout | undefined {
    try {
      return parseLayout(t.image.slice('layout('.length, -1));
    } catch (error) {
      if (!(error instanceof LayoutTextError)) throw error;
      const column = (t.startColumn ?? 1) + 'layout('.length + error.index;
      const at = { file: this.file, line: t.startLine ?? 1, column };
      this.problems.push(diagnostic(msg.badLayout(error.message), at));
      return undefined;
    }
  }

  private string(t: Token): string {
    try {
      return JSON.parse(t.image) as string;
    } catch {
      this.error(msg.syntax('a string with an escape that JSON does not know'), t);
      return '';
    }
  }

  // --------------------------------------------------------------------------------------------------- statements

  private stmts(list: readonly SynStmt[]): Stmt[] {
    return list.map((s) => this.stmt(s));
  }

  private stmt(s: SynStmt): Stmt {
    const span = this.spanOf(s.span, s.token);
    const x = (e: SynExpr): Expr => this.expr(e, span);
    const all = (list: readonly SynExpr[]): Expr[] => list.map(x);
    const r = (region: SynRegion): Region => this.region(region, span);
    switch (s.kind) {
      case 'let':
        return { kind: 'let', name: readName(s.name.image), dtype: this.dtype(s.dtype), value: x(s.value), span };
      case 'var':
        return { kind: 'declare', name: readName(s.name.image), dtype: this.dtype(s.dtype), value: x(s.value), span };
      case 'set': {
        const name = readName(s.token.image);
        const value = x(s.value);
        if (!s.indices) return { kind: 'assign', name, value, span };
        return { kind: 'store', buffer: name, indices: all(s.indices), value, span };
      }
      case 'for': {
        const mods = this.modifiers(s.modifiers, ['stages']);
        const [start, stop, step] = this.bounds(s, span);
        const v = readName(s.v.image);
        this.vars.set(v, start.dtype);
        const loop = this.oneOf(s.loop, LOOPS, 'kind of loop');
        const body = this.stmts(s.body);
        return { kind: 'for', loop, v, start, stop, step, ...given('stages', mods.int('stages')), body, span };
      }
      case 'parallel': {
        const mods = this.modifiers(s.modifiers, ['layout', 'async']);
        return {
          kind: 'parallel',
          vars: s.vars.map((t) => readName(t.image)),
          extents: s.extents.map((t) => this.int(t)),
          body: this.stmts(s.body),
          span,
          ...given('layout', mods.layout()),
          ...flagged('async', mods.flag('async')),
        };
      }
      case 'if':
        return { kind: 'if', cond: x(s.cond), then: this.stmts(s.then), else: this.stmts(s.else), span };
      case 'while':
        return { kind: 'while', cond: x(s.cond), body: this.stmts(s.body), span };
      case 'break':
      case 'continue':
      case 'return':
      case 'commitGroup':
      case 'barrier':
        return { kind: s.kind, span };
      case 'waitGroup':
        return { kind: 'waitGroup', pending: this.int(s.pending), span };
      case 'copy': {
        const mods = this.modifiers(s.modifiers, ['async']);
        return { kind: 'copy', src: r(s.src), dst: r(s.dst), span, ...flagged('async', mods.flag('async')) };
      }
      case 'fill':
        return { kind: 'fill', dst: r(s.dst), value: x(s.value), span };
      case 'gemm': {
        const mods = this.modifiers(s.modifiers, ['clear', 'instr', 'warps']);
        return {
          kind: 'gemm',
          a: r(s.a),
          b: r(s.b),
          c: r(s.c),
          transposeA: s.a.transposed,
          transposeB: s.b.transposed,
          clear: mods.flag('clear'),
          span,
          ...given('instr', mods.string('instr')),
          ...given('warps', mods.pair('warps')),
        };
      }
      case 'reduce': {
        const mods = this.modifiers(s.modifiers, ['dim', 'clear', 'scratch']);
        const op = this.oneOf(s.op, REDUCE_OPS, 'reduction');
        const dim = this.dimOf(mods.int('dim'), s.token);
        const scratch = given('scratch', mods.name('scratch'));
        return { kind: 'reduce', op, src: r(s.src), dst: r(s.dst), dim, clear: mods.flag('clear'), span, ...scratch };
      }
      case 'cumsum': {
        const mods = this.modifiers(s.modifiers, ['dim', 'reverse', 'scratch']);
        const dim = this.dimOf(mods.int('dim'), s.token);
        const scratch = given('scratch', mods.name('scratch'));
        return { kind: 'cumsum', src: r(s.src), dst: r(s.dst), dim, reverse: mods.flag('reverse'), span, ...scratch };
      }
      case 'atomic': {
        const op = this.oneOf(s.op, ATOMIC_OPS, 'atomic operation');
        return {
          kind: 'atomic',
          op,
          buffer: readName(s.buffer.image),
          indices: all(s.indices),
          value: x(s.value),
          span,
        };
      }
      case 'print':
        return { kind: 'print', format: this.string(s.format), args: all(s.args), span };
      case 'assert':
        return { kind: 'assert', cond: x(s.cond), message: this.string(s.message), span };
    }
  }

  /** A person may leave start and step out. */
  private bounds(s: Extract<SynStmt, { kind: 'for' }>, span: Span): [Expr, Expr, Expr] {
    const args = s.args.map((e) => this.expr(e, span));
    const like = args[0]?.dtype === 'i64' ? (n: bigint) => n : Number;
    const int = (n: bigint): Const => ({ kind: 'const', dtype: args[0]?.dtype ?? 'i32', value: like(n), span });
    const [a, b, c] = args;
    if (a && !b) return [int(0n), a, int(1n)];
    if (a && b && args.length <= 3) return [a, b, c ?? int(1n)];
    this.error(msg.argumentCount(s.loop.image, '1 to 3 bounds', args.length), s.loop);
    return [int(0n), int(0n), int(1n)];
  }

  private dimOf(dim: number | undefined, at: Token): number {
    if (dim === undefined) this.error(msg.badModifier('dim', 'to be there, such as `dim(1)`'), at);
    return dim ?? 0;
  }

  private region(r: SynRegion, span: Span): Region {
    const buffer = readName(r.token.image);
    const slot = r.slot ? { slot: this.expr(r.slot, span) } : {};
    if (r.box) {
      const origin = r.box.origin.map((e) => this.expr(e, span));
      return { buffer, origin, extent: r.box.extent.map((t) => this.int(t)), ...slot, span };
    }
    const shape = this.buffers.get(buffer)?.shape;
    if (!shape) this.error(msg.unknownName(buffer), r.token);
    const extent = shape ?? [];
    const zero: Const = { kind: 'const', dtype: 'i32', value: 0, span };
    return { buffer, origin: extent.map(() => zero), extent, ...slot, span };
  }

  // -------------------------------------------------------------------------------------------------- expressions

  expr(e: SynExpr, span: Span): Expr {
    const x = (s: SynExpr): Expr => this.expr(s, span);
    switch (e.kind) {
      case 'literal':
        return this.literal(e.token, e.negative, span);
      case 'name': {
        const name = readName(e.token.image);
        const dtype = this.vars.get(name);
        if (dtype === undefined) this.error(msg.unknownName(name), e.token);
        return { kind: 'var', name, dtype: dtype ?? 'i32', span };
      }
      case 'unary': {
        const a = x(e.a);
        return { kind: 'unary', op: UNARY[e.token.image as keyof typeof UNARY], a, dtype: a.dtype, span };
      }
      case 'binary': {
        const [a, b] = [x(e.a), x(e.b)];
        const op = INFIX_OPS.get(e.token.image)!;
        return { kind: 'binary', op, a, b, dtype: binaryDType(op, a.dtype), span };
      }
      case 'load': {
        const buffer = readName(e.token.image);
        const dtype = this.buffers.get(buffer)?.dtype;
        if (dtype === undefined) this.error(msg.unknownName(buffer), e.token);
        return { kind: 'load', buffer, indices: e.indices.map(x), dtype: dtype ?? 'f32', span };
      }
      case 'typed':
        return this.typed(e, span);
      case 'call':
        return this.call(e, span);
    }
  }

  private literal(t: Token, negative: boolean, span: Span): Const {
    const m = /^(.*?)(?:_([a-z0-9]+))?$/.exec(t.image)!;
    const body = (negative ? '-' : '') + m[1]!;
    const plain = /^(true|false)$/.test(m[1]!) ? 'bool' : /[.en]/.test(m[1]!) ? 'f32' : 'i32';
    const dtype = m[2] !== undefined && isDType(m[2]) ? m[2] : plain;
    if (negative && /^(true|false|nan)$/.test(m[1]!)) this.error(msg.badNumber(`-${t.image}`), t);
    return { kind: 'const', dtype, value: readNumber(body, dtype), span };
  }

  /** `x:f32` says the dtype of a name that is not declared, or one that differs from what the operands make. */
  private typed(e: Extract<SynExpr, { kind: 'typed' }>, span: Span): Expr {
    const dtype = this.dtype(e.dtype);
    if (e.a.kind === 'name') return { kind: 'var', name: readName(e.a.token.image), dtype, span };
    if (e.a.kind === 'load') {
      const indices = e.a.indices.map((i) => this.expr(i, span));
      return { kind: 'load', buffer: readName(e.a.token.image), indices, dtype, span };
    }
    return { ...this.expr(e.a, span), dtype } as Expr;
  }

  private call(e: Extract<SynExpr, { kind: 'call' }>, span: Span): Expr {
    const name = e.token.image;
    const args = e.args.map((a) => this.expr(a, span));
    const [a, b, c] = args;
    const wants = (n: number): boolean => {
      if (args.length === n) return true;
      this.error(msg.argumentCount(name, `${n} argument${n === 1 ? '' : 's'}`, args.length), e.token);
      return false;
    };
    const nothing: Const = { kind: 'const', dtype: 'i32', value: 0, span };
    if (name === 'ptx' && e.member) {
      if (!e.template) this.error(msg.badModifier('ptx', 'its template, a string, first'), e.token);
      const fallback = e.fallback ? { fallback: this.expr(e.fallback, span) } : {};
      const template = e.template ? this.string(e.template) : '';
      return { kind: 'ptx', template, args, ...fallback, dtype: this.dtype(e.member), span };
    }
    const stray = e.template ?? (e.fallback ? e.token : undefined);
    if (stray) this.error(msg.syntax('only `ptx` takes a string and a fallback'), stray);
    if (e.member) {
      if (name !== 'bitcast') this.error(msg.unknownFunction(`${name}.${e.member.image}`), e.token);
      return wants(1) && a ? { kind: 'bitcast', a, dtype: this.dtype(e.member), span } : nothing;
    }
    if (isDType(name)) return wants(1) && a ? { kind: 'cast', a, dtype: name, span } : nothing;
    if (name === 'select')
      return wants(3) && a && b && c ? { kind: 'select', cond: a, a: b, b: c, dtype: b.dtype, span } : nothing;
    const op = PREFIX_BINARY.find((p) => p === name);
    if (op) return wants(2) && a && b ? { kind: 'binary', op, a, b, dtype: binaryDType(op, a.dtype), span } : nothing;
    // The number of arguments is the verifier's to check; at least one gives the dtype.
    if (isMathFn(name)) return { kind: 'call', fn: name, args, dtype: callDType(name, a?.dtype ?? 'f32'), span };
    this.error(msg.unknownFunction(name), e.token);
    return nothing;
  }
}

const given = <K extends string, X>(key: K, value: X | undefined): Partial<Record<K, X>> =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<K, X>>;
const flagged = <K extends string>(key: K, on: boolean): Partial<Record<K, true>> =>
  (on ? { [key]: true } : {}) as Partial<Record<K, true>>;
