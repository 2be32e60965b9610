/** Softmax over rows. */
import { dim, f32, kernel, T, tensor } from 'tilec';
import { ROW_DTYPES, type RowConfig, rowTiling } from './rows.ts';

/** out = exp(x − max) / Σ exp(x − max) over each row, in f32. x, out: [rows, n]. */
export function softmax(config: RowConfig) {
  const { n, dtype } = config;
  const type = ROW_DTYPES[dtype];
  const rows = dim('rows');
  const { BM, N, threads } = rowTiling(config);
  return kernel({ x: tensor(type, [rows, n]), out: tensor(type, [rows, n]) }, ({ x, out }) => {
    const [block] = T.grid([T.ceilDiv(rows, BM)], { threads });
    const tile = T.fragment(type, [BM, N]);
    const s = T.fragment(f32, [BM, N]);
    const max = T.fragment(f32, [BM]);
    const sum = T.fragment(f32, [BM]);
    T.copy(x.tile([block * BM, 0], [BM, N]), tile);
    // Columns behind the row's end read as 0, which must not count.
    for (const [m, i] of T.Parallel(BM, N))
      s[m][i] = N === n ? f32(tile[m][i]) : T.select(i < n, f32(tile[m][i]), -T.infinity);
    T.reduceMax(s, max, { dim: 1 });
    for (const [m, i] of T.Parallel(BM, N)) s[m][i] = T.exp2((s[m][i] - max[m]) * Math.LOG2E);
    T.reduceSum(s, sum, { dim: 1 });
    for (const [m] of T.Parallel(BM)) sum[m] = 1 / sum[m];
    for (const [m, i] of T.Parallel(BM, N)) s[m][i] *= sum[m];
    T.copy(s, out.tile([block * BM, 0], [BM, N]));
  });
}
