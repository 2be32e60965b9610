/** FP8 caches and weights: e4m3 codes with one f32 scale, value = code · scale. */
import { type f32 as F32, f8e4m3, f32, macro, type Shared, T, type Tile } from 'tilec';

/** e4m3(x / scale): IEEE division, round to nearest even, ±448 beyond the range, NaN stays NaN. x is an f32. */
export const quantizeFp8 = macro((x: F32, scale: F32) => f8e4m3(x / scale));

/** `dst` = round(f32(src) · scale) to dst's dtype, element by element; both [N, D] in shared memory. */
export const dequantizeFp8 = macro((src: Shared<'f8e4m3', 2>, dst: Tile<'f16' | 'bf16', 2>, scale: F32) => {
  const [N, D] = src.shape;
  for (const [n, d] of T.Parallel(N, D)) dst[n][d] = f32(src[n][d]) * scale;
});
