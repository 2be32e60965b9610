/** How kernels over rows share their work: a block holds whole rows in registers and passes over memory once. */
import { bf16, type DTypeValue, f16, f32 } from 'tilec';

export type RowDType = 'f32' | 'f16' | 'bf16';
export const ROW_DTYPES: { readonly [D in RowDType]: DTypeValue<RowDType> } = { f32, f16, bf16 };

export interface RowConfig {
  /** Elements of a row. */
  readonly n: number;
  readonly dtype: RowDType;
  /** Rows of a block; default: as many as its threads can hold. */
  readonly BM?: number;
  readonly threads?: number;
}

/** Elements that one thread reads at once: 16 bytes at 16 bits an element. */
export const VECTOR = 8;
const MIN_THREADS = 128;
const MAX_THREADS = 1024;
/** Elements of a stretch that is read as fast as a longer one, nearly. */
const SHORT = 1024;
const MOST_PADDING = 1.1;
/** Elements of a row in one thread's registers, where there are enough threads. */
const MOST_PER_THREAD = 32;

export const powerOfTwoFrom = (x: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(x)));

/** Rows and threads of a block, and the length N ≥ n of a row in registers: what divides evenly among the row's threads. */
export function rowTiling({ n, BM, threads }: RowConfig): {
  readonly BM: number;
  readonly N: number;
  readonly threads: number;
} {
  const needed = Math.ceil(n / MOST_PER_THREAD);
  // Rows of odd length are read in single elements, whatever the length in registers.
  const vector = Math.min(VECTOR, n & -n);
  const padded = (lanes: number): number => Math.ceil(n / (vector * lanes)) * vector * lanes;
  let best = { lanes: MAX_THREADS, N: padded(MAX_THREADS) };
  for (let lanes = MAX_THREADS / 2; lanes >= 1 && lanes >= needed; lanes /= 2) {
    const N = padded(lanes);
    if (N <= best.N) best = { lanes, N };
  }
  const own = threads ?? Math.max(MIN_THREADS, best.lanes);
  return { BM: BM ?? Math.max(1, own / best.lanes), N: best.N, threads: own };
}

/**
 * Columns and rows of a block that does not hold whole rows, at `perThread` elements a thread. Long stretches of few rows
 * are read faster than short ones of many.
 */
export function sheetTiling(
  {
    n,
    BM,
    BN,
    threads = 256,
  }: { readonly n: number; readonly BM?: number; readonly BN?: number; readonly threads?: number },
  perThread: number,
): { readonly BM: number; readonly BN: number; readonly threads: number } {
  const most = threads * perThread;
  let columns = BN ?? Math.max(VECTOR, Math.min(powerOfTwoFrom(n), most));
  // Blocks that are largely empty at a row's end cost more than shorter stretches.
  while (BN === undefined && columns > SHORT && Math.ceil(n / columns) * columns > MOST_PADDING * n) columns /= 2;
  return { BM: BM ?? Math.max(1, Math.floor(most / columns)), BN: columns, threads };
}

/** A whole number of threads for `elements` that are read 4 at a time, at most 256: a power of two that divides them. */
export function threadsFor(elements: number): number {
  let threads = 256;
  while (threads > 32 && elements % (threads * 4) !== 0) threads /= 2;
  return threads;
}
