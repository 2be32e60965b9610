/** The functions of `T` on host numbers, where `Math` has no such function. All compute in f64. */

/** To f64 accuracy: the Taylor series near zero, a continued fraction of erfc beyond. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -(a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let f = 0;
  for (let k = 60; k >= 1; k--) f = k / 2 / (a + f);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + f)));
}

function integers(name: string, a: number, b: number): void {
  if (!Number.isInteger(a) || !Number.isInteger(b))
    throw new RangeError(`T.${name}(${a}, ${b}): both must be integers`);
  if (b === 0) throw new RangeError(`T.${name}(${a}, 0): division by zero`);
}

/** Integer division, rounded up. Throws RangeError for what is no integer, and for b = 0. */
export function ceilDiv(a: number, b: number): number {
  integers('ceilDiv', a, b);
  return Math.ceil(a / b) + 0;
}

/** Integer division, rounded down. Throws RangeError for what is no integer, and for b = 0. */
export function floorDiv(a: number, b: number): number {
  integers('floorDiv', a, b);
  return Math.floor(a / b) + 0;
}

/** Bits set in a 32-bit integer. */
export function popcount(x: number): number {
  let n = 0;
  for (let v = x >>> 0; v !== 0; v = (v & (v - 1)) >>> 0) n++;
  return n;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const clamp = (x: number, lo: number, hi: number): number => Math.min(Math.max(x, lo), hi);
