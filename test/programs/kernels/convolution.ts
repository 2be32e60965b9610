/** Convolution as a GEMM over patches that are gathered on the way to shared memory. */
import { dim, f16, f32, kernel, T, tensor } from 'tilec';

export interface ConvolutionShape {
  /** Rows, columns and channels of an image. */
  readonly H: number;
  readonly W: number;
  readonly C: number;
  /** Filters, of K × K. */
  readonly F: number;
  readonly K: number;
  readonly stride: number;
  readonly padding: number;
}

/** Rows and columns of the result. */
export const outputSize = ({ H, W, K, stride, padding }: ConvolutionShape): readonly [number, number] => [
  Math.floor((H + 2 * padding - K) / stride) + 1,
  Math.floor((W + 2 * padding - K) / stride) + 1,
];

/** x: [n, H, W, C], weight: [K · K · C, F], y: [n · OH · OW, F]; all f16, sums in f32. */
export function convolution(shape: ConvolutionShape, { BM = 64, BN = 48, BK = 48 } = {}) {
  const { H, W, C, F, K, stride, padding } = shape;
  const [OH, OW] = outputSize(shape);
  const n = dim('n');
  return kernel(
    { x: tensor(f16, [n, H, W, C]), weight: tensor(f16, [K * K * C, F]), y: tensor(f16, [n.times(OH * OW), F]) },
    ({ x, weight, y }) => {
      const [bx, by] = T.grid([T.ceilDiv(F, BN), T.ceilDiv(n * OH * OW, BM)], { threads: 128 });
      const patches = T.shared(f16, [BM, BK]);
      const filters = T.shared(f16, [BK, BN]);
      const acc = T.fragment(f32, [BM, BN]);
      T.clear(acc);
      for (const ko of T.Pipelined(T.ceilDiv(K * K * C, BK), { numStages: 2 })) {
        for (const [i, j] of T.Parallel(BM, BK)) {
          const m = by * BM + i;
          const image = T.floorDiv(m, OH * OW);
          const oh = T.floorDiv(m, OW) % OH;
          const ow = m % OW;
          const k = ko * BK + j;
          const kh = T.floorDiv(k, C * K);
          const kw = T.floorDiv(k, C) % K;
          const h = oh * stride + kh - padding;
          const w = ow * stride + kw - padding;
          const inside = image < n && kh < K && h >= 0 && w >= 0 && h < H && w < W;
          patches[i][j] = inside ? x[image][h][w][k % C] : 0;
        }
        T.copy(weight.tile([ko * BK, bx * BN], [BK, BN]), filters);
        T.gemm(patches, filters, acc);
      }
      T.copy(acc, y.tile([by * BM, bx * BN], [BM, BN]));
    },
  );
}
