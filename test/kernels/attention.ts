/** What the attention tests share. */
import type { Tolerance } from '../reference/compare.ts';

/**
 * Probabilities are rounded to the dtype before they multiply V, and so is the result. Keys and values are normal numbers,
 * so a row of few visible keys has elements of size 1 and a rounding of that size.
 */
export const ATTENTION_TOLERANCE = {
  f16: { atol: 1e-3, rtol: 1e-3 },
  bf16: { atol: 8e-3, rtol: 8e-3 },
} as const satisfies Record<string, Tolerance>;
