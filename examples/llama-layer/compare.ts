/** How near the served states must be to the reference, and why. */

/**
 * The reference rounds wherever the operators hand on a tensor, so only what happens inside of them is left: sums in f32, in
 * another order; and attention's weights, which the tensor cores take in 16 bits. That is less than a rounding to 16 bits,
 * but it turns some values to the other side of the middle between two numbers, so that they are rounded the other way:
 * by one unit in the last place, or by an FP8 step in the cache. Over all elements that comes to about such a unit, 2^-11 in
 * f16 and 2^-8 in bf16; the largest elements, of 4 and more, may be two units off, the small ones as much as those of size 2.
 * (Without FP8 in the reference the error over all would be 7e-3 and more.)
 */
export const TOLERANCE = {
  f16: { atol: 2 ** -8, rtol: 2 ** -10, relative: 6e-4 },
  bf16: { atol: 2 ** -5, rtol: 2 ** -7, relative: 5e-3 },
} as const;

export interface Difference {
  readonly largest: number;
  /** ‖got − want‖ / ‖want‖. */
  readonly relative: number;
  /** Elements beyond atol + rtol · |want|; NaN is always beyond. */
  readonly off: number;
}

export function compare(got: Float64Array, want: Float64Array, dtype: keyof typeof TOLERANCE): Difference {
  const { atol, rtol } = TOLERANCE[dtype];
  let [largest, square, norm, off] = [0, 0, 0, 0];
  want.forEach((w, i) => {
    const error = Math.abs(got[i]! - w);
    if (!(error <= atol + rtol * Math.abs(w))) off++;
    largest = Math.max(largest, error);
    square += error ** 2;
    norm += w ** 2;
  });
  return { largest, relative: Math.sqrt(square / norm), off };
}
