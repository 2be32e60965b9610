/** What is known of the integers in Device IR: the range of an expression, and a number that divides every value of it. */
import { gcd } from '../integers.ts';
import type { DExpr } from './schema.ts';

export interface Known {
  readonly lo: number;
  readonly hi: number;
  /** 0 for the constant zero. */
  readonly multiple: number;
}

export const ANYTHING: Known = { lo: -Infinity, hi: Infinity, multiple: 1 };
export const exactly = (n: number): Known => ({ lo: n, hi: n, multiple: Math.abs(n) });

/** The largest power of two that divides n; a large one for 0. */
const twos = (n: number): number => {
  let p = 1;
  while (p < 2 ** 30 && n % (p * 2) === 0) p *= 2;
  return p;
};

export function knownOf(e: DExpr, names: (name: string) => Known): Known {
  switch (e.kind) {
    case 'const':
      return typeof e.value === 'boolean' ? ANYTHING : exactly(Number(e.value));
    case 'var':
      return names(e.name);
    case 'special':
      return names(e.name);
    case 'cast':
      return knownOf(e.a, names);
    case 'select': {
      const [a, b] = [knownOf(e.a, names), knownOf(e.b, names)];
      return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi), multiple: gcd(a.multiple, b.multiple) };
    }
    case 'binary':
      return binary(e.op, knownOf(e.a, names), knownOf(e.b, names));
    default:
      return ANYTHING;
  }
}

const finite = (x: number): number => (Number.isNaN(x) ? 0 : x);
/** The smallest 2ⁿ - 1 that is at least n. */
const ones = (n: number): number => (n < 0 ? Infinity : 2 ** Math.ceil(Math.log2(n + 1)) - 1);

function binary(op: string, a: Known, b: Known): Known {
  const both = gcd(a.multiple, b.multiple);
  const c = b.lo === b.hi ? b.lo : undefined;
  switch (op) {
    case 'add':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi, multiple: both };
    case 'sub':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo, multiple: both };
    case 'mul': {
      const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi].map(finite);
      return { lo: Math.min(...corners), hi: Math.max(...corners), multiple: a.multiple * b.multiple };
    }
    case 'div':
    case 'floordiv': {
      if (c === undefined || c <= 0 || a.lo < 0) return ANYTHING;
      const multiple = a.multiple % c === 0 ? a.multiple / c : 1;
      return { lo: Math.floor(a.lo / c), hi: Math.floor(a.hi / c), multiple };
    }
    case 'rem':
      if (c === undefined || c <= 0 || a.lo < 0)
        return { ...ANYTHING, multiple: c === undefined ? 1 : gcd(a.multiple, c) };
      return { lo: 0, hi: Math.min(a.hi, c - 1), multiple: gcd(a.multiple, c) };
    case 'min':
      return { lo: Math.min(a.lo, b.lo), hi: Math.min(a.hi, b.hi), multiple: both };
    case 'max':
      return { lo: Math.max(a.lo, b.lo), hi: Math.max(a.hi, b.hi), multiple: both };
    case 'shl':
      return c === undefined ? ANYTHING : { lo: a.lo * 2 ** c, hi: a.hi * 2 ** c, multiple: a.multiple * 2 ** c };
    case 'shr': {
      if (c === undefined || c < 0) return ANYTHING;
      const by = 2 ** c;
      return {
        lo: Math.floor(a.lo / by),
        hi: Math.floor(a.hi / by),
        multiple: a.multiple % by === 0 ? a.multiple / by : 1,
      };
    }
    case 'and':
      if (a.lo < 0 && b.lo < 0) return { ...ANYTHING, multiple: Math.max(twos(a.multiple), twos(b.multiple)) };
      return {
        lo: 0,
        hi: Math.min(a.lo < 0 ? Infinity : a.hi, b.lo < 0 ? Infinity : b.hi),
        multiple: Math.max(twos(a.multiple), twos(b.multiple)),
      };
    case 'xor':
    case 'or': {
      const multiple = Math.min(twos(a.multiple), twos(b.multiple));
      if (a.lo < 0 || b.lo < 0) return { ...ANYTHING, multiple };
      return { lo: 0, hi: ones(Math.max(a.hi, b.hi)), multiple };
    }
    default:
      return ANYTHING;
  }
}
