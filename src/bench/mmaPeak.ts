/** A kernel that only multiplies: what `mma.sync` reaches with its operands in shared memory. */
import { type DTypeValue, dim, f16, f32, kernel, T, tensor } from 'tilec';

export const PEAK = { BM: 128, BN: 128, BK: 32, threads: 128, blocksPerMultiprocessor: 2 } as const;

/** FLOPs of one block. */
export const peakFlops = (repeats: number): number => 2 * PEAK.BM * PEAK.BN * PEAK.BK * repeats;

/** out[block] = repeats · a · b. a [BM, BK], b [BN, BK] f16; out [blocks · BM, BN] f32. */
export function mmaPeak({ repeats }: { readonly repeats: number }) {
  const { BM, BN, BK, threads } = PEAK;
  const dtype: DTypeValue<'f16'> = f16;
  const rows = dim('rows');
  return kernel(
    { a: tensor(dtype, [BM, BK]), b: tensor(dtype, [BN, BK]), out: tensor(f32, [rows, BN]) },
    ({ a, b, out }) => {
      const [block] = T.grid([T.floorDiv(rows, BM)], { threads, minBlocks: PEAK.blocksPerMultiprocessor });
      const aTile = T.shared(dtype, [BM, BK]);
      const bTile = T.shared(dtype, [BN, BK]);
      const acc = T.fragment(f32, [BM, BN]);
      T.copy(a.tile([0, 0], [BM, BK]), aTile);
      T.copy(b.tile([0, 0], [BN, BK]), bTile);
      T.clear(acc);
      for (const _ of T.serial(repeats)) T.gemm(aTile, bTile, acc, { transposeB: true });
      T.copy(acc, out.tile([block * BM, 0], [BM, BN]));
    },
  );
}
