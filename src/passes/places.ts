/**
 * Where in a buffer a statement's access lies, as far as a later iteration of a loop is concerned: does the same access
 * there meet other elements, whatever the iterations?
 */
import type { Expr, For, Region, Stmt } from '../ir/tile/schema.ts';
import { freeVars, namesAssigned, namesBound, substitute, walkExprs } from '../ir/tile/walk.ts';

export interface Place {
  /** Equal keys are the same elements in one iteration. */
  readonly key: string;
  readonly indices: readonly Expr[];
  /** Elements along each dimension from the index on. */
  readonly extent: readonly number[];
  /** Variables of the parallel loop around, with their extents. */
  readonly spread: ReadonlyMap<string, number>;
}

const NONE: ReadonlyMap<string, number> = new Map();

export const regionPlace = (key: string, r: Region): Place => ({
  key,
  indices: r.origin,
  extent: r.extent,
  spread: NONE,
});

export const elementPlace = (key: string, indices: readonly Expr[], spread = NONE): Place => ({
  key,
  indices,
  extent: indices.map(() => 1),
  spread,
});

/** The `let`s of a program whose values hang on names alone that never change. */
export function fixedNames(body: readonly Stmt[]): ReadonlyMap<string, Expr> {
  const assigned = namesAssigned(body);
  const lets = new Map<string, Expr>();
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      if (s.kind === 'let' && isPure(s.value)) {
        const value = substitute(s.value, lets);
        if ([...freeVars(value)].every((n) => !assigned.has(n))) lets.set(s.name, value);
      }
      if ('body' in s) visit(s.body);
      if (s.kind === 'if') visit([...s.then, ...s.else]);
    }
  };
  visit(body);
  return lets;
}

function isPure(e: Expr): boolean {
  let pure = true;
  walkExprs(e, (x) => {
    if (x.kind === 'load' || x.kind === 'ptx') pure = false;
  });
  return pure;
}

/** Does the access, in any two iterations of the loop, touch different elements? Along one dimension it moves by at least its width. */
export function apartAcross(loop: For, place: Place, lets: ReadonlyMap<string, Expr>): boolean {
  if (loop.step.kind !== 'const' || loop.loop === 'persistent') return false;
  const step = Number(loop.step.value);
  const changing = new Set([...namesBound(loop.body), ...namesAssigned(loop.body)]);
  return place.indices.some((index, d) => {
    const e = substitute(index, lets);
    if (!isPure(e)) return false;
    const moves = coefficient(e, loop.v);
    let width = place.extent[d]!;
    for (const name of freeVars(e)) {
      const extent = place.spread.get(name);
      const by = extent === undefined ? undefined : coefficient(e, name);
      if (extent !== undefined && by !== undefined) width += Math.abs(by) * (extent - 1);
      else if (extent !== undefined || (name !== loop.v && changing.has(name))) return false;
    }
    return moves !== undefined && moves !== 0 && Math.abs(moves * step) >= width;
  });
}

/** The factor of `name` in an affine expression; undefined where it is not one. */
function coefficient(e: Expr, name: string): number | undefined {
  if (!freeVars(e).has(name)) return 0;
  if (e.kind === 'var') return 1;
  if (e.kind !== 'binary') return undefined;
  const [a, b] = [coefficient(e.a, name), coefficient(e.b, name)];
  if (a === undefined || b === undefined) return undefined;
  if (e.op === 'add') return a + b;
  if (e.op === 'sub') return a - b;
  if (e.op !== 'mul') return undefined;
  if (e.b.kind === 'const') return a * Number(e.b.value);
  return e.a.kind === 'const' ? b * Number(e.a.value) : undefined;
}
