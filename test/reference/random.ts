/** Seeded random inputs. */
import { type FloatName, roundTo } from './numbers.ts';

export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform among low … high, both included. */
  integer(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
  /** The array, shuffled in place. */
  shuffle<A extends { length: number; [i: number]: number }>(xs: A): A;
}

/** A generator (mulberry32) that gives the same numbers for the same seed everywhere. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number): number => low + Math.floor(uniform() * (high - low + 1));
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle: (xs) => {
      for (let i = xs.length - 1; i > 0; i--) {
        const j = integer(0, i);
        const t = xs[i]!;
        xs[i] = xs[j]!;
        xs[j] = t;
      }
      return xs;
    },
  };
}

/** `n` normal numbers times `scale`, rounded to the format. */
export function normals(r: Random, n: number, format: FloatName, scale = 1): Float64Array {
  return Float64Array.from({ length: n }, () => roundTo(format, r.normal() * scale));
}

/** `n` finite f32 numbers of all magnitudes and both signs: every exponent is as likely as any other. */
export function allMagnitudes(r: Random, n: number, lowExponent = -149, highExponent = 127): Float64Array {
  return Float64Array.from({ length: n }, () => {
    const magnitude = (1 + r.uniform()) * 2 ** r.integer(lowExponent, highExponent);
    return Math.fround(r.uniform() < 0.5 ? -magnitude : magnitude);
  });
}
