/** Rewriting of statements together with the expressions in them; what the passes share. */
import type { Expr, Region, Stmt } from '../ir/tile/schema.ts';
import { walkStmts } from '../ir/tile/walk.ts';

/**
 * Rebuilds an expression bottom-up, every node anew (unlike `walk.ts`'s, which shares what did not change): lowering tells
 * the loads of two copies of a statement apart by identity.
 */
export function mapExpr(e: Expr, f: (e: Expr) => Expr): Expr {
  const go = (x: Expr): Expr => mapExpr(x, f);
  switch (e.kind) {
    case 'const':
    case 'var':
      return f(e);
    case 'unary':
    case 'cast':
    case 'bitcast':
      return f({ ...e, a: go(e.a) });
    case 'binary':
      return f({ ...e, a: go(e.a), b: go(e.b) });
    case 'select':
      return f({ ...e, cond: go(e.cond), a: go(e.a), b: go(e.b) });
    case 'call':
      return f({ ...e, args: e.args.map(go) });
    case 'ptx':
      return f({ ...e, args: e.args.map(go), ...(e.fallback ? { fallback: go(e.fallback) } : {}) });
    case 'load':
      return f({ ...e, indices: e.indices.map(go) });
  }
}

export interface Rewriter {
  readonly expr?: (e: Expr) => Expr;
  readonly region?: (r: Region) => Region;
  /** After the parts of the statement are rewritten; several statements or none may take its place. */
  readonly stmt?: (s: Stmt) => Stmt | readonly Stmt[];
}

export function rewrite(stmts: readonly Stmt[], by: Rewriter): readonly Stmt[] {
  return stmts.flatMap((s) => {
    const inner = rewriteParts(s, by);
    return by.stmt ? by.stmt(inner) : inner;
  });
}

function rewriteParts(s: Stmt, by: Rewriter): Stmt {
  const expr = (e: Expr): Expr => (by.expr ? mapExpr(e, by.expr) : e);
  const region = (r: Region): Region => {
    const mapped: Region = { ...r, origin: r.origin.map(expr) };
    return by.region ? by.region(mapped) : mapped;
  };
  const body = (list: readonly Stmt[]): readonly Stmt[] => rewrite(list, by);
  switch (s.kind) {
    case 'let':
    case 'declare':
    case 'assign':
      return { ...s, value: expr(s.value) };
    case 'store':
    case 'atomic':
      return { ...s, indices: s.indices.map(expr), value: expr(s.value) };
    case 'for':
      return { ...s, start: expr(s.start), stop: expr(s.stop), step: expr(s.step), body: body(s.body) };
    case 'parallel':
      return { ...s, body: body(s.body) };
    case 'if':
      return { ...s, cond: expr(s.cond), then: body(s.then), else: body(s.else) };
    case 'while':
      return { ...s, cond: expr(s.cond), body: body(s.body) };
    case 'copy':
    case 'reduce':
    case 'cumsum':
      return { ...s, src: region(s.src), dst: region(s.dst) };
    case 'fill':
      return { ...s, dst: region(s.dst), value: expr(s.value) };
    case 'gemm':
      return { ...s, a: region(s.a), b: region(s.b), c: region(s.c) };
    case 'print':
      return { ...s, args: s.args.map(expr) };
    case 'assert':
      return { ...s, cond: expr(s.cond) };
    case 'break':
    case 'continue':
    case 'return':
    case 'commitGroup':
    case 'waitGroup':
    case 'barrier':
      return s;
  }
}

/** Every statement, outer before inner, whatever `f` gives. */
export function visitStmts(stmts: readonly Stmt[], f: (s: Stmt) => void): void {
  walkStmts(stmts, (s) => {
    f(s);
  });
}

/** Which buffers a statement touches, inner statements included. */
export interface Effects {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
  /** Scalar names that are read. */
  readonly names: ReadonlySet<string>;
}

export function effectsOf(stmts: readonly Stmt[]): Effects {
  const reads = new Set<string>();
  const writes = new Set<string>();
  const names = new Set<string>();
  const expr = (e: Expr): Expr => {
    if (e.kind === 'load') reads.add(e.buffer);
    if (e.kind === 'var') names.add(e.name);
    return e;
  };
  const stmt = (s: Stmt): Stmt => {
    switch (s.kind) {
      case 'store':
        writes.add(s.buffer);
        break;
      case 'atomic':
        reads.add(s.buffer);
        writes.add(s.buffer);
        break;
      case 'copy':
        reads.add(s.src.buffer);
        writes.add(s.dst.buffer);
        break;
      case 'fill':
        writes.add(s.dst.buffer);
        break;
      case 'gemm':
        reads.add(s.a.buffer);
        reads.add(s.b.buffer);
        if (!s.clear) reads.add(s.c.buffer);
        writes.add(s.c.buffer);
        break;
      case 'reduce':
      case 'cumsum':
        reads.add(s.src.buffer);
        writes.add(s.dst.buffer);
        if (s.kind === 'reduce' && !s.clear) reads.add(s.dst.buffer);
        break;
      default:
    }
    return s;
  };
  rewrite(stmts, { expr, stmt });
  return { reads, writes, names };
}

/**
 * A copy of the statements with `names` replaced by expressions and every name they bind made new by `rename`: names stay
 * unique in the kernel.
 */
export function cloneWith(
  stmts: readonly Stmt[],
  names: ReadonlyMap<string, Expr>,
  rename: (name: string) => string,
): readonly Stmt[] {
  const renamed = new Map<string, string>();
  visitStmts(stmts, (s) => {
    if (s.kind === 'let' || s.kind === 'declare') renamed.set(s.name, rename(s.name));
    if (s.kind === 'for') renamed.set(s.v, rename(s.v));
    if (s.kind === 'parallel') for (const v of s.vars) renamed.set(v, rename(v));
  });
  const expr = (e: Expr): Expr => {
    if (e.kind !== 'var') return e;
    const to = renamed.get(e.name);
    return to ? { ...e, name: to } : (names.get(e.name) ?? e);
  };
  const stmt = (s: Stmt): Stmt => {
    if (s.kind === 'let' || s.kind === 'declare' || s.kind === 'assign')
      return { ...s, name: renamed.get(s.name) ?? s.name };
    if (s.kind === 'for') return { ...s, v: renamed.get(s.v) ?? s.v };
    if (s.kind === 'parallel') return { ...s, vars: s.vars.map((v) => renamed.get(v) ?? v) };
    return s;
  };
  return rewrite(stmts, { expr, stmt });
}
