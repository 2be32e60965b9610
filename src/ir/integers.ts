/** Whole numbers, as layouts, facts and verifiers ask about them. */

/** The greatest common divisor, never negative; of n and 0 it is n. */
export const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

export const isPowerOfTwo = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;

/** The largest power of two that divides n; 0 for 0. */
export const powerOfTwoPart = (n: number): number => n & -n;
