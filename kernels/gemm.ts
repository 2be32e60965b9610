/** Matrix products with an optional epilogue. */
import { bf16, type DTypeValue, dim, type Fragment, f16, f32, kernel, macro, T, tensor } from 'tilec';

export type Activation = 'none' | 'relu' | 'silu' | 'gelu';

export interface GemmConfig {
  /** Of A and B. */
  readonly dtype?: 'f16' | 'bf16';
  /** Of C and the bias; default: dtype. */
  readonly outDtype?: 'f16' | 'bf16' | 'f32';
  /** A is [K, M]. */
  readonly transposeA?: boolean;
  /** B is [N, K]. */
  readonly transposeB?: boolean;
  readonly bias?: boolean;
  readonly activation?: Activation;
  /** A promise that M, N and K are multiples of this, so that copies are 16 bytes wide at 8. */
  readonly multipleOf?: number;
  readonly BM?: number;
  readonly BN?: number;
  readonly BK?: number;
  readonly threads?: number;
  readonly numStages?: number;
}

const DTYPES = { f16, bf16, f32 } as const;

const activate = macro((acc: Fragment<'f32', 2>, activation: Activation) => {
  const [M, N] = acc.shape;
  if (activation === 'relu') for (const [m, n] of T.Parallel(M, N)) acc[m][n] = T.max(acc[m][n], 0);
  if (activation === 'silu') for (const [m, n] of T.Parallel(M, N)) acc[m][n] *= T.rcpApprox(1 + T.exp(-acc[m][n]));
  if (activation === 'gelu')
    for (const [m, n] of T.Parallel(M, N)) acc[m][n] = 0.5 * acc[m][n] * (1.0 + T.erf(acc[m][n] * Math.SQRT1_2));
});

/** C = activation(op(A) · op(B) + bias). A [M, K], B [K, N] unless transposed, bias [N], C [M, N]; sums in f32. */
export function gemm(config: GemmConfig = {}) {
  const { transposeA = false, transposeB = false, bias = false, activation = 'none', multipleOf = 8 } = config;
  const { BM = 128, BN = 128 } = config;
  // Copies of single 16-bit elements pass through registers: more threads share them, and less of them at a time.
  const {
    threads = multipleOf % 2 === 0 ? 128 : 256,
    BK = threads > 128 ? 32 : 64,
    numStages = BK > 32 ? 2 : 4,
  } = config;
  const dtype: DTypeValue<'f16' | 'bf16'> = DTYPES[config.dtype ?? 'f16'];
  const out: DTypeValue<'f16' | 'bf16' | 'f32'> = DTYPES[config.outDtype ?? config.dtype ?? 'f16'];
  const M = dim('M', { multipleOf: transposeA ? multipleOf : 1 });
  const N = dim('N', { multipleOf });
  const K = dim('K', { multipleOf });
  // Blocks go down a band of this many tile rows before they move on, so that neighbours share operands in L2.
  const band = 8;

  return kernel(
    {
      A: tensor(dtype, transposeA ? [K, M] : [M, K]),
      B: tensor(dtype, transposeB ? [N, K] : [K, N]),
      ...(bias ? { bias: tensor(out, [N]) } : {}),
      C: tensor(out, [M, N]),
    },
    ({ A, B, bias: b, C }) => {
      const [block] = T.grid([T.ceilDiv(M, BM) * T.ceilDiv(N, BN)], { threads, minBlocks: threads <= 128 ? 2 : 1 });
      const columns = T.ceilDiv(N, BN);
      const firstRow = T.floorDiv(block, band * columns) * band;
      const rows = T.clamp(T.ceilDiv(M, BM) - firstRow, 1, band);
      const inBand = block % (band * columns);
      const m0 = (firstRow + (inBand % rows)) * BM;
      const n0 = T.floorDiv(inBand, rows) * BN;

      const a = T.shared(dtype, transposeA ? [BK, BM] : [BM, BK]);
      const bTile = T.shared(dtype, transposeB ? [BN, BK] : [BK, BN]);
      const acc = T.fragment(f32, [BM, BN]);
      T.clear(acc);
      for (const k of T.Pipelined(T.ceilDiv(K, BK), { numStages })) {
        T.copy(transposeA ? A.tile([k * BK, m0], [BK, BM]) : A.tile([m0, k * BK], [BM, BK]), a);
        T.copy(transposeB ? B.tile([n0, k * BK], [BN, BK]) : B.tile([k * BK, n0], [BK, BN]), bTile);
        T.gemm(a, bTile, acc, { transposeA, transposeB });
      }
      if (b) {
        const row = T.fragment(f32, [BN]);
        T.copy(b.tile([n0], [BN]), row);
        for (const [m, n] of T.Parallel(BM, BN)) acc[m][n] += row[n];
      }
      if (activation !== 'none') activate(acc, activation);
      T.copy(acc, C.tile([m0, n0], [BM, BN]));
    },
  );
}
