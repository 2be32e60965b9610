/** GEMMs of quantised weights. c: [m, n] = a: [m, K] · weights: [n, K] transposed; all tiles ragged. */
import { dim, f16, f32, i8, i32, kernel, macro, T, tensor, type u8 as U8, u8 } from 'tilec';

/** Half of a byte as a number from -8 to 7. */
const nibble = macro((byte: U8, high: boolean): f32 => f32(high ? byte >> 4 : byte & 15) - 8);

/** w: [n, K / 2] u8, the even element in the low half of a byte; scale: [n, K / G] f16, for each G elements of a row. */
export function int4Gemm({ K = 256, G = 64, BM = 32, BN = 64, BK = 64 } = {}) {
  const M = dim('m');
  const N = dim('n');
  return kernel(
    { a: tensor(f16, [M, K]), w: tensor(u8, [N, K / 2]), scale: tensor(f16, [N, K / G]), c: tensor(f16, [M, N]) },
    ({ a, w, scale, c }) => {
      const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)], { threads: 128 });
      const at = T.shared(f16, [BM, BK]);
      const packed = T.shared(u8, [BN, BK / 2]);
      const weights = T.shared(f16, [BN, BK]);
      const acc = T.fragment(f32, [BM, BN]);
      T.clear(acc);
      for (const k of T.Pipelined(K / BK, { numStages: 3 })) {
        T.copy(a.tile([by * BM, k * BK], [BM, BK]), at);
        T.copy(w.tile([bx * BN, k * (BK / 2)], [BN, BK / 2]), packed);
        for (const [i, j] of T.Parallel(BN, BK / 2)) {
          const byte = packed[i][j];
          const factor: f32 = bx * BN + i < N ? f32(scale[bx * BN + i][T.floorDiv(k * BK, G)]) : 0;
          weights[i][2 * j] = f16(nibble(byte, false) * factor);
          weights[i][2 * j + 1] = f16(nibble(byte, true) * factor);
        }
        T.gemm(at, weights, acc, { transposeB: true });
      }
      T.copy(acc, c.tile([by * BM, bx * BN], [BM, BN]));
    },
  );
}

/** The same without scales, each element shifted out of its byte, in a fragment first. */
export function int4GemmShifted({ K = 256, BM = 32, BN = 64, BK = 64 } = {}) {
  const M = dim('m');
  const N = dim('n');
  return kernel({ a: tensor(f16, [M, K]), w: tensor(u8, [N, K / 2]), c: tensor(f16, [M, N]) }, ({ a, w, c }) => {
    const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)], { threads: 128 });
    const at = T.shared(f16, [BM, BK]);
    const packed = T.shared(u8, [BN, BK / 2]);
    const unpacked = T.fragment(f16, [BN, BK]);
    const weights = T.shared(f16, [BN, BK]);
    const acc = T.fragment(f32, [BM, BN]);
    T.clear(acc);
    for (const k of T.Pipelined(K / BK, { numStages: 2 })) {
      T.copy(a.tile([by * BM, k * BK], [BM, BK]), at);
      T.copy(w.tile([bx * BN, k * (BK / 2)], [BN, BK / 2]), packed);
      for (const [i, j] of T.Parallel(BN, BK))
        unpacked[i][j] = f16(i32((packed[i][T.floorDiv(j, 2)] >> (u8(j % 2) * 4)) & 15) - 8);
      T.copy(unpacked, weights);
      T.gemm(at, weights, acc, { transposeB: true });
    }
    T.copy(acc, c.tile([by * BM, bx * BN], [BM, BN]));
  });
}

/** a: [m, k] i8, b: [n, k] i8, summed exactly in i32, then scaled by rows and columns. */
export function int8Gemm({ BM = 48, BN = 48, BK = 48 } = {}) {
  const M = dim('m');
  const N = dim('n');
  const K = dim('k');
  return kernel(
    {
      a: tensor(i8, [M, K]),
      b: tensor(i8, [N, K]),
      rowScale: tensor(f32, [M]),
      columnScale: tensor(f32, [N]),
      c: tensor(f32, [M, N]),
    },
    ({ a, b, rowScale, columnScale, c }) => {
      const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)], { threads: 128 });
      const at = T.shared(i8, [BM, BK]);
      const bt = T.shared(i8, [BN, BK]);
      const acc = T.fragment(i32, [BM, BN]);
      const out = T.fragment(f32, [BM, BN]);
      const rows = T.fragment(f32, [BM]);
      const columns = T.fragment(f32, [BN]);
      T.clear(acc);
      T.copy(rowScale.tile([by * BM], [BM]), rows);
      T.copy(columnScale.tile([bx * BN], [BN]), columns);
      for (const k of T.Pipelined(T.ceilDiv(K, BK), { numStages: 2 })) {
        T.copy(a.tile([by * BM, k * BK], [BM, BK]), at);
        T.copy(b.tile([bx * BN, k * BK], [BN, BK]), bt);
        T.gemm(at, bt, acc, { transposeB: true });
      }
      for (const [i, j] of T.Parallel(BM, BN)) out[i][j] = f32(acc[i][j]) * rows[i] * columns[j];
      T.copy(out, c.tile([by * BM, bx * BN], [BM, BN]));
    },
  );
}
