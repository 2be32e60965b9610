/** The loss of a row of logits, and its gradient. */
import { bf16, dim, f32, i64, kernel, T, tensor } from 'tilec';

/** The label of rows that do not count. */
export const IGNORED = -100;

/** logits, grad: [rows, V] bf16; label: [rows] i64; loss: [rows] f32. One row a block, BN elements at a time. */
export function crossEntropy({ BN = 1000, smoothing = 0.1 } = {}) {
  const rows = dim('rows');
  const V = dim('v');
  return kernel(
    {
      logits: tensor(bf16, [rows, V]),
      label: tensor(i64, [rows]),
      loss: tensor(f32, [rows]),
      grad: tensor(bf16, [rows, V]),
    },
    ({ logits, label, loss, grad }) => {
      const [r] = T.grid([rows], { threads: 256 });
      const x = T.fragment(f32, [BN]);
      const e = T.fragment(f32, [BN]);
      const max = T.fragment(f32, [1]);
      const previous = T.fragment(f32, [1]);
      const sum = T.fragment(f32, [1]);
      const tileSum = T.fragment(f32, [1]);
      const total = T.fragment(f32, [1]);
      const y = label[r];
      if (y === IGNORED) {
        loss[r] = 0;
        for (const j of T.serial(T.ceilDiv(V, BN)))
          for (const [c] of T.Parallel(BN)) if (j * BN + c < V) grad[r][j * BN + c] = 0;
        return;
      }
      const share = smoothing / f32(V);
      T.fill(max, -T.infinity);
      T.clear(sum);
      T.clear(total);
      for (const j of T.serial(T.ceilDiv(V, BN))) {
        T.copy(logits.tile([r, j * BN], [1, BN]), x);
        T.reduceSum(x, total, { dim: 0, clear: false });
        for (const [c] of T.Parallel(BN)) if (j * BN + c >= V) x[c] = -T.infinity;
        T.copy(max, previous);
        T.reduceMax(x, max, { dim: 0, clear: false });
        for (const [c] of T.Parallel(BN)) e[c] = T.exp(x[c] - max[0]);
        T.reduceSum(e, tileSum, { dim: 0 });
        for (const [z] of T.Parallel(1)) sum[z] = sum[z] * T.exp(previous[z] - max[z]) + tileSum[z];
      }
      const row = T.shared(f32, [2]);
      for (const [z] of T.Parallel(1)) {
        row[0] = max[z] + T.log(sum[z]);
        row[1] = total[z];
      }
      loss[r] = row[0] - (1 - smoothing) * f32(logits[r][y]) - share * row[1];
      for (const j of T.serial(T.ceilDiv(V, BN))) {
        T.copy(logits.tile([r, j * BN], [1, BN]), x);
        for (const [c] of T.Parallel(BN)) {
          const hot = i64(j * BN + c) === y ? 1 - smoothing : 0;
          x[c] = T.exp(x[c] - row[0]) - hot - share;
        }
        T.copy(x, grad.tile([r, j * BN], [1, BN]));
      }
    },
  );
}
