/** Rows and elements that go where indices say. */
import { dim, f32, i32, i64, kernel, T, tensor } from 'tilec';

/** out[to[i]] += x[from[i]] where neither index is negative. x: [v, D], out: [o, D] f32; from: [n] i64; to: [n] i32. */
export function gatherScatter({ D = 100, B = 8 } = {}) {
  const n = dim('n');
  return kernel(
    { x: tensor(f32, [dim('v'), D]), from: tensor(i64, [n]), to: tensor(i32, [n]), out: tensor(f32, [dim('o'), D]) },
    ({ x, from, to, out }) => {
      const [bx] = T.grid([T.ceilDiv(n, B)], { threads: 128 });
      const source = T.shared(i64, [B]);
      const target = T.shared(i32, [B]);
      T.copy(from.tile([bx * B], [B]), source);
      T.copy(to.tile([bx * B], [B]), target);
      for (const [i, j] of T.Parallel(B, D)) {
        if (bx * B + i < n && source[i] >= 0 && target[i] >= 0) T.atomicAdd(out[target[i]][j], x[source[i]][j]);
      }
    },
  );
}

/** out[i] = x[from[i]], whole rows as regions; rows of negative indices are left alone. x: [v, D], out: [n, D] f32. */
export function gatherRows({ D = 100 } = {}) {
  const n = dim('n');
  return kernel(
    { x: tensor(f32, [dim('v'), D]), from: tensor(i64, [n]), out: tensor(f32, [n, D]) },
    ({ x, from, out }) => {
      const [bx] = T.grid([n], { threads: 32 });
      const row = i32(from[bx]);
      if (row < 0) return;
      T.copy(x.tile([row, 0], [1, D]), out.tile([bx, 0], [1, D]));
    },
  );
}

/** The positive elements of x: [n], in order, at the start of out: [n]; count: [1] says how many. One block. */
export function compact({ B = 256 } = {}) {
  const n = dim('n');
  return kernel({ x: tensor(f32, [n]), out: tensor(f32, [n]), count: tensor(i32, [1]) }, ({ x, out, count }) => {
    T.grid([1], { threads: 128 });
    const flag = T.shared(i32, [B]);
    const position = T.shared(i32, [B]);
    let base: i32 = 0;
    for (let j = 0; j < n; j += B) {
      for (const [i] of T.Parallel(B)) flag[i] = j + i < n && x[j + i] > 0 ? 1 : 0;
      T.cumsum(flag, position, { dim: 0 });
      for (const [i] of T.Parallel(B)) if (flag[i] === 1) out[base + position[i] - 1] = x[j + i];
      base += position[B - 1];
    }
    count[0] = base;
  });
}
