/** Rotary position embedding, NeoX halves (Su et al., 2021): element i < rotaryDim / 2 turns with i + rotaryDim / 2. */
import { type DTypeValue, type f32 as F32, f32, type i32, macro, type Shared, T, type TensorTile } from 'tilec';

/** The rotated pair: one product rounded, the other fused with the sum, so that all backends store the same bits. */
export const rotatePair = macro((low: F32, high: F32, c: F32, s: F32): readonly [F32, F32] => [
  T.fma(low, c, -(high * s)),
  T.fma(high, c, low * s),
]);

/**
 * Rotates the rows of `src` [N, D] into `dst` (which may be `src`), both of `dtype`: row n to position `first + n`, and rows at `end` and behind
 * to the last position before it, since nothing uses them. cos, sin: [maxPosition, rotaryDim / 2]. Elements from rotaryDim
 * on are passed on.
 */
export const applyRope = macro(
  (
    src: Shared<'f16' | 'bf16', 2>,
    dst: Shared<'f16' | 'bf16', 2>,
    dtype: DTypeValue<'f16' | 'bf16'>,
    cos: TensorTile<'f32', 2>,
    sin: TensorTile<'f32', 2>,
    first: i32,
    end: i32,
    rotaryDim: number,
  ) => {
    const [N, D] = src.shape;
    const half = rotaryDim / 2;
    for (const [n, i] of T.Parallel(N, half)) {
      const position = T.min(first + n, end - 1);
      const [low, high] = rotatePair(f32(src[n][i]), f32(src[n][half + i]), cos[position][i], sin[position][i]);
      dst[n][i] = dtype(low);
      dst[n][half + i] = dtype(high);
    }
    if (src !== dst && rotaryDim < D)
      for (const [n, i] of T.Parallel(N, D - rotaryDim)) dst[n][rotaryDim + i] = src[n][rotaryDim + i];
  },
);
