/** Printed JavaScript expressions, with what is known of their values: enough to leave out wraps, roundings and checks. */
import { DTYPES, type DType, isInteger } from '../../ir/dtype.ts';

/** JavaScript operator precedence, higher binds tighter. */
export const PREC = {
  conditional: 2,
  lor: 3,
  land: 4,
  or: 5,
  xor: 6,
  and: 7,
  equality: 8,
  relational: 9,
  shift: 10,
  additive: 11,
  multiplicative: 12,
  unary: 13,
  primary: 14,
} as const;

export interface Val {
  readonly text: string;
  readonly prec: number;
  /** Bounds of what `text` gives. Integers of up to 32 bits keep them below 2^53, so that it is exact; else infinite. */
  readonly lo: number;
  readonly hi: number;
  /** An integer that may come out as -0. */
  readonly minusZero?: boolean;
  /** A float that still has to be rounded to its dtype. */
  readonly unrounded?: boolean;
}

export type Range = readonly [lo: number, hi: number];

/** Integers that are computed as numbers. */
export const isSmallInt = (d: DType): boolean => isInteger(d) && DTYPES[d].bits <= 32;
export const isBig = (d: DType): boolean => isInteger(d) && DTYPES[d].bits === 64;

export function rangeOf(d: DType): Range {
  if (!isSmallInt(d)) return [-Infinity, Infinity];
  const { bits, class: kind } = DTYPES[d];
  return kind === 'int' ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

export const val = (text: string, prec: number, [lo, hi]: Range = [-Infinity, Infinity]): Val => ({
  text,
  prec,
  lo,
  hi,
});
export const primary = (text: string, range?: Range): Val => val(text, PREC.primary, range);

/** A known integer. */
export const int = (n: number): Val => val(`${n}`, n < 0 ? PREC.unary : PREC.primary, [n, n]);

/** `v`'s text where an operator of precedence `prec` takes it. */
export const within = (v: Val, prec: number): string => (v.prec < prec ? `(${v.text})` : v.text);

/** The number that `v` is, if it is known. */
export const known = (v: Val): number | undefined => (v.lo === v.hi && Number.isFinite(v.lo) ? v.lo : undefined);

export const fits = (v: Val, [lo, hi]: Range): boolean => v.lo >= lo && v.hi <= hi;

const EXACT = 2 ** 53;
const isExact = (lo: number, hi: number): boolean => lo > -EXACT && hi < EXACT;

export const mayBeZero = (v: Val): boolean => v.lo <= 0 && v.hi >= 0;

// Arithmetic on integers that are numbers. Undefined where the result could be too large to be exact.

export function addInts(a: Val, b: Val): Val | undefined {
  if (known(b) === 0 && !a.minusZero) return a;
  if (known(a) === 0 && !b.minusZero) return b;
  const [lo, hi] = [a.lo + b.lo, a.hi + b.hi];
  if (!isExact(lo, hi)) return undefined;
  const n = known(b);
  const negative = n !== undefined && n < 0 && b.text === `${n}`;
  const text = negative
    ? `${within(a, PREC.additive)} - ${-n}`
    : `${within(a, PREC.additive)} + ${within(b, PREC.additive)}`;
  return { text, prec: PREC.additive, lo, hi, minusZero: a.minusZero === true && b.minusZero === true };
}

export function subInts(a: Val, b: Val): Val | undefined {
  if (known(b) === 0) return a;
  const [lo, hi] = [a.lo - b.hi, a.hi - b.lo];
  if (!isExact(lo, hi)) return undefined;
  const text = `${within(a, PREC.additive)} - ${within(b, PREC.multiplicative)}`;
  return { text, prec: PREC.additive, lo, hi, minusZero: a.minusZero === true };
}

export function mulInts(a: Val, b: Val): Val | undefined {
  if (known(b) === 1) return a;
  if (known(a) === 1) return b;
  if (known(a) === 0 || known(b) === 0) return int(0);
  const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
  const [lo, hi] = [Math.min(...corners), Math.max(...corners)];
  if (!isExact(lo, hi)) return undefined;
  const text = `${within(a, PREC.multiplicative)} * ${within(b, PREC.unary)}`;
  const minusZero = (mayBeZero(a) && b.lo < 0) || (mayBeZero(b) && a.lo < 0);
  return { text, prec: PREC.multiplicative, lo, hi, minusZero };
}

/** `v` brought into the range of an integer dtype of up to 32 bits, as two's complement hardware does. */
export function wrapInt(v: Val, d: DType): Val {
  const range = rangeOf(d);
  if (fits(v, range)) return v.minusZero ? val(`${within(v, PREC.unary)} | 0`, PREC.or, [v.lo, v.hi]) : v;
  switch (d) {
    case 'i32':
      return val(`${within(v, PREC.unary)} | 0`, PREC.or, range);
    case 'u32':
      return val(`${within(v, PREC.unary)} >>> 0`, PREC.shift, range);
    case 'u8':
    case 'u16':
      return val(`${within(v, PREC.unary)} & ${range[1]}`, PREC.and, range);
    default: {
      const by = 32 - DTYPES[d].bits;
      return val(`${within(v, PREC.unary)} << ${by} >> ${by}`, PREC.shift, range);
    }
  }
}

/** `v` as a value of its dtype: wrapped or rounded if that is still due. `round` knows the narrow floats. */
export function settle(v: Val, d: DType, round: (text: string, d: DType) => string): Val {
  if (isSmallInt(d)) return wrapInt(v, d);
  return v.unrounded ? primary(round(v.text, d)) : v;
}
