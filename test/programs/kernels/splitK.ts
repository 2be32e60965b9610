/** GEMMs whose K is split among blocks that add up with atomics. c: [m, n] += a: [m, k] · b: [k, n]. */
import { bf16, dim, f16, f32, kernel, T, tensor } from 'tilec';

/** bf16 into f32; each block takes a run of K. */
export function splitK({ split = 4, BM = 64, BN = 96, BK = 32 } = {}) {
  const M = dim('m');
  const N = dim('n');
  const K = dim('k');
  return kernel({ a: tensor(bf16, [M, K]), b: tensor(bf16, [K, N]), c: tensor(f32, [M, N]) }, ({ a, b, c }) => {
    const [bx, by, bz] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM), split], { threads: 128 });
    const at = T.shared(bf16, [BM, BK]);
    const bt = T.shared(bf16, [BK, BN]);
    const acc = T.fragment(f32, [BM, BN]);
    const steps = T.ceilDiv(K, BK);
    const share = T.ceilDiv(steps, split);
    T.clear(acc);
    for (const k of T.Pipelined(bz * share, T.min((bz + 1) * share, steps), { numStages: 3 })) {
      T.copy(a.tile([by * BM, k * BK], [BM, BK]), at);
      T.copy(b.tile([k * BK, bx * BN], [BK, BN]), bt);
      T.gemm(at, bt, acc);
    }
    for (const [i, j] of T.Parallel(BM, BN)) {
      const row = by * BM + i;
      const column = bx * BN + j;
      if (row < M && column < N) T.atomicAdd(c[row][column], acc[i][j]);
    }
  });
}

/** f16 into f16; blocks take turns along K, so that copies stand under a condition. */
export function splitKHalf({ split = 2, BM = 64, BN = 64, BK = 32 } = {}) {
  const M = dim('m');
  const N = dim('n');
  const K = dim('k');
  return kernel({ a: tensor(f16, [M, K]), b: tensor(f16, [K, N]), c: tensor(f16, [M, N]) }, ({ a, b, c }) => {
    const [bx, by, bz] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM), split], { threads: 128 });
    const at = T.shared(f16, [BM, BK]);
    const bt = T.shared(f16, [BK, BN]);
    const acc = T.fragment(f32, [BM, BN]);
    T.clear(acc);
    for (const k of T.Pipelined(bz, T.ceilDiv(K, BK), { numStages: 2 })) {
      if (k % split === bz) {
        T.copy(a.tile([by * BM, k * BK], [BM, BK]), at);
        T.copy(b.tile([k * BK, bx * BN], [BK, BN]), bt);
        T.gemm(at, bt, acc);
      }
    }
    for (const [i, j] of T.Parallel(BM, BN)) {
      const row = by * BM + i;
      const column = bx * BN + j;
      if (row < M && column < N) T.atomicAdd(c[row][column], f16(acc[i][j]));
    }
  });
}
