/** What is known of integer names without running the kernel: ranges and divisors. Names are unique, so one table serves. */
import { gcd } from '../ir/integers.ts';
import { sameExpr } from '../ir/tile/build.ts';
import type { Expr, Kernel, Stmt } from '../ir/tile/schema.ts';

export interface Fact {
  readonly lo: number;
  readonly hi: number;
  /** Every value is a multiple of this; 0 for the constant zero. */
  readonly multiple: number;
  /** Every value is less than this: the grid's extent, or where a loop ends. */
  readonly below?: Expr;
}
export type Facts = ReadonlyMap<string, Fact>;

const ANY: Fact = { lo: -Infinity, hi: Infinity, multiple: 1 };
const exactly = (n: number): Fact => ({ lo: n, hi: n, multiple: Math.abs(n) });

export function collectFacts(k: Kernel): Facts {
  const facts = new Map<string, Fact>();
  for (const d of k.dims) facts.set(d.name, { lo: 0, hi: 2 ** 31 - 1, multiple: d.multipleOf });
  k.blockVars.forEach((v, i) => {
    const extent = k.grid[i];
    facts.set(v, { lo: 0, hi: extent ? factOf(extent, facts).hi - 1 : 0, multiple: 1, below: extent });
  });
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts)
      switch (s.kind) {
        case 'let':
          facts.set(s.name, factOf(s.value, facts));
          break;
        case 'for': {
          const start = factOf(s.start, facts);
          const stop = factOf(s.stop, facts);
          const step = factOf(s.step, facts);
          facts.set(s.v, {
            lo: start.lo,
            hi: Math.max(start.lo, stop.hi - 1),
            multiple: gcd(start.multiple, step.multiple),
            ...(step.lo > 0 ? { below: s.stop } : {}),
          });
          visit(s.body);
          break;
        }
        case 'parallel':
          for (const [i, v] of s.vars.entries())
            facts.set(v, { lo: 0, hi: s.extents[i]! - 1, multiple: s.extents[i] === 1 ? 0 : 1 });
          visit(s.body);
          break;
        case 'if':
          visit(s.then);
          visit(s.else);
          break;
        case 'while':
          visit(s.body);
          break;
        default:
      }
  };
  visit(k.body);
  return facts;
}

/** Range and divisor of an integer expression. */
export function factOf(e: Expr, facts: Facts): Fact {
  switch (e.kind) {
    case 'const':
      return typeof e.value === 'boolean' ? ANY : exactly(Number(e.value));
    case 'var':
      return facts.get(e.name) ?? ANY;
    case 'cast':
      return factOf(e.a, facts);
    case 'select': {
      const a = factOf(e.a, facts);
      const b = factOf(e.b, facts);
      return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi), multiple: gcd(a.multiple, b.multiple) };
    }
    case 'binary':
      return binaryFact(e.op, factOf(e.a, facts), factOf(e.b, facts));
    default:
      return ANY;
  }
}

function binaryFact(op: string, a: Fact, b: Fact): Fact {
  switch (op) {
    case 'add':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi, multiple: gcd(a.multiple, b.multiple) };
    case 'sub':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo, multiple: gcd(a.multiple, b.multiple) };
    case 'mul': {
      const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi].map((x) => (Number.isNaN(x) ? 0 : x));
      return { lo: Math.min(...corners), hi: Math.max(...corners), multiple: a.multiple * b.multiple };
    }
    case 'min':
    case 'max': {
      const pick = op === 'min' ? Math.min : Math.max;
      return { lo: pick(a.lo, b.lo), hi: pick(a.hi, b.hi), multiple: gcd(a.multiple, b.multiple) };
    }
    case 'floordiv':
    case 'ceildiv': {
      // By 0 is undefined.
      if (a.lo >= 0 && b.lo >= 0 && b.lo !== b.hi) return { lo: 0, hi: a.hi, multiple: 1 };
      if (b.lo !== b.hi || b.lo <= 0) return ANY;
      const round = op === 'floordiv' ? Math.floor : Math.ceil;
      const exact = a.multiple % b.lo === 0;
      return { lo: round(a.lo / b.lo), hi: round(a.hi / b.lo), multiple: exact ? a.multiple / b.lo : 1 };
    }
    case 'rem': {
      // The sign is the dividend's.
      if (a.lo >= 0 && (b.lo !== b.hi || b.lo <= 0)) return { lo: 0, hi: a.hi, multiple: 1 };
      if (b.lo !== b.hi || b.lo <= 0) return ANY;
      const nonNegative = a.lo >= 0;
      return {
        lo: nonNegative ? 0 : -(b.lo - 1),
        hi: Math.max(0, Math.min(a.hi, b.lo - 1)),
        multiple: gcd(a.multiple, b.lo),
      };
    }
    case 'shl':
      return b.lo === b.hi ? { lo: a.lo * 2 ** b.lo, hi: a.hi * 2 ** b.lo, multiple: a.multiple * 2 ** b.lo } : ANY;
    case 'shr':
      return b.lo === b.hi && b.lo >= 0
        ? {
            lo: Math.floor(a.lo / 2 ** b.lo),
            hi: Math.floor(a.hi / 2 ** b.lo),
            multiple: a.multiple % 2 ** b.lo === 0 ? a.multiple / 2 ** b.lo : 1,
          }
        : ANY;
    case 'and':
      return a.lo >= 0 && b.lo >= 0 ? { lo: 0, hi: Math.min(a.hi, b.hi), multiple: 1 } : ANY;
    default:
      return ANY;
  }
}

/** The largest power of two, up to `limit`, that divides every value of the expression. */
export function powerOfTwoDivisor(e: Expr, facts: Facts, limit: number): number {
  const m = factOf(e, facts).multiple;
  let p = 1;
  while (p < limit && m % (p * 2) === 0) p *= 2;
  return p;
}

/** Is the value sure to be less than `limit`, by its range or since a loop or the grid ends there? */
export function isBelow(e: Expr, limit: Expr, facts: Facts): boolean {
  if (factOf(e, facts).hi < factOf(limit, facts).lo) return true;
  const below = e.kind === 'var' ? facts.get(e.name)?.below : undefined;
  return below !== undefined && sameExpr(below, limit);
}
