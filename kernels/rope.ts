/** Rotary position embedding of packed tokens. */
import { dim, f32, i32, kernel, T, tensor } from 'tilec';
import { rotatePair } from './macros/rope.ts';
import { ROW_DTYPES, type RowDType, threadsFor } from './rows.ts';

export interface RopeConfig {
  readonly heads: number;
  /** Elements of a head. */
  readonly dim: number;
  /** Even, at most dim; default: dim. */
  readonly rotaryDim?: number;
  readonly dtype: RowDType;
  /** Tokens of a block. */
  readonly BM?: number;
  readonly threads?: number;
}

const PER_BLOCK = 4096;

/**
 * Every head of token t rotated to positions[t]. x, out: [tokens, heads, dim]; positions: [tokens]; cos, sin:
 * [maxPosition, rotaryDim / 2] f32.
 */
export function rope(config: RopeConfig) {
  const { heads, dim: D, rotaryDim = D, dtype } = config;
  const half = rotaryDim / 2;
  const BM = config.BM ?? Math.max(1, 2 ** Math.floor(Math.log2(PER_BLOCK / (heads * D))));
  const threads = config.threads ?? threadsFor(BM * heads * half);
  const type = ROW_DTYPES[dtype];
  const tokens = dim('tokens');
  const maxPosition = dim('maxPosition');
  return kernel(
    {
      x: tensor(type, [tokens, heads, D]),
      positions: tensor(i32, [tokens]),
      cos: tensor(f32, [maxPosition, half]),
      sin: tensor(f32, [maxPosition, half]),
      out: tensor(type, [tokens, heads, D]),
    },
    ({ x, positions, cos, sin, out }) => {
      const [block] = T.grid([T.ceilDiv(tokens, BM)], { threads });
      const first = block * BM;
      for (const [m, h, i] of T.Parallel(BM, heads, half)) {
        if (first + m < tokens) {
          const p = positions[first + m];
          const [low, high] = rotatePair(f32(x[first + m][h][i]), f32(x[first + m][h][half + i]), cos[p][i], sin[p][i]);
          out[first + m][h][i] = type(low);
          out[first + m][h][half + i] = type(high);
        }
      }
      if (rotaryDim < D) {
        for (const [m, h, i] of T.Parallel(BM, heads, D - rotaryDim)) {
          if (first + m < tokens) out[first + m][h][rotaryDim + i] = x[first + m][h][rotaryDim + i];
        }
      }
    },
  );
}
