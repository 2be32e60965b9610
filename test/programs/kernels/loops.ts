/** Loops that end when the data says so. */
import { dim, f32, i32, i64, kernel, T, tensor } from 'tilec';

/** How many of xs: [n] f32, ascending, are at most each of qs: [q] f32; a loop for each element. out: [q] i32. */
export function searchSorted({ B = 128 } = {}) {
  const n = dim('n');
  const q = dim('q');
  return kernel({ xs: tensor(f32, [n]), qs: tensor(f32, [q]), out: tensor(i32, [q]) }, ({ xs, qs, out }) => {
    const [bx] = T.grid([T.ceilDiv(q, B)], { threads: 64 });
    for (const [i] of T.Parallel(B)) {
      const at = bx * B + i;
      if (at < q) {
        let low: i32 = 0;
        let high: i32 = n;
        while (true) {
          if (low >= high) break;
          const middle = (low + high) >> 1;
          if (xs[middle] <= qs[at]) low = middle + 1;
          else high = middle;
        }
        out[at] = low;
      }
    }
  });
}

/** Steps that each of x: [n] i64 takes to 1, at most `cap`; a loop for the block. out: [n] i32. */
export function collatz({ cap = 200 } = {}) {
  const n = dim('n');
  return kernel({ x: tensor(i64, [n]), out: tensor(i32, [n]) }, ({ x, out }) => {
    const [bx] = T.grid([n], { threads: 32 });
    let v = x[bx];
    let steps: i32 = 0;
    while (v !== 1 && steps < cap) {
      steps++;
      if (v % 2 === 0) {
        v = T.floorDiv(v, 2);
        continue;
      }
      v = 3 * v + 1;
      if (v < 0) break;
    }
    out[bx] = steps;
  });
}

/** Square roots of x: [n] f32 by Newton's method, until all of a tile have converged. */
export function newton({ B = 64 } = {}) {
  const n = dim('n');
  return kernel({ x: tensor(f32, [n]), out: tensor(f32, [n]) }, ({ x, out }) => {
    const [bx] = T.grid([T.ceilDiv(n, B)], { threads: 64 });
    const a = T.fragment(f32, [B]);
    const y = T.fragment(f32, [B]);
    const error = T.fragment(f32, [B]);
    const largest = T.fragment(f32, [1]);
    const worst = T.shared(f32, [1]);
    T.copy(x.tile([bx * B], [B]), a);
    T.copy(a, y);
    T.fill(worst, T.infinity);
    let steps: i32 = 0;
    while (worst[0] > 1e-5 && steps < 50) {
      for (const [i] of T.Parallel(B)) {
        const next = y[i] > 0 ? 0.5 * (y[i] + a[i] / y[i]) : 0;
        error[i] = y[i] > 0 ? T.abs(next - y[i]) / next : 0;
        y[i] = next;
      }
      T.reduceMax(error, largest, { dim: 0 });
      T.copy(largest, worst);
      steps++;
    }
    T.copy(y, out.tile([bx * B], [B]));
  });
}
