import { dim, f32, kernel, T, tensor } from 'tilec';

/** c = a + b; a, b, c: [n] float32. */
export function vectorAdd({ block = 1024 } = {}) {
  const n = dim('n');
  return kernel({ a: tensor(f32, [n]), b: tensor(f32, [n]), c: tensor(f32, [n]) }, ({ a, b, c }) => {
    const [bx] = T.grid([T.ceilDiv(n, block)], { threads: 256 });
    const x = T.fragment(f32, [block]);
    const y = T.fragment(f32, [block]);
    T.copy(a.tile([bx * block], [block]), x);
    T.copy(b.tile([bx * block], [block]), y);
    for (const [i] of T.Parallel(block)) x[i] += y[i];
    T.copy(x, c.tile([bx * block], [block]));
  });
}
