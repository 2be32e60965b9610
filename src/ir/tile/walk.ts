/** Typed, exhaustive traversals of Tile IR. Maps keep the identity of what they do not change. */
import type { Buffer, Expr, Kernel, Region, Stmt, TensorParam } from './schema.ts';

// ------------------------------------------------------------------------------------------------- one level down

/** The direct operands of an expression, in evaluation order; a `ptx` fallback comes last. */
export function childExprs(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'const':
    case 'var':
      return [];
    case 'unary':
    case 'cast':
    case 'bitcast':
      return [e.a];
    case 'binary':
      return [e.a, e.b];
    case 'select':
      return [e.cond, e.a, e.b];
    case 'call':
      return e.args;
    case 'load':
      return e.indices;
    case 'ptx':
      return e.fallback ? [...e.args, e.fallback] : e.args;
  }
}

const regionExprs = (r: Region): readonly Expr[] => (r.slot ? [...r.origin, r.slot] : r.origin);

/** The expressions that stand in a statement itself, not in the statements of its bodies. */
export function ownExprs(s: Stmt): readonly Expr[] {
  switch (s.kind) {
    case 'let':
    case 'declare':
    case 'assign':
      return [s.value];
    case 'store':
    case 'atomic':
      return [...s.indices, s.value];
    case 'for':
      return [s.start, s.stop, s.step];
    case 'if':
    case 'while':
    case 'assert':
      return [s.cond];
    case 'copy':
    case 'reduce':
    case 'cumsum':
      return [...regionExprs(s.src), ...regionExprs(s.dst)];
    case 'fill':
      return [...regionExprs(s.dst), s.value];
    case 'gemm':
      return [...regionExprs(s.a), ...regionExprs(s.b), ...regionExprs(s.c)];
    case 'print':
      return s.args;
    case 'parallel':
    case 'break':
    case 'continue':
    case 'return':
    case 'commitGroup':
    case 'waitGroup':
    case 'barrier':
      return [];
  }
}

/** The statement lists inside a statement. */
export function bodies(s: Stmt): readonly (readonly Stmt[])[] {
  switch (s.kind) {
    case 'for':
    case 'parallel':
    case 'while':
      return [s.body];
    case 'if':
      return [s.then, s.else];
    default:
      return [];
  }
}

// ---------------------------------------------------------------------------------------------------------- walks

const EXPR_KINDS: ReadonlySet<string> = new Set<Expr['kind']>([
  'const',
  'var',
  'unary',
  'binary',
  'select',
  'cast',
  'bitcast',
  'call',
  'load',
  'ptx',
]);
export const isExpr = (node: Expr | Stmt): node is Expr => EXPR_KINDS.has(node.kind);

/** Calls `f` on every expression at or below `node`, parents first; for statements, those of their bodies too. */
export function walkExprs(node: Expr | Stmt | readonly Stmt[], f: (e: Expr) => void): void {
  if (!('kind' in node)) {
    for (const s of node) walkExprs(s, f);
  } else if (isExpr(node)) {
    f(node);
    for (const c of childExprs(node)) walkExprs(c, f);
  } else {
    for (const e of ownExprs(node)) walkExprs(e, f);
    for (const b of bodies(node)) walkExprs(b, f);
  }
}

/** Calls `f` on every statement, parents first. `f` returns false to leave a statement's bodies out. */
export function walkStmts(stmts: readonly Stmt[], f: (s: Stmt) => unknown): void {
  for (const s of stmts) {
    if (f(s) === false) continue;
    for (const b of bodies(s)) walkStmts(b, f);
  }
}

// ----------------------------------------------------------------------------------------------------------- maps

function mapList<X>(list: readonly X[], f: (x: X) => X): readonly X[] {
  let changed = false;
  const out = list.map((x) => {
    const y = f(x);
    if (y !== x) changed = true;
    return y;
  });
  return changed ? out : list;
}

/** Replaces the direct operands of `e`. */
export function mapChildren(e: Expr, f: (e: Expr) => Expr): Expr {
  switch (e.kind) {
    case 'const':
    case 'var':
      return e;
    case 'unary':
    case 'cast':
    case 'bitcast': {
      const a = f(e.a);
      return a === e.a ? e : { ...e, a };
    }
    case 'binary': {
      const a = f(e.a);
      const b = f(e.b);
      return a === e.a && b === e.b ? e : { ...e, a, b };
    }
    case 'select': {
      const cond = f(e.cond);
      const a = f(e.a);
      const b = f(e.b);
      return cond === e.cond && a === e.a && b === e.b ? e : { ...e, cond, a, b };
    }
    case 'call': {
      const args = mapList(e.args, f);
      return args === e.args ? e : { ...e, args };
    }
    case 'load': {
      const indices = mapList(e.indices, f);
      return indices === e.indices ? e : { ...e, indices };
    }
    case 'ptx': {
      const args = mapList(e.args, f);
      const fallback = e.fallback && f(e.fallback);
      return args === e.args && fallback === e.fallback ? e : { ...e, args, ...(fallback ? { fallback } : {}) };
    }
  }
}

/** Rebuilds an expression bottom-up: `f` sees each node with its operands already mapped. */
export function mapExpr(e: Expr, f: (e: Expr) => Expr): Expr {
  return f(mapChildren(e, (c) => mapExpr(c, f)));
}

export function mapRegion(r: Region, f: (e: Expr) => Expr): Region {
  const origin = mapList(r.origin, f);
  const slot = r.slot && f(r.slot);
  return origin === r.origin && slot === r.slot ? r : { ...r, origin, ...(slot ? { slot } : {}) };
}

/** Replaces the expressions that stand in `s` itself. `f` gets each whole one: use `mapExpr` inside for their parts. */
export function mapOwnExprs(s: Stmt, f: (e: Expr) => Expr): Stmt {
  const region = (r: Region): Region => mapRegion(r, f);
  switch (s.kind) {
    case 'let':
    case 'declare':
    case 'assign': {
      const value = f(s.value);
      return value === s.value ? s : { ...s, value };
    }
    case 'store':
    case 'atomic': {
      const indices = mapList(s.indices, f);
      const value = f(s.value);
      return indices === s.indices && value === s.value ? s : { ...s, indices, value };
    }
    case 'for': {
      const start = f(s.start);
      const stop = f(s.stop);
      const step = f(s.step);
      return start === s.start && stop === s.stop && step === s.step ? s : { ...s, start, stop, step };
    }
    case 'if':
    case 'while':
    case 'assert': {
      const cond = f(s.cond);
      return cond === s.cond ? s : { ...s, cond };
    }
    case 'copy':
    case 'reduce':
    case 'cumsum': {
      const src = region(s.src);
      const dst = region(s.dst);
      return src === s.src && dst === s.dst ? s : { ...s, src, dst };
    }
    case 'fill': {
      const dst = region(s.dst);
      const value = f(s.value);
      return dst === s.dst && value === s.value ? s : { ...s, dst, value };
    }
    case 'gemm': {
      const a = region(s.a);
      const b = region(s.b);
      const c = region(s.c);
      return a === s.a && b === s.b && c === s.c ? s : { ...s, a, b, c };
    }
    case 'print': {
      const args = mapList(s.args, f);
      return args === s.args ? s : { ...s, args };
    }
    case 'parallel':
    case 'break':
    case 'continue':
    case 'return':
    case 'commitGroup':
    case 'waitGroup':
    case 'barrier':
      return s;
  }
}

/** Replaces the statement lists inside `s`. */
export function mapBodies(s: Stmt, f: (body: readonly Stmt[]) => readonly Stmt[]): Stmt {
  switch (s.kind) {
    case 'for':
    case 'parallel':
    case 'while': {
      const body = f(s.body);
      return body === s.body ? s : { ...s, body };
    }
    case 'if': {
      const then = f(s.then);
      const otherwise = f(s.else);
      return then === s.then && otherwise === s.else ? s : { ...s, then, else: otherwise };
    }
    default:
      return s;
  }
}

const isList = (x: Stmt | readonly Stmt[]): x is readonly Stmt[] => Array.isArray(x);

/** Rebuilds statements bottom-up; `f` gives what stands in a statement's place: one, several or none. */
export function mapStmts(stmts: readonly Stmt[], f: (s: Stmt) => Stmt | readonly Stmt[]): readonly Stmt[] {
  let changed = false;
  const out: Stmt[] = [];
  for (const s of stmts) {
    const r = f(mapBodies(s, (b) => mapStmts(b, f)));
    if (r !== s) changed = true;
    if (isList(r)) out.push(...r);
    else out.push(r);
  }
  return changed ? out : stmts;
}

/** `mapOwnExprs` on `s` and on every statement below it. */
export function mapStmtExprs(s: Stmt, f: (e: Expr) => Expr): Stmt {
  return mapOwnExprs(
    mapBodies(s, (b) => mapList(b, (c) => mapStmtExprs(c, f))),
    f,
  );
}

/** Replaces variables by expressions. Names are unique in a kernel, so nothing can be captured. */
export function substitute(e: Expr, by: ReadonlyMap<string, Expr>): Expr {
  return by.size === 0 ? e : mapExpr(e, (x) => (x.kind === 'var' ? (by.get(x.name) ?? x) : x));
}

export function substituteStmts(stmts: readonly Stmt[], by: ReadonlyMap<string, Expr>): readonly Stmt[] {
  return by.size === 0 ? stmts : mapList(stmts, (s) => mapStmtExprs(s, (e) => substitute(e, by)));
}

// ------------------------------------------------------------------------------------------------------ questions

/** The regions that `s` itself reads; accumulators count when their old value takes part. */
export function regionsRead(s: Stmt): readonly Region[] {
  switch (s.kind) {
    case 'copy':
    case 'cumsum':
      return [s.src];
    case 'gemm':
      return s.clear ? [s.a, s.b] : [s.a, s.b, s.c];
    case 'reduce':
      return s.clear ? [s.src] : [s.src, s.dst];
    default:
      return [];
  }
}

/** The regions that `s` itself writes. */
export function regionsWritten(s: Stmt): readonly Region[] {
  switch (s.kind) {
    case 'copy':
    case 'fill':
    case 'reduce':
    case 'cumsum':
      return [s.dst];
    case 'gemm':
      return [s.c];
    default:
      return [];
  }
}

/** Names of the buffers and tensors that `s`, bodies included, reads. Atomics read and write; a `scratch` is both too. */
export function buffersRead(s: Stmt | readonly Stmt[]): Set<string> {
  const names = new Set<string>();
  walkStmts('kind' in s ? [s] : s, (t) => {
    for (const r of regionsRead(t)) names.add(r.buffer);
    for (const e of ownExprs(t)) for (const name of buffersIn(e)) names.add(name);
    if (t.kind === 'atomic') names.add(t.buffer);
    if ((t.kind === 'reduce' || t.kind === 'cumsum') && t.scratch !== undefined) names.add(t.scratch);
  });
  return names;
}

/** Names of the buffers and tensors that `s`, bodies included, writes. */
export function buffersWritten(s: Stmt | readonly Stmt[]): Set<string> {
  const names = new Set<string>();
  walkStmts('kind' in s ? [s] : s, (t) => {
    for (const r of regionsWritten(t)) names.add(r.buffer);
    if (t.kind === 'store' || t.kind === 'atomic') names.add(t.buffer);
    if ((t.kind === 'reduce' || t.kind === 'cumsum') && t.scratch !== undefined) names.add(t.scratch);
  });
  return names;
}

/** Buffers and tensors that an expression loads from. */
export function buffersIn(e: Expr): Set<string> {
  const names = new Set<string>();
  walkExprs(e, (x) => x.kind === 'load' && names.add(x.buffer));
  return names;
}

/** Names of the variables in an expression. */
export function freeVars(e: Expr): Set<string> {
  const names = new Set<string>();
  walkExprs(e, (x) => x.kind === 'var' && names.add(x.name));
  return names;
}

/** Names that `s`, bodies included, brings into being: `let`, `declare` and loop variables. */
export function namesBound(s: Stmt | readonly Stmt[]): Set<string> {
  const names = new Set<string>();
  walkStmts('kind' in s ? [s] : s, (t) => {
    if (t.kind === 'let' || t.kind === 'declare') names.add(t.name);
    else if (t.kind === 'for') names.add(t.v);
    else if (t.kind === 'parallel') for (const v of t.vars) names.add(v);
  });
  return names;
}

/** Scalars that `s`, bodies included, assigns to. */
export function namesAssigned(s: Stmt | readonly Stmt[]): Set<string> {
  const names = new Set<string>();
  walkStmts('kind' in s ? [s] : s, (t) => {
    if (t.kind === 'assign') names.add(t.name);
  });
  return names;
}

/** All of a tile. */
export function regionOf(b: Buffer, slot?: Expr): Region {
  return {
    buffer: b.name,
    origin: b.shape.map(() => ({ kind: 'const', dtype: 'i32', value: 0, span: b.span })),
    extent: b.shape,
    ...(slot ? { slot } : {}),
    span: b.span,
  };
}

/** The region starts at zero and has all of `shape`. */
export const isWholeRegion = (r: Region, shape: readonly number[]): boolean =>
  r.extent.length === shape.length &&
  r.extent.every((n, d) => n === shape[d]) &&
  r.origin.every((e) => e.kind === 'const' && e.value === 0);

/** The region's extents without the 1s: what is compared where two regions meet. */
export const squeezed = (r: Region): readonly number[] => r.extent.filter((n) => n !== 1);

/** The tensors among a kernel's parameters, by name. */
export const tensorsOf = (k: Pick<Kernel, 'params'>): ReadonlyMap<string, TensorParam> =>
  new Map(k.params.flatMap((p) => (p.kind === 'tensor' ? [[p.name, p]] : [])));
