/** Which element each iteration of a parallel loop touches, as a number that can be compared. */

import { printExpr } from '../../ir/tile/printer.ts';
import type { Expr } from '../../ir/tile/schema.ts';
import { freeVars } from '../../ir/tile/walk.ts';

/** Iterations beyond this many are not tried one by one. */
const MOST = 1 << 16;

type Values = ReadonlyMap<string, number>;

/**
 * The elements that iterations touch: one text for each, in row-major order of the iterations. Terms that are the same in
 * all iterations stand in it as they are written. Undefined where an index cannot be known, or there are too many.
 */
export function elementKeys(
  indices: readonly Expr[],
  vars: readonly string[],
  extents: readonly number[],
): readonly string[] | undefined {
  const count = extents.reduce((n, e) => n * e, 1);
  if (count > MOST) return undefined;
  const parallel: ReadonlySet<string> = new Set(vars);
  const forms = indices.map((e) => splitOff(e, parallel));
  if (forms.some((f) => f === undefined)) return undefined;
  const fixed = forms.map((f) => f!.uniform.toSorted().join('')).join(',');
  const keys: string[] = [];
  const at = new Map<string, number>();
  for (let n = 0; n < count; n++) {
    let rest = n;
    for (let d = vars.length - 1; d >= 0; d--) {
      at.set(vars[d]!, rest % extents[d]!);
      rest = Math.floor(rest / extents[d]!);
    }
    const values = forms.map((f) => f!.varying.reduce((sum, t) => sum + t.sign * evaluated(t.e, at), 0));
    if (values.some(Number.isNaN)) return undefined;
    keys.push(`${values.join(',')}|${fixed}`);
  }
  return keys;
}

interface Split {
  /** Terms over parallel variables and constants alone. */
  readonly varying: readonly { readonly sign: number; readonly e: Expr }[];
  /** The other terms, printed with their signs. */
  readonly uniform: readonly string[];
}

/** Takes a sum apart; undefined where a term mixes parallel variables with others. */
function splitOff(e: Expr, parallel: ReadonlySet<string>, sign = 1): Split | undefined {
  const names = [...freeVars(e)];
  const varies = names.some((v) => parallel.has(v));
  if (names.every((v) => parallel.has(v)) && !hasOthers(e)) return { varying: [{ sign, e }], uniform: [] };
  if (e.kind === 'binary' && (e.op === 'add' || e.op === 'sub')) {
    const a = splitOff(e.a, parallel, sign);
    const b = splitOff(e.b, parallel, e.op === 'sub' ? -sign : sign);
    return a && b && { varying: [...a.varying, ...b.varying], uniform: [...a.uniform, ...b.uniform] };
  }
  return varies || hasOthers(e) ? undefined : { varying: [], uniform: [`${sign < 0 ? '-' : '+'}${printExpr(e)}`] };
}

/** Anything but integer arithmetic: its value is not ours to know. */
function hasOthers(e: Expr): boolean {
  switch (e.kind) {
    case 'const':
    case 'var':
      return false;
    case 'binary':
      return hasOthers(e.a) || hasOthers(e.b);
    case 'unary':
    case 'cast':
      return hasOthers(e.a);
    default:
      return true;
  }
}

function evaluated(e: Expr, at: Values): number {
  switch (e.kind) {
    case 'const':
      return Number(e.value);
    case 'var':
      return at.get(e.name) ?? NaN;
    case 'unary':
      return e.op === 'neg' ? -evaluated(e.a, at) : NaN;
    case 'binary': {
      const a = evaluated(e.a, at);
      const b = evaluated(e.b, at);
      switch (e.op) {
        case 'add':
          return a + b;
        case 'sub':
          return a - b;
        case 'mul':
          return a * b;
        case 'floordiv':
          return Math.floor(a / b);
        case 'ceildiv':
          return Math.ceil(a / b);
        case 'rem':
          return a % b;
        case 'and':
          return a & b;
        case 'or':
          return a | b;
        case 'xor':
          return a ^ b;
        case 'shl':
          return a << b;
        case 'shr':
          return a >> b;
        case 'min':
          return Math.min(a, b);
        case 'max':
          return Math.max(a, b);
        default:
          return NaN;
      }
    }
    default:
      return NaN;
  }
}
