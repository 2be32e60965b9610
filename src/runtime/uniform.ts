/** Pseudo-random numbers for tests and examples: PCG-like mixing of a counter, the same everywhere. */

/** `count` numbers evenly distributed in [low, high). */
export function uniform(count: number, low: number, high: number, seed: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(count);
  let state = (Math.imul(seed, 0x9e3779b9) + 0x85ebca6b) | 0;
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    out[i] = low + ((z ^ (z >>> 14)) >>> 0) * 2 ** -32 * (high - low);
  }
  return out;
}
