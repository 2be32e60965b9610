/** The FP8 format e4m3, by search among its values: apart from tilec's own, which is what it checks. */

const MAGNITUDES = Array.from({ length: 127 }, (_, code) => {
  const exponent = code >> 3;
  const mantissa = code & 7;
  return exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10);
});

/** The code of the value nearest to x, ties to the even code, ±448 beyond the range; NaN is 0x7f. */
export function encodeE4m3(x: number): number {
  const v = Math.fround(x);
  if (Number.isNaN(v)) return 0x7f;
  const a = Math.min(Math.abs(v), 448);
  let best = 0;
  let low = 0;
  let high = 126;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (MAGNITUDES[middle]! <= a) low = middle;
    else high = middle - 1;
  }
  best = low;
  if (low < 126) {
    const below = a - MAGNITUDES[low]!;
    const above = MAGNITUDES[low + 1]! - a;
    if (above < below || (above === below && low % 2 === 1)) best = low + 1;
  }
  return (v < 0 || Object.is(v, -0) ? 0x80 : 0) | best;
}

export function decodeE4m3(code: number): number {
  const magnitude = (code & 0x7f) === 0x7f ? Number.NaN : MAGNITUDES[code & 0x7f]!;
  return code & 0x80 ? -magnitude : magnitude;
}
