/** The gate of a Llama feed-forward layer. */
import { dim, f32, kernel, T, tensor } from 'tilec';
import { ROW_DTYPES, type RowDType, sheetTiling } from './rows.ts';

export interface SiluAndMulConfig {
  /** Elements of a row of the result. */
  readonly n: number;
  readonly dtype: RowDType;
  /** Rows and columns of a block. */
  readonly BM?: number;
  readonly BN?: number;
  readonly threads?: number;
}

const PER_THREAD = 8;

/** out = silu(x[:, :n]) · x[:, n:], in f32. x: [rows, 2 n]; out: [rows, n]. */
export function siluAndMul(config: SiluAndMulConfig) {
  const { n, dtype } = config;
  const { BM, BN, threads } = sheetTiling({ threads: 512, ...config }, PER_THREAD);
  const type = ROW_DTYPES[dtype];
  const rows = dim('rows');
  return kernel({ x: tensor(type, [rows, 2 * n]), out: tensor(type, [rows, n]) }, ({ x, out }) => {
    const [by, bx] = T.grid([T.ceilDiv(rows, BM), T.ceilDiv(n, BN)], { threads });
    const gate = T.fragment(type, [BM, BN]);
    const value = T.fragment(type, [BM, BN]);
    T.copy(x.tile([by * BM, bx * BN], [BM, BN]), gate);
    T.copy(x.tile([by * BM, n + bx * BN], [BM, BN]), value);
    for (const [m, i] of T.Parallel(BM, BN)) {
      const g = f32(gate[m][i]);
      gate[m][i] = g * T.sigmoid(g) * f32(value[m][i]);
    }
    T.copy(gate, out.tile([by * BM, bx * BN], [BM, BN]));
  });
}
