/** Root-mean-square normalisation, alone and with the residual addition before it. */
import { type DTypeValue, dim, type Fragment, f32, kernel, macro, T, type TensorTile, tensor } from 'tilec';
import { ROW_DTYPES, type RowConfig, type RowDType, rowTiling } from './rows.ts';

export interface RmsNormConfig extends RowConfig {
  /** Added to the mean square. Default 1e-5. */
  readonly eps?: number;
}

/** out[rows] = x / √(mean(x²) + eps) · weight, for the rows of `x` [BM, N], of whose columns `n` count. */
const normalizeRows = macro(
  (
    type: DTypeValue<RowDType>,
    x: Fragment<RowDType, 2>,
    weight: TensorTile<RowDType, 1>,
    out: TensorTile<RowDType, 2>,
    row: number,
    n: number,
    eps: number,
  ) => {
    const [BM, N] = x.shape;
    const squares = T.fragment(f32, [BM, N]);
    const sum = T.fragment(f32, [BM]);
    const w = T.fragment(type, [N]);
    T.copy(weight.tile([0], [N]), w);
    for (const [m, i] of T.Parallel(BM, N)) squares[m][i] = f32(x[m][i]) * f32(x[m][i]);
    T.reduceSum(squares, sum, { dim: 1 });
    for (const [m] of T.Parallel(BM)) sum[m] = T.rsqrt(sum[m] / n + eps);
    for (const [m, i] of T.Parallel(BM, N)) x[m][i] = f32(x[m][i]) * sum[m] * f32(w[i]);
    T.copy(x, out.tile([row, 0], [BM, N]));
  },
);

/** out = x / √(mean(x²) + eps) · weight over each row, in f32. x, out: [rows, n]; weight: [n]. */
export function rmsNorm(config: RmsNormConfig) {
  const { n, dtype, eps = 1e-5 } = config;
  const type = ROW_DTYPES[dtype];
  const rows = dim('rows');
  const { BM, N, threads } = rowTiling(config);
  return kernel(
    { x: tensor(type, [rows, n]), weight: tensor(type, [n]), out: tensor(type, [rows, n]) },
    ({ x, weight, out }) => {
      const [block] = T.grid([T.ceilDiv(rows, BM)], { threads });
      const tile = T.fragment(type, [BM, N]);
      T.copy(x.tile([block * BM, 0], [BM, N]), tile);
      normalizeRows(type, tile, weight, out, block * BM, n, eps);
    },
  );
}

/** residual += x, rounded to its dtype; out = rmsNorm(residual). x, residual, out: [rows, n]; weight: [n]. */
export function addRmsNorm(config: RmsNormConfig) {
  const { n, dtype, eps = 1e-5 } = config;
  const type = ROW_DTYPES[dtype];
  const rows = dim('rows');
  const { BM, N, threads } = rowTiling(config);
  return kernel(
    {
      x: tensor(type, [rows, n]),
      residual: tensor(type, [rows, n]),
      weight: tensor(type, [n]),
      out: tensor(type, [rows, n]),
    },
    ({ x, residual, weight, out }) => {
      const [block] = T.grid([T.ceilDiv(rows, BM)], { threads });
      const tile = T.fragment(type, [BM, N]);
      const sum = T.fragment(type, [BM, N]);
      T.copy(x.tile([block * BM, 0], [BM, N]), tile);
      T.copy(residual.tile([block * BM, 0], [BM, N]), sum);
      for (const [m, i] of T.Parallel(BM, N)) sum[m][i] = f32(sum[m][i]) + f32(tile[m][i]);
      T.copy(sum, residual.tile([block * BM, 0], [BM, N]));
      normalizeRows(type, sum, weight, out, block * BM, n, eps);
    },
  );
}
