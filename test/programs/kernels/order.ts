/** The largest, the k largest, all in order. */
import { dim, f32, i32, i64, kernel, T, tensor } from 'tilec';

/** The largest of each row of x: [rows, n] f32 and the first place it is at. value: [rows] f32; index: [rows] i64. */
export function argmax({ BM = 3, BN = 96 } = {}) {
  const rows = dim('rows');
  const n = dim('n');
  return kernel(
    { x: tensor(f32, [rows, n]), value: tensor(f32, [rows]), index: tensor(i64, [rows]) },
    ({ x, value, index }) => {
      const [bx] = T.grid([T.ceilDiv(rows, BM)], { threads: 96 });
      const t = T.fragment(f32, [BM, BN]);
      const place = T.fragment(i32, [BM, BN]);
      const best = T.fragment(f32, [BM]);
      const bestPlace = T.fragment(i32, [BM]);
      const tileBest = T.fragment(f32, [BM]);
      const tilePlace = T.fragment(i32, [BM]);
      T.fill(best, -T.infinity);
      T.fill(bestPlace, 0);
      for (let j = 0; j < n; j += BN) {
        T.copy(x.tile([bx * BM, j], [BM, BN]), t);
        for (const [r, c] of T.Parallel(BM, BN)) if (j + c >= n) t[r][c] = -T.infinity;
        T.reduceMax(t, tileBest, { dim: 1 });
        for (const [r, c] of T.Parallel(BM, BN)) place[r][c] = t[r][c] === tileBest[r] ? j + c : 0x7fffffff;
        T.reduceMin(place, tilePlace, { dim: 1 });
        for (const [r] of T.Parallel(BM)) {
          if (tileBest[r] > best[r]) {
            best[r] = tileBest[r];
            bestPlace[r] = tilePlace[r];
          }
        }
      }
      T.copy(best, value.tile([bx * BM], [BM]));
      T.copy(bestPlace, index.tile([bx * BM], [BM]));
    },
  );
}

/** A router: the K largest of each row of x: [n, E] f32, descending, and their softmax. weight: [n, K] f32; index: [n, K] i32. */
export function topK({ E = 60, K = 4, BM = 8 } = {}) {
  const n = dim('n');
  const ranks = Array.from({ length: K }, (_, i) => i);
  return kernel(
    { x: tensor(f32, [n, E]), weight: tensor(f32, [n, K]), index: tensor(i32, [n, K]) },
    ({ x, weight, index }) => {
      const [bx] = T.grid([T.ceilDiv(n, BM)], { threads: 128 });
      const t = T.fragment(f32, [BM, E]);
      const place = T.fragment(i32, [BM, E]);
      const max = T.fragment(f32, [BM]);
      const at = T.fragment(i32, [BM]);
      const chosen = T.shared(f32, [BM, K]);
      T.copy(x.tile([bx * BM, 0], [BM, E]), t);
      for (const k of ranks) {
        T.reduceMax(t, max, { dim: 1 });
        for (const [i, j] of T.Parallel(BM, E)) place[i][j] = t[i][j] >= max[i] ? j : E;
        T.reduceMin(place, at, { dim: 1 });
        for (const [i, j] of T.Parallel(BM, E)) if (j === at[i]) t[i][j] = -T.infinity;
        for (const [i] of T.Parallel(BM)) {
          chosen[i][k] = max[i];
          if (bx * BM + i < n) index[bx * BM + i][k] = at[i];
        }
      }
      for (const [i] of T.Parallel(BM)) {
        let sum: f32 = 0;
        for (const k of T.unroll(K)) sum += T.exp(chosen[i][k] - chosen[i][0]);
        if (bx * BM + i < n)
          for (const k of T.unroll(K)) weight[bx * BM + i][k] = T.exp(chosen[i][k] - chosen[i][0]) / sum;
      }
    },
  );
}

/** Sorts each row of x: [rows, N] f32 in place, in shared memory; N is a power of two. */
export function bitonicSort({ N = 256 } = {}) {
  const rows = dim('rows');
  return kernel({ x: tensor(f32, [rows, N]) }, ({ x }) => {
    const [r] = T.grid([rows], { threads: 128 });
    const s = T.shared(f32, [N]);
    T.copy(x.tile([r, 0], [1, N]), s);
    let size: i32 = 2;
    while (size <= N) {
      let stride: i32 = size >> 1;
      while (stride > 0) {
        for (const [pair] of T.Parallel(N / 2)) {
          const i = ((pair & ~(stride - 1)) << 1) | (pair & (stride - 1));
          const j = i | stride;
          const a = s[i];
          const b = s[j];
          const ascending = (i & size) === 0;
          if (a > b === ascending) {
            s[i] = b;
            s[j] = a;
          }
        }
        stride >>= 1;
      }
      size <<= 1;
    }
    T.copy(s, x.tile([r, 0], [1, N]));
  });
}
