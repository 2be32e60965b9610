/** The element accesses of a parallel loop, and what they hang on. */
import type { Expr, Load, Parallel, Stmt, Store } from '../../ir/tile/schema.ts';
import { bodies, childExprs, freeVars, ownExprs, walkStmts } from '../../ir/tile/walk.ts';

export interface Access<A extends Load | Store> {
  readonly at: A;
  /** Parallel variables that the indices hang on. */
  readonly vars: ReadonlySet<string>;
  /** Parallel variables that decide whether it happens at all. */
  readonly under: ReadonlySet<string>;
  /** It happens in every iteration. */
  readonly always: boolean;
}
export interface Accesses {
  readonly stores: readonly Access<Store>[];
  readonly loads: readonly Access<Load>[];
  /** Scalars that may differ between iterations. */
  readonly varying: ReadonlySet<string>;
}

interface Around {
  readonly under: ReadonlySet<string>;
  readonly always: boolean;
}

const EMPTY: ReadonlySet<string> = new Set();
const union = (...sets: readonly ReadonlySet<string>[]): ReadonlySet<string> => new Set(sets.flatMap((s) => [...s]));

/** Loads and stores by elements; those of buffers in `skip` are left out. */
export function accessesOf(p: Parallel, skip: ReadonlySet<string>): Accesses {
  const all: ReadonlySet<string> = new Set(p.vars);
  /** The parallel variables behind each name. */
  const behind = new Map<string, ReadonlySet<string>>(p.vars.map((v) => [v, new Set([v])]));
  const stores: Access<Store>[] = [];
  const loads: Access<Load>[] = [];
  const varsOf = (es: readonly Expr[]): ReadonlySet<string> =>
    union(...es.flatMap((e) => [...freeVars(e)].map((v) => behind.get(v) ?? EMPTY)));

  const expr = (e: Expr, around: Around): void => {
    if (e.kind === 'load' && !skip.has(e.buffer)) loads.push({ at: e, vars: varsOf(e.indices), ...around });
    if (e.kind === 'select' || (e.kind === 'binary' && (e.op === 'land' || e.op === 'lor'))) {
      const [first, ...rest] = childExprs(e);
      expr(first!, around);
      for (const x of rest) expr(x, { under: union(around.under, varsOf([first!])), always: false });
    } else for (const x of childExprs(e)) expr(x, around);
  };
  const visit = (stmts: readonly Stmt[], around: Around): void => {
    for (const s of stmts) {
      for (const e of ownExprs(s)) expr(e, around);
      switch (s.kind) {
        case 'let':
          behind.set(s.name, varsOf([s.value]));
          break;
        case 'declare':
          // Assigned anywhere, under anything: it may hang on all of them.
          behind.set(s.name, all);
          break;
        case 'store':
          if (!skip.has(s.buffer)) stores.push({ at: s, vars: varsOf(s.indices), ...around });
          break;
        case 'if':
          for (const b of bodies(s)) visit(b, { under: union(around.under, varsOf([s.cond])), always: false });
          break;
        case 'for': {
          behind.set(s.v, varsOf([s.start, s.step]));
          // Behind a jump, anything may decide what is reached.
          const under = jumps(s.body) ? all : union(around.under, varsOf([s.start, s.stop, s.step]));
          visit(s.body, { under, always: around.always && isFull(s) && !jumps(s.body) });
          break;
        }
        default:
          for (const b of bodies(s)) visit(b, { under: all, always: false });
      }
    }
  };
  visit(p.body, { under: EMPTY, always: true });
  const varying = new Set([...behind].flatMap(([name, vars]) => (vars.size > 0 && !all.has(name) ? [name] : [])));
  return { stores, loads, varying };
}

/** Does the loop run at least once, for certain? */
const isFull = (s: Extract<Stmt, { kind: 'for' }>): boolean =>
  s.start.kind === 'const' && s.stop.kind === 'const' && Number(s.start.value) < Number(s.stop.value);

function jumps(body: readonly Stmt[]): boolean {
  let found = false;
  walkStmts(body, (s) => {
    if (s.kind === 'break' || s.kind === 'continue') found = true;
  });
  return found;
}
