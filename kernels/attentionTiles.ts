/** How attention kernels over many rows share their work: a block takes BM rows and walks over tiles of BN keys. */

/** What may be chosen freely: it changes the speed, not the result. */
export interface AttentionTiling {
  /** Rows of a block: 64 where there are so few rows that 128 would leave multiprocessors idle. */
  readonly BM?: number;
  readonly BN?: number;
  /** Key columns that are scored at a time; divides BN. Fewer take fewer registers. */
  readonly SN?: number;
  readonly threads?: number;
  readonly numStages?: number;
  /** Shared memory that a block may have, in bytes: the tiles are made to fit. Default: 227 KiB, as of compute capability 9.0. */
  readonly sharedBytes?: number;
}

/** What was fastest on an H100 first, then what takes less shared memory. */
const CHOICES = [
  { BM: 128, BN: 128, numStages: 2 },
  { BM: 128, BN: 64, numStages: 2 },
  { BM: 128, BN: 32, numStages: 2 },
  { BM: 64, BN: 128, numStages: 3 },
  { BM: 64, BN: 128, numStages: 2 },
  { BM: 64, BN: 64, numStages: 2 },
  { BM: 64, BN: 32, numStages: 2 },
  { BM: 64, BN: 16, numStages: 2 },
] as const;
const KIB = 1024;

/**
 * Tiles for heads of `dim` elements of 16 bits: rows of queries, `numStages` tiles of keys and of values, and one more of
 * keys where they are `rotated`. Where the accumulator leaves them the registers, warps have 32 rows, which read keys and
 * values half as often as those of 16 do, and score `narrow` columns at a time for heads of up to 64 elements.
 */
export function attentionTiles(
  dim: number,
  config: AttentionTiling,
  { rotated = false, narrow }: { readonly rotated?: boolean; readonly narrow: number },
): Required<Omit<AttentionTiling, 'sharedBytes'>> {
  const { sharedBytes = 227 * KIB } = config;
  const bytes = ({ BM, BN, numStages }: (typeof CHOICES)[number]): number =>
    2 * dim * (BM + 2 * numStages * BN + (rotated ? BN : 0));
  const open = CHOICES.filter(({ BM, BN }) => BM <= Math.max(64, config.BM ?? BM) && BN <= (dim > 64 ? 64 : 128));
  const choice = open.find((c) => bytes(c) <= sharedBytes) ?? CHOICES.at(-1)!;
  const { BM = choice.BM, BN = choice.BN, numStages = choice.numStages } = config;
  const rowsOfWarp = dim > 128 || BM <= 64 ? 16 : 32;
  const { threads = (32 * BM) / rowsOfWarp } = config;
  const wide = dim > 128 ? (BM > 64 ? 64 : 32) : dim > 64 ? 64 : 128;
  const most = rowsOfWarp === 16 ? wide : dim > 64 ? 32 : narrow;
  const { SN = scoreColumns(BN, most) } = config;
  return { BM, BN, SN, threads, numStages };
}

/** Columns of scores at a time: as many as `most`, in whole matrix tiles of 16 that divide BN. */
function scoreColumns(BN: number, most: number): number {
  let columns = Math.min(BN, most);
  while (columns > 16 && BN % columns !== 0) columns -= 16;
  return columns;
}
