/**
 * Arithmetic on digits. While a tile is lowered, a coordinate is a sum of *digits*, each with a known range and weight:
 * parts of the thread index, and variables of unrolled loops. Divisions, remainders and swizzles by constants then come
 * out exactly, at compile time, instead of as code.
 */
import type { DExpr } from '../../ir/device/schema.ts';
import type { Atom, Layout } from '../../ir/layout.ts';
import { add, ibin, int, mul } from './dexpr.ts';

export interface Digit {
  /** Equal ids are equal values. */
  readonly id: string;
  readonly expr: DExpr;
  /** Values are 0 … extent - 1. */
  readonly extent: number;
  /** For a part of the thread index: which. */
  readonly thread?: { readonly stride: number; readonly extent: number };
}
export interface Term {
  readonly digit: Digit;
  readonly weight: number;
}
/** Σ weight · digit + offset. */
export interface Coord {
  readonly terms: readonly Term[];
  readonly offset: number;
}

export const constant = (offset: number): Coord => ({ terms: [], offset });
export const single = (digit: Digit, weight = 1): Coord => ({
  terms: digit.extent === 1 ? [] : [{ digit, weight }],
  offset: 0,
});

export function addCoords(...coords: readonly Coord[]): Coord {
  const weights = new Map<string, Term>();
  for (const t of coords.flatMap((c) => c.terms)) {
    const old = weights.get(t.digit.id);
    weights.set(t.digit.id, { digit: t.digit, weight: t.weight + (old?.weight ?? 0) });
  }
  return {
    terms: [...weights.values()].filter((t) => t.weight !== 0),
    offset: coords.reduce((n, c) => n + c.offset, 0),
  };
}

export const scaleCoord = (c: Coord, by: number): Coord => ({
  terms: by === 0 ? [] : c.terms.map((t) => ({ digit: t.digit, weight: t.weight * by })),
  offset: c.offset * by,
});

/**
 * floor(coord / divisor) and coord mod divisor, or undefined where a digit straddles the divisor in a way that cannot be
 * cut (not a multiple either way).
 */
export function divmod(c: Coord, divisor: number): { readonly div: Coord; readonly mod: Coord } | undefined {
  const high: Term[] = [];
  const low: Term[] = [];
  for (const t of c.terms) {
    if (t.weight % divisor === 0) high.push({ digit: t.digit, weight: t.weight / divisor });
    else if (divisor % t.weight === 0 && t.weight > 0) {
      const cut = divisor / t.weight;
      if (t.digit.extent <= cut) low.push(t);
      else if (t.digit.extent % cut === 0) {
        low.push({ digit: lowPart(t.digit, cut), weight: t.weight });
        high.push({ digit: highPart(t.digit, cut), weight: 1 });
      } else return undefined;
    } else return undefined;
  }
  const mod: Coord = { terms: low, offset: ((c.offset % divisor) + divisor) % divisor };
  if (rangeEnd(mod) >= divisor) return undefined;
  return { div: { terms: high, offset: Math.floor(c.offset / divisor) }, mod };
}

const lowPart = (d: Digit, n: number): Digit => ({
  id: `${d.id}%${n}`,
  expr: ibin('rem', d.expr, int(n)),
  extent: n,
  ...part(d, 1, n),
});
const highPart = (d: Digit, n: number): Digit => ({
  id: `${d.id}/${n}`,
  expr: ibin('div', d.expr, int(n)),
  extent: d.extent / n,
  ...part(d, n, d.extent / n),
});
const part = (d: Digit, stride: number, extent: number): Pick<Digit, 'thread'> =>
  d.thread ? { thread: { stride: d.thread.stride * stride, extent } } : {};

/** The largest value the coordinate takes. */
export const rangeEnd = (c: Coord): number =>
  c.terms.reduce((n, t) => n + Math.max(0, t.weight * (t.digit.extent - 1)), c.offset);

/** The value of an atom's digit at the coordinate: floor(coord / weight) mod extent. */
export function digitAt(c: Coord, weight: number, extent: number): Coord | undefined {
  const upper = divmod(c, weight)?.div;
  return upper && divmod(upper, extent)?.mod;
}

/** Each atom of a dimension with its weight in the coordinate (the product of the extents behind it). */
export function weighted(atoms: readonly Atom[]): { readonly atom: Atom; readonly weight: number }[] {
  let weight = 1;
  const out: { atom: Atom; weight: number }[] = [];
  for (let i = atoms.length - 1; i >= 0; i--) {
    out.unshift({ atom: atoms[i]!, weight });
    weight *= atoms[i]!.extent;
  }
  return out;
}

/** The part that the thread index decides, and the part of loops and constants. */
export function byThread(c: Coord): readonly [own: Coord, loop: Coord] {
  return [
    { terms: c.terms.filter((t) => t.digit.thread), offset: 0 },
    { terms: c.terms.filter((t) => !t.digit.thread), offset: c.offset },
  ];
}

export function emitCoord(c: Coord): DExpr {
  const terms = [...c.terms].sort((a, b) => b.weight - a.weight);
  const body = terms.reduce<DExpr>((e, t) => add(e, mul(t.digit.expr, int(t.weight))), int(0));
  return add(body, int(c.offset));
}

/** Digits for every atom of a layout: the coordinates they make up, one a dimension. */
export function coordsOf(l: Layout, digitFor: (atom: Atom, dim: number, weight: number) => Digit): Coord[] {
  return l.dims.map((atoms, d) =>
    addCoords(...weighted(atoms).map(({ atom, weight }) => single(digitFor(atom, d, weight), weight))),
  );
}

export type Located =
  | { readonly ok: true; readonly reg: Coord }
  /** The element is not in the thread that asks for it. */
  | { readonly ok: false };

/** The register of a fragment's element at `coords`, if the thread that asks holds it. */
export function locate(l: Layout, coords: readonly Coord[]): Located {
  const reg: Coord[] = [];
  for (const [d, atoms] of l.dims.entries()) {
    const coord = coords[d]!;
    for (const { atom, weight } of weighted(atoms)) {
      const digit = digitAt(coord, weight, atom.extent);
      if (!digit) return { ok: false };
      if (atom.axis === 'reg') reg.push(scaleCoord(digit, atom.stride));
      else if (!isThreadDigit(digit, atom)) return { ok: false };
    }
  }
  return { ok: true, reg: addCoords(...reg) };
}

/** Is this exactly the thread index's own digit (thread / stride) mod extent? It may arrive in several parts. */
function isThreadDigit(c: Coord, atom: Atom): boolean {
  if (c.offset !== 0) return false;
  let covered = 1;
  for (const t of [...c.terms].sort((a, b) => a.weight - b.weight)) {
    const part = t.digit.thread;
    if (!part || part.stride !== atom.stride * covered || t.weight !== covered) return false;
    covered *= part.extent;
  }
  return covered === atom.extent;
}
