/** Layer normalisation of rows whose length is no power of two. */
import { dim, f16, f32, kernel, scalar, T, tensor } from 'tilec';

/** x, y: [rows, D] f16; weight, bias: [D] f32; mean, rstd: [rows] f32. */
export function layerNorm({ D = 1000, BM = 2 } = {}) {
  const rows = dim('rows');
  return kernel(
    {
      x: tensor(f16, [rows, D]),
      weight: tensor(f32, [D]),
      bias: tensor(f32, [D]),
      eps: scalar(f32),
      y: tensor(f16, [rows, D]),
      mean: tensor(f32, [rows]),
      rstd: tensor(f32, [rows]),
    },
    ({ x, weight, bias, eps, y, mean, rstd }) => {
      const [bx] = T.grid([T.ceilDiv(rows, BM)], { threads: 128 });
      const t = T.fragment(f32, [BM, D]);
      const square = T.fragment(f32, [BM, D]);
      const mu = T.fragment(f32, [BM]);
      const scale = T.fragment(f32, [BM]);
      const w = T.fragment(f32, [D]);
      const b = T.fragment(f32, [D]);
      T.copy(x.tile([bx * BM, 0], [BM, D]), t);
      T.copy(weight, w);
      T.copy(bias, b);
      T.reduceSum(t, mu, { dim: 1 });
      for (const [i] of T.Parallel(BM)) mu[i] /= D;
      for (const [i, j] of T.Parallel(BM, D)) {
        t[i][j] -= mu[i];
        square[i][j] = t[i][j] ** 2;
      }
      T.reduceSum(square, scale, { dim: 1 });
      for (const [i] of T.Parallel(BM)) scale[i] = T.rsqrt(scale[i] / D + eps);
      for (const [i, j] of T.Parallel(BM, D)) t[i][j] = t[i][j] * scale[i] * w[j] + b[j];
      T.copy(t, y.tile([bx * BM, 0], [BM, D]));
      T.copy(mu, mean.tile([bx * BM], [BM]));
      T.copy(scale, rstd.tile([bx * BM], [BM]));
    },
  );
}
