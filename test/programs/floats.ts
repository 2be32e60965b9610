/** The wide floats: their format, and numbers to try. */
import type { Random } from '../reference/random.ts';

export type Wide = 'f32' | 'f64';
export const FORMAT = {
  f32: { mantissa: 23, minExponent: -126, maxExponent: 127, round: Math.fround, array: Float32Array },
  f64: { mantissa: 52, minExponent: -1022, maxExponent: 1023, round: (x: number) => x, array: Float64Array },
} as const;

/** The distance between floats around x. */
export function ulp(d: Wide, x: number): number {
  const { mantissa, minExponent, maxExponent } = FORMAT[d];
  const exponent = Number.isFinite(x) && x !== 0 ? Math.floor(Math.log2(Math.abs(x))) : minExponent;
  return 2 ** (Math.min(Math.max(exponent, minExponent), maxExponent) - mantissa);
}

/** Zeros, ones, halves, infinities, NaN, the least and the largest subnormals and normals; of both signs. */
export function edges(d: Wide): number[] {
  const { mantissa, minExponent, maxExponent } = FORMAT[d];
  const least = 2 ** (minExponent - mantissa);
  const one = 2 ** -mantissa;
  const positive = [
    ...[
      0,
      0.5,
      1,
      1 + one,
      1 - one / 2,
      1.5,
      2,
      2.5,
      3,
      10,
      100,
      0.5 - one / 4,
      2 ** mantissa - 0.5,
      2 ** mantissa + 1,
    ],
    ...[least, 3 * least, 2 ** minExponent - least, 2 ** minExponent, 2 ** maxExponent * (2 - one), Infinity],
  ];
  return [NaN, ...positive, ...positive.map((x) => -x)];
}

/** Edges, numbers about 1, 10 and 100, and of all magnitudes. */
export function samples(d: Wide, r: Random): number[] {
  const { mantissa, minExponent, maxExponent, round } = FORMAT[d];
  const within = (limit: number): number[] => Array.from({ length: 300 }, () => (2 * r.uniform() - 1) * limit);
  const all = Array.from(
    { length: 1000 },
    () => (r.uniform() < 0.5 ? -1 : 1) * (1 + r.uniform()) * 2 ** r.integer(minExponent - mantissa, maxExponent),
  );
  return [...edges(d), ...[...within(1), ...within(10), ...within(100), ...all].map(round)];
}
