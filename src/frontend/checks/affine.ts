/** Index expressions as a constant and multiples of variables. */
import { constantInt } from '../../ir/tile/build.ts';
import type { Expr } from '../../ir/tile/schema.ts';

/** constant + Σ factor · variable; no factor is 0. */
export interface Affine {
  readonly constant: number;
  readonly terms: ReadonlyMap<string, number>;
}

/**
 * The form of a signed integer expression over variables whose own forms are in `names`; undefined for anything else.
 * It is taken not to overflow.
 */
export function affineOf(e: Expr, names: ReadonlyMap<string, Affine | undefined>): Affine | undefined {
  if (e.dtype !== 'i32' && e.dtype !== 'i64') return undefined;
  switch (e.kind) {
    case 'const': {
      const constant = constantInt(e);
      return constant === undefined ? undefined : { constant, terms: new Map() };
    }
    case 'var':
      return names.get(e.name);
    case 'cast':
      return affineOf(e.a, names);
    case 'unary': {
      const a = e.op === 'neg' ? affineOf(e.a, names) : undefined;
      return a && scaled(a, -1);
    }
    case 'binary': {
      const a = affineOf(e.a, names);
      const b = a && affineOf(e.b, names);
      if (!a || !b) return undefined;
      if (e.op === 'add') return sum(a, b);
      if (e.op === 'sub') return sum(a, scaled(b, -1));
      if (e.op !== 'mul') return undefined;
      return b.terms.size === 0 ? scaled(a, b.constant) : a.terms.size === 0 ? scaled(b, a.constant) : undefined;
    }
    default:
      return undefined;
  }
}

const scaled = (a: Affine, by: number): Affine => ({
  constant: a.constant * by,
  terms: new Map(by === 0 ? [] : [...a.terms].map(([v, n]) => [v, n * by])),
});

function sum(...parts: readonly Affine[]): Affine {
  const terms = new Map<string, number>();
  for (const { terms: more } of parts) for (const [v, n] of more) terms.set(v, (terms.get(v) ?? 0) + n);
  for (const [v, n] of terms) if (n === 0) terms.delete(v);
  return { constant: parts.reduce((n, p) => n + p.constant, 0), terms };
}
