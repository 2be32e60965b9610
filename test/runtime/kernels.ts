/** Small kernels that the runtime's tests launch. */
import { dim, f32, i32, kernel, scalar, T, tensor } from 'tilec';

/** out[i] = a[i] · scale + bias, over a run-time length. */
export function scaled({ block = 128, bias = 1 } = {}) {
  const n = dim('n');
  return kernel({ a: tensor(f32, [n]), scale: scalar(f32), out: tensor(f32, [n]) }, ({ a, scale, out }) => {
    const [bx] = T.grid([T.ceilDiv(n, block)], { threads: block });
    for (const [i] of T.Parallel(block)) {
      if (bx * block + i < n) out[bx * block + i] = a[bx * block + i]! * scale + bias;
    }
  });
}

/** rows[r] = r + first, through a grid of two dimensions and a product of dims. */
export function rowNumbers() {
  const r = dim('r');
  return kernel({ first: scalar(i32), out: tensor(i32, [r.times(4)]), like: tensor(f32, [r, 8]) }, ({ first, out }) => {
    const [bx, by] = T.grid([r, 4], { threads: 32 });
    for (const [i] of T.Parallel(1)) out[bx * 4 + by + i] = bx + first;
  });
}
