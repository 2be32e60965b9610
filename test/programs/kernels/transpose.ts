/** Three ways to transpose a matrix. a: [m, n], b: [n, m]; tiles need not divide either. */
import { dim, f16, f32, kernel, T, tensor } from 'tilec';

/** f16, by way of two shared tiles, one of each orientation. */
export function transposeShared({ BM = 48, BN = 96 } = {}) {
  const m = dim('m');
  const n = dim('n');
  return kernel({ a: tensor(f16, [m, n]), b: tensor(f16, [n, m]) }, ({ a, b }) => {
    const [bx, by] = T.grid([T.ceilDiv(n, BN), T.ceilDiv(m, BM)], { threads: 128 });
    const tile = T.shared(f16, [BM, BN]);
    const turned = T.shared(f16, [BN, BM]);
    T.copy(a.tile([by * BM, bx * BN], [BM, BN]), tile);
    for (const [i, j] of T.Parallel(BN, BM)) turned[i][j] = tile[j][i];
    T.copy(turned, b.tile([bx * BN, by * BM], [BN, BM]));
  });
}

/** f32, between fragments: elements change threads. */
export function transposeFragment({ B = 32 } = {}) {
  const m = dim('m');
  const n = dim('n');
  return kernel({ a: tensor(f32, [m, n]), b: tensor(f32, [n, m]) }, ({ a, b }) => {
    const [bx, by] = T.grid([T.ceilDiv(n, B), T.ceilDiv(m, B)], { threads: 128 });
    const tile = T.fragment(f32, [B, B]);
    const turned = T.fragment(f32, [B, B]);
    T.copy(a.tile([by * B, bx * B], [B, B]), tile);
    for (const [i, j] of T.Parallel(B, B)) turned[j][i] = tile[i][j];
    T.copy(turned, b.tile([bx * B, by * B], [B, B]));
  });
}

/** f32, element by element between the tensors. */
export function transposeDirect({ B = 40 } = {}) {
  const m = dim('m');
  const n = dim('n');
  return kernel({ a: tensor(f32, [m, n]), b: tensor(f32, [n, m]) }, ({ a, b }) => {
    const [bx, by] = T.grid([T.ceilDiv(n, B), T.ceilDiv(m, B)], { threads: 64 });
    for (const [i, j] of T.Parallel(B, B)) {
      const row = by * B + i;
      const column = bx * B + j;
      if (row < m && column < n) b[column][row] = a[row][column];
    }
  });
}
