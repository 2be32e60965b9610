/** Which parts of a tile statements are sure to write, so that nothing older shows through. */
import type { Expr, Stmt } from '../ir/tile/schema.ts';

/** A box of a tile: [lo, hi) along each dimension. */
type Box = readonly (readonly [lo: number, hi: number])[];
/** Values of the variables of loops around. */
type Values = ReadonlyMap<string, number>;

const MOST_TRIPS = 64;

/** Do the statements, whatever their conditions, write every element of the tile? */
export const covers = (stmts: readonly Stmt[], tile: string, shape: readonly number[]): boolean =>
  isWhole(boxesOf(stmts, tile, shape, new Map()), shape);

function boxesOf(stmts: readonly Stmt[], tile: string, shape: readonly number[], values: Values): Box[] {
  return stmts.flatMap((s) => written(s, tile, shape, values));
}

function written(s: Stmt, tile: string, shape: readonly number[], values: Values): Box[] {
  switch (s.kind) {
    case 'copy':
    case 'fill': {
      if (s.dst.buffer !== tile) return [];
      const box = s.dst.origin.map((e, d) => interval(e, values, new Map(), s.dst.extent[d]!));
      return isBox(box) ? [box] : [];
    }
    case 'parallel': {
      const spread = new Map(s.vars.map((v, i) => [v, s.extents[i]!]));
      return s.body.flatMap((x) => {
        if (x.kind !== 'store' || x.buffer !== tile || sharesVariables(x.indices, spread)) return [];
        const box = x.indices.map((e) => interval(e, values, spread, 1));
        return isBox(box) ? [box] : [];
      });
    }
    case 'for': {
      const [start, stop, step] = [s.start, s.stop, s.step].map((e) => numberOf(e, values));
      if (start === undefined || stop === undefined || step === undefined || step <= 0) return [];
      const trips = Math.ceil((stop - start) / step);
      if (trips > MOST_TRIPS || leaves(s.body)) return [];
      return Array.from({ length: Math.max(0, trips) }, (_, i) =>
        boxesOf(s.body, tile, shape, new Map([...values, [s.v, start + i * step]])),
      ).flat();
    }
    case 'if': {
      const both = [s.then, s.else].every((b) => isWhole(boxesOf(b, tile, shape, values), shape));
      return both ? [shape.map((n) => [0, n] as const)] : [];
    }
    default:
      return [];
  }
}

const isBox = (box: readonly (readonly [number, number] | undefined)[]): box is Box =>
  box.every((x) => x !== undefined);

const leaves = (stmts: readonly Stmt[]): boolean =>
  stmts.some(
    (s) =>
      s.kind === 'break' ||
      s.kind === 'continue' ||
      s.kind === 'return' ||
      (s.kind === 'if' && leaves([...s.then, ...s.else])),
  );

/** Boxes are joined along one dimension only: those that have all of the others. */
function isWhole(boxes: readonly Box[], shape: readonly number[]): boolean {
  const full = (box: Box, d: number): boolean => box[d]![0] <= 0 && box[d]![1] >= shape[d]!;
  return shape.some((size, along) => {
    const parts = boxes.filter((b) => shape.every((_, d) => d === along || full(b, d))).map((b) => b[along]!);
    let reached = 0;
    for (const [lo, hi] of parts.sort((a, b) => a[0] - b[0])) if (lo <= reached) reached = Math.max(reached, hi);
    return reached >= size;
  });
}

/** An index that runs along a diagonal fills no box. */
function sharesVariables(indices: readonly Expr[], spread: ReadonlyMap<string, number>): boolean {
  const seen = new Set<string>();
  return indices.some((e) =>
    [...(affine(e, new Map(), spread)?.terms.keys() ?? [])].some((v) => {
      if (seen.has(v)) return true;
      seen.add(v);
      return false;
    }),
  );
}

interface Affine {
  readonly terms: ReadonlyMap<string, number>;
  readonly offset: number;
}

/** The whole numbers that an index takes, if they leave no gap. */
function interval(
  e: Expr,
  values: Values,
  spread: ReadonlyMap<string, number>,
  width: number,
): readonly [number, number] | undefined {
  const a = affine(e, values, spread);
  if (!a) return undefined;
  let size = width;
  for (const [v, factor] of [...a.terms].sort((x, y) => x[1] - y[1])) {
    if (factor < 1 || factor > size) return undefined;
    size += factor * (spread.get(v)! - 1);
  }
  return [a.offset, a.offset + size];
}

const numberOf = (e: Expr, values: Values): number | undefined => affine(e, values, new Map())?.offset;

function affine(e: Expr, values: Values, spread: ReadonlyMap<string, number>): Affine | undefined {
  if (e.kind === 'const')
    return typeof e.value === 'boolean' ? undefined : { terms: new Map(), offset: Number(e.value) };
  if (e.kind === 'var') {
    const known = values.get(e.name);
    if (known !== undefined) return { terms: new Map(), offset: known };
    return spread.has(e.name) ? { terms: new Map([[e.name, 1]]), offset: 0 } : undefined;
  }
  if (e.kind !== 'binary') return undefined;
  const a = affine(e.a, values, spread);
  const b = affine(e.b, values, spread);
  if (!a || !b) return undefined;
  switch (e.op) {
    case 'add':
    case 'sub': {
      const sign = e.op === 'add' ? 1 : -1;
      const terms = new Map(a.terms);
      for (const [v, factor] of b.terms) terms.set(v, (terms.get(v) ?? 0) + sign * factor);
      return { terms, offset: a.offset + sign * b.offset };
    }
    case 'mul': {
      const [by, of] = b.terms.size === 0 ? [b.offset, a] : [a.offset, b];
      if (a.terms.size > 0 && b.terms.size > 0) return undefined;
      return { terms: new Map([...of.terms].map(([v, factor]) => [v, factor * by])), offset: of.offset * by };
    }
    default:
      return undefined;
  }
}
