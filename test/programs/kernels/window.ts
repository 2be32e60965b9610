/** Copies between a tensor and a box of it that may begin anywhere, also in front of the tensor. */
import { dim, f32, i32, kernel, scalar, T, tensor } from 'tilec';

/**
 * shared, regs: [rows, columns] f32, the box of x: [m, n] f32 from (r, c), with zeros outside, by way of either tile; the box of
 * y: [m, n] f32 gets its elements plus 1, and nothing else of y is written.
 */
export function window({ rows = 4, columns = 8, threads = 64 } = {}) {
  const m = dim('m');
  const n = dim('n');
  return kernel(
    {
      x: tensor(f32, [m, n]),
      r: scalar(i32),
      c: scalar(i32),
      shared: tensor(f32, [rows, columns]),
      regs: tensor(f32, [rows, columns]),
      y: tensor(f32, [m, n]),
    },
    ({ x, r, c, shared, regs, y }) => {
      T.grid([1], { threads });
      const tile = T.shared(f32, [rows, columns]);
      const own = T.fragment(f32, [rows, columns]);
      T.copy(x.tile([r, c], [rows, columns]), tile);
      T.copy(x.tile([r, c], [rows, columns]), own);
      T.copy(tile, shared);
      T.copy(own, regs);
      for (const [i, j] of T.Parallel(rows, columns)) own[i][j] += 1;
      T.copy(own, y.tile([r, c], [rows, columns]));
    },
  );
}
