/** Giving values the user's names: what a `const` or a parameter of an inlined function becomes. */
import type { ts } from 'ts-morph';
import { isInteger } from '../ir/dtype.ts';
import type { Expr } from '../ir/tile/schema.ts';
import { freeVars, walkExprs } from '../ir/tile/walk.ts';
import { sameFlow } from './arith.ts';
import type { Frontend } from './context.ts';
import { loadOf } from './expr.ts';
import { device, listOf, objectOf, type Value } from './values.ts';

/** The value at this moment, under a name: device expressions become `let` statements, the rest stays what it is. */
export function named(fx: Frontend, name: string, v: Value, node: ts.Node): Value {
  switch (v.kind) {
    case 'device':
      return device(namedExpr(fx, name, v.e));
    case 'element':
      if (v.indices.length === v.tile.shape.length) return device(namedExpr(fx, name, loadOf(v)));
      return { ...v, indices: v.indices.map((i) => fixed(fx, `${name}_row`, i)) };
    case 'region':
      return { ...v, region: { ...v.region, origin: v.region.origin.map((i) => fixed(fx, `${name}_at`, i)) } };
    case 'list':
      return listOf(v.items.map((x, i) => named(fx, `${name}_${i}`, x, node)));
    case 'object':
      return objectOf(new Map([...v.fields].map(([k, x]) => [k, named(fx, `${name}_${k}`, x, node)])));
    default:
      return v;
  }
}

function namedExpr(fx: Frontend, name: string, e: Expr): Expr {
  if (e.kind === 'const' || (e.kind === 'var' && !fx.mutable.has(e.name))) return e;
  // Grid extents are evaluated at the launch, and an operand that may not be reached can hold no statements.
  if (!fx.grid || fx.guarded > 0 || staysExpression(fx, e)) return e;
  return letOf(fx, name, e);
}

function letOf(fx: Frontend, name: string, e: Expr): Expr {
  const unique = fx.fresh(name);
  fx.emit({ kind: 'let', name: unique, dtype: e.dtype, value: e, span: e.span });
  const variable: Expr = { kind: 'var', name: unique, dtype: e.dtype, span: e.span };
  sameFlow(variable, e);
  return variable;
}

/** An index as it is now, even if it is made of variables that change later. */
function fixed(fx: Frontend, name: string, e: Expr): Expr {
  return [...freeVars(e)].some((v) => fx.mutable.has(v)) || hasLoads(e) ? letOf(fx, name, e) : e;
}

function hasLoads(e: Expr): boolean {
  let found = false;
  walkExprs(e, (x) => {
    if (x.kind === 'load') found = true;
  });
  return found;
}

const LARGEST = 32;

/** Index arithmetic, and conditions on it, over unrolled and parallel variables: vectors and layouts are planned by its form. */
function staysExpression(fx: Frontend, e: Expr): boolean {
  if (!isInteger(e.dtype) && e.dtype !== 'bool') return false;
  let nodes = 0;
  let pure = true;
  let structured = false;
  walkExprs(e, (x) => {
    nodes++;
    if (x.kind === 'var') {
      if (fx.mutable.has(x.name)) pure = false;
      if (fx.structured.has(x.name)) structured = true;
    } else if (x.kind !== 'const' && x.kind !== 'binary' && x.kind !== 'unary' && x.kind !== 'cast') pure = false;
  });
  return pure && structured && nodes <= LARGEST;
}
