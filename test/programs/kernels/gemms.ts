/** GEMMs with a scheduling of their own. c: [m, n] = a: [m, k] · b: [k, n]. */
import { dim, f16, f32, f64, i32, kernel, T, tensor } from 'tilec';

/** f16, by fewer blocks than tiles; `group` rows of tiles are worked off together, so that b stays in the cache. */
export function persistentGemm({ blocks = 6, BM = 64, BN = 64, BK = 32, group = 4 } = {}) {
  const M = dim('m');
  const N = dim('n');
  const K = dim('k');
  return kernel({ a: tensor(f16, [M, K]), b: tensor(f16, [K, N]), c: tensor(f16, [M, N]) }, ({ a, b, c }) => {
    T.grid([blocks], { threads: 128 });
    const at = T.shared(f16, [BM, BK]);
    const bt = T.shared(f16, [BK, BN]);
    const ct = T.shared(f16, [BM, BN]);
    const acc = T.fragment(f32, [BM, BN]);
    const rows = T.ceilDiv(M, BM);
    const columns = T.ceilDiv(N, BN);
    for (const task of T.Persistent(rows * columns)) {
      const first = T.floorDiv(task, group * columns) * group;
      const size = T.min(rows - first, group);
      const within = task % (group * columns);
      const row = first + (within % size);
      const column = T.floorDiv(within, size);
      T.clear(acc);
      for (const k of T.Pipelined(T.ceilDiv(K, BK), { numStages: 3 })) {
        T.copy(a.tile([row * BM, k * BK], [BM, BK]), at);
        T.copy(b.tile([k * BK, column * BN], [BK, BN]), bt);
        T.gemm(at, bt, acc);
      }
      T.copy(acc, ct);
      T.copy(ct, c.tile([row * BM, column * BN], [BM, BN]));
    }
  });
}

/**
 * Experts: rows start[e] … start[e + 1] of a: [total, K] f16 by expert e of w: [experts, N, K] f16. c: [total, N]; start:
 * [experts + 1] i32. The grid has `tiles` rows of blocks, at least as many as the groups have tiles together.
 */
export function groupedGemm({ N = 176, K = 112, BM = 48, BN = 88, BK = 56 } = {}) {
  const total = dim('total');
  const experts = dim('experts');
  return kernel(
    {
      a: tensor(f16, [total, K]),
      w: tensor(f16, [experts, N, K]),
      start: tensor(i32, [dim('starts')]),
      tiles: tensor(i32, [dim('rowsOfTiles')]),
      c: tensor(f16, [total, N]),
    },
    ({ a, w, start, tiles, c }) => {
      const [bx, by] = T.grid([T.ceilDiv(N, BN), tiles.shape[0]], { threads: 96 });
      let e: i32 = 0;
      let before: i32 = 0;
      while (e < experts) {
        const count = T.ceilDiv(start[e + 1] - start[e], BM);
        if (by < before + count) break;
        before += count;
        e++;
      }
      if (e >= experts) return;
      const row = start[e] + (by - before) * BM;
      const rows = start[e + 1] - row;
      const at = T.shared(f16, [BM, BK]);
      const wt = T.shared(f16, [BN, BK]);
      const acc = T.fragment(f32, [BM, BN]);
      T.clear(acc);
      for (const k of T.Pipelined(K / BK, { numStages: 2 })) {
        T.copy(a.tile([row, k * BK], [BM, BK]), at);
        T.copy(w.tile([e, bx * BN, k * BK], [BN, BK]), wt);
        T.gemm(at, wt, acc, { transposeB: true });
      }
      for (const [i, j] of T.Parallel(BM, BN))
        if (i < rows && bx * BN + j < N) c[row + i][bx * BN + j] = f16(acc[i][j]);
    },
  );
}

/** f64. */
export function doubleGemm({ BM = 32, BN = 48, BK = 24 } = {}) {
  const M = dim('m');
  const N = dim('n');
  const K = dim('k');
  return kernel({ a: tensor(f64, [M, K]), b: tensor(f64, [K, N]), c: tensor(f64, [M, N]) }, ({ a, b, c }) => {
    const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)], { threads: 64 });
    const at = T.shared(f64, [BM, BK]);
    const bt = T.shared(f64, [BK, BN]);
    const acc = T.fragment(f64, [BM, BN]);
    T.clear(acc);
    for (const k of T.Pipelined(T.ceilDiv(K, BK))) {
      T.copy(a.tile([by * BM, k * BK], [BM, BK]), at);
      T.copy(b.tile([k * BK, bx * BN], [BK, BN]), bt);
      T.gemm(at, bt, acc);
    }
    T.copy(acc, c.tile([by * BM, bx * BN], [BM, BN]));
  });
}
