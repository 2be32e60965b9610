/** Which buffers a parallel loop may race for. Those that it provably does not are accessed without stamps. */
import { bytesOf, isInteger } from '../../ir/dtype.ts';
import type { Span } from '../../ir/span.ts';
import { constantInt, sameExpr } from '../../ir/tile/build.ts';
import type { Expr, Parallel, Scope } from '../../ir/tile/schema.ts';
import {
  buffersWritten,
  namesAssigned,
  namesBound,
  ownExprs,
  substitute,
  walkExprs,
  walkStmts,
} from '../../ir/tile/walk.ts';

export interface ElementAccess {
  readonly kind: 'read' | 'write' | 'update';
  readonly indices: readonly Expr[];
  readonly span: Span;
}

/** Every element access in the loop's body, by buffer. */
export function accessesOf(p: Parallel): Map<string, ElementAccess[]> {
  const all = new Map<string, ElementAccess[]>();
  const add = (buffer: string, a: ElementAccess): void => {
    const list = all.get(buffer);
    if (list) list.push(a);
    else all.set(buffer, [a]);
  };
  walkStmts(p.body, (s) => {
    for (const own of ownExprs(s))
      walkExprs(own, (e) => e.kind === 'load' && add(e.buffer, { kind: 'read', indices: e.indices, span: e.span }));
    if (s.kind === 'store') add(s.buffer, { kind: 'write', indices: s.indices, span: s.span });
    if (s.kind === 'atomic') add(s.buffer, { kind: 'update', indices: s.indices, span: s.span });
  });
  return all;
}

/** Buffers of the loop whose accesses have to be stamped. */
export function racyBuffers(p: Parallel, scopeOf: (buffer: string) => Scope): Set<string> {
  const lx = loopContext(p);
  const racy = new Set<string>();
  for (const [buffer, accesses] of accessesOf(p)) {
    const kinds = new Set(accesses.map((a) => a.kind));
    if (!kinds.has('write') && !(kinds.has('update') && kinds.has('read'))) continue;
    if (scopeOf(buffer) === 'local' ? kinds.has('read') : !disjoint(lx, accesses)) racy.add(buffer);
  }
  return racy;
}

interface LoopContext {
  readonly loop: Parallel;
  /** The values of `let` names bound in the body. */
  readonly lets: ReadonlyMap<string, Expr>;
  /** Other names that differ between iterations, or within one. */
  readonly varying: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
}

function loopContext(p: Parallel): LoopContext {
  const lets = new Map<string, Expr>();
  walkStmts(p.body, (s) => {
    if (s.kind === 'let') lets.set(s.name, substitute(s.value, lets));
  });
  const varying = new Set([...namesBound(p.body), ...namesAssigned(p.body)].filter((name) => !lets.has(name)));
  return { loop: p, lets, varying, written: buffersWritten(p.body) };
}

/** No two iterations meet in an element: along some dimensions all accesses agree, and those tell the iterations apart. */
function disjoint(lx: LoopContext, accesses: readonly ElementAccess[]): boolean {
  const lists = accesses.map((a) => a.indices.map((e) => substitute(e, lx.lets)));
  const [first, ...others] = lists as [Expr[], ...Expr[][]];
  const forms = first.flatMap((e, d) => {
    if (!others.every((list) => sameExpr(list[d]!, e))) return [];
    const form = linear(lx, e);
    return form ? [form] : [];
  });
  const open = new Map(lx.loop.vars.map((v, i) => [v, lx.loop.extents[i]!] as const).filter(([, n]) => n > 1));
  for (let progress = true; progress && open.size > 0; ) {
    progress = false;
    for (const form of forms) {
      const terms = [...form].filter(([v, c]) => open.has(v) && c !== 0);
      if (terms.length === 0 || !tellsApart(terms, open)) continue;
      for (const [v] of terms) open.delete(v);
      progress = true;
    }
  }
  return open.size === 0;
}

/** Digits of a mixed radix: each step is longer than all shorter ones together. */
function tellsApart(terms: readonly (readonly [string, number])[], extents: ReadonlyMap<string, number>): boolean {
  let reach = 0;
  for (const [v, c] of [...terms].sort((a, b) => Math.abs(a[1]) - Math.abs(b[1]))) {
    if (Math.abs(c) <= reach) return false;
    reach += Math.abs(c) * (extents.get(v)! - 1);
  }
  return true;
}

type Linear = ReadonlyMap<string, number>;

/** The coefficients of the loop's variables in `e`; undefined where `e` is not a sum of them and of what all iterations share. */
function linear(lx: LoopContext, e: Expr): Linear | undefined {
  if (e.kind === 'var' && lx.loop.vars.includes(e.name)) return new Map([[e.name, 1]]);
  if (isShared(lx, e)) return new Map();
  if (e.kind === 'cast') return isInteger(e.dtype) && bytesOf(e.dtype) >= 4 ? linear(lx, e.a) : undefined;
  if (e.kind !== 'binary') return undefined;
  const [a, b] = [linear(lx, e.a), linear(lx, e.b)];
  if (!a || !b) return undefined;
  switch (e.op) {
    case 'add':
      return combine(a, b, 1);
    case 'sub':
      return combine(a, b, -1);
    case 'mul': {
      const [m, n] = [constantInt(e.a), constantInt(e.b)];
      return n !== undefined ? combine(new Map(), a, n) : m !== undefined ? combine(new Map(), b, m) : undefined;
    }
    case 'shl': {
      const n = constantInt(e.b);
      return n !== undefined && n >= 0 && n < 31 ? combine(new Map(), a, 2 ** n) : undefined;
    }
    default:
      return undefined;
  }
}

function combine(a: Linear, b: Linear, factor: number): Linear {
  const sum = new Map(a);
  for (const [v, c] of b) sum.set(v, (sum.get(v) ?? 0) + factor * c);
  return sum;
}

/** The same in all iterations and throughout each. */
function isShared(lx: LoopContext, e: Expr): boolean {
  let shared = true;
  walkExprs(e, (x) => {
    if (x.kind === 'var' && (lx.loop.vars.includes(x.name) || lx.varying.has(x.name))) shared = false;
    if (x.kind === 'load' && lx.written.has(x.buffer)) shared = false;
    if (x.kind === 'ptx') shared = false;
  });
  return shared;
}
