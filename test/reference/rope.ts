/** Rotary embedding (NeoX halves): element i < rotaryDim / 2 of a head is paired with i + rotaryDim / 2. */
import { type FloatName, roundTo } from './numbers.ts';
import type { Random } from './random.ts';

export interface RopeTables {
  /** Even, at most the head's dim; what lies beyond is not rotated. */
  readonly rotaryDim: number;
  /** [maxPosition, rotaryDim / 2], f32 values. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** The usual tables: angle = position · base^(−2 i / rotaryDim), rounded to f32. */
export function ropeTables(maxPosition: number, rotaryDim: number, base = 10000): RopeTables {
  const half = rotaryDim / 2;
  const angle = (n: number): number => Math.floor(n / half) * base ** ((-2 * (n % half)) / rotaryDim);
  const table = (f: (x: number) => number): Float64Array =>
    Float64Array.from({ length: maxPosition * half }, (_, n) => Math.fround(f(angle(n))));
  return { rotaryDim, cos: table(Math.cos), sin: table(Math.sin) };
}

/** Tables of unrelated random angles: a kernel that looks up the wrong row cannot pass. */
export function randomRopeTables(r: Random, maxPosition: number, rotaryDim: number): RopeTables {
  const angles = Float64Array.from({ length: (maxPosition * rotaryDim) / 2 }, () => r.uniform() * 2 * Math.PI);
  return {
    rotaryDim,
    cos: angles.map((a) => Math.fround(Math.cos(a))),
    sin: angles.map((a) => Math.fround(Math.sin(a))),
  };
}

/**
 * One head at `offset` of `x`, rotated to `position` in place. The kernels' arithmetic, exactly: one product rounded to f32,
 * the other fused with the sum, the result rounded to `format`; so appended bytes can be compared.
 */
export function rotate(x: Float64Array, offset: number, position: number, t: RopeTables, format: FloatName): void {
  const half = t.rotaryDim / 2;
  for (let i = 0; i < half; i++) {
    const c = t.cos[position * half + i]!;
    const s = t.sin[position * half + i]!;
    const low = x[offset + i]!;
    const high = x[offset + half + i]!;
    x[offset + i] = roundTo(format, Math.fround(low * c - Math.fround(high * s)));
    x[offset + half + i] = roundTo(format, Math.fround(high * c + Math.fround(low * s)));
  }
}

/** x [tokens, heads, dim] with token t rotated to positions[t]; a new array. */
export function rope(
  x: Float64Array,
  shape: { readonly heads: number; readonly dim: number },
  positions: ArrayLike<number>,
  tables: RopeTables,
  format: FloatName,
): Float64Array {
  const out = x.slice();
  for (let t = 0; t < positions.length; t++)
    for (let h = 0; h < shape.heads; h++) rotate(out, (t * shape.heads + h) * shape.dim, positions[t]!, tables, format);
  return out;
}
