/** Tiles with a halo, and reductions of three-dimensional ones. */
import { bool, dim, f32, kernel, T, tensor } from 'tilec';

/** The Laplacian of x: [h, w] f32 with zeros around it, by odd tiles that begin outside the tensor. */
export function stencil({ BM = 15, BN = 33 } = {}) {
  const h = dim('h');
  const w = dim('w');
  return kernel({ x: tensor(f32, [h, w]), y: tensor(f32, [h, w]) }, ({ x, y }) => {
    const [bx, by] = T.grid([T.ceilDiv(w, BN), T.ceilDiv(h, BM)], { threads: 64 });
    const s = T.shared(f32, [BM + 2, BN + 2]);
    const out = T.fragment(f32, [BM, BN]);
    T.copy(x.tile([by * BM - 1, bx * BN - 1], [BM + 2, BN + 2]), s);
    for (const [i, j] of T.Parallel(BM, BN))
      out[i][j] = s[i][j + 1] + s[i + 2][j + 1] + s[i + 1][j] + s[i + 1][j + 2] - 4 * s[i + 1][j + 1];
    T.copy(out, y.tile([by * BM, bx * BN], [BM, BN]));
  });
}

/**
 * Sums and smallest values over the rows of x: [n, w, C] f32, each row times its weight, or 0 where mask: [n] is false.
 * weight: [n]; sum, least: [w, C] f32.
 */
export function maskedColumns({ BM = 20, BN = 36, C = 3 } = {}) {
  const n = dim('n');
  const w = dim('w');
  return kernel(
    {
      x: tensor(f32, [n, w, C]),
      mask: tensor(bool, [n]),
      weight: tensor(f32, [n]),
      sum: tensor(f32, [w, C]),
      least: tensor(f32, [w, C]),
    },
    ({ x, mask, weight, sum, least }) => {
      const [bx] = T.grid([T.ceilDiv(w, BN)], { threads: 128 });
      const t = T.fragment(f32, [BM, BN, C]);
      const s = T.fragment(f32, [BN, C]);
      const l = T.fragment(f32, [BN, C]);
      T.clear(s);
      T.fill(l, T.infinity);
      for (const j of T.serial(T.ceilDiv(n, BM))) {
        T.copy(x.tile([j * BM, bx * BN, 0], [BM, BN, C]), t);
        for (const [i, q, c] of T.Parallel(BM, BN, C))
          t[i][q][c] = j * BM + i < n && mask[j * BM + i] ? t[i][q][c] * weight[j * BM + i] : 0;
        T.reduceSum(t, s, { dim: 0, clear: false });
        T.reduceMin(t, l, { dim: 0, clear: false });
      }
      T.copy(s, sum.tile([bx * BN, 0], [BN, C]));
      T.copy(l, least.tile([bx * BN, 0], [BN, C]));
    },
  );
}
