/** What moving a fragment between registers and memory costs: vector width, bank conflicts, sectors. */
import { powerOfTwoPart } from '../ir/integers.ts';
import type { Layout } from '../ir/layout.ts';
import { evaluate, invert, sizeOf, vectorWidth } from './layout.ts';
import { bankConflicts } from './shared.ts';

const WARP = 32;
const VECTOR_BYTES = 16;
const SECTOR_BYTES = 32;

/** Elements that one instruction moves: consecutive in a thread's registers and, along the last dimension, in the tile. */
export function movedTogether(fragment: Layout, tile: Layout, bytes: number): number {
  let n = powerOfTwoPart(vectorWidth(fragment));
  while (n > 1 && (n * bytes > VECTOR_BYTES || !isRun(tile, n))) n /= 2;
  return n;
}

/** Are aligned runs of n elements of the last dimension consecutive in memory, the swizzle included? */
function isRun(tile: Layout, n: number): boolean {
  const last = tile.dims.at(-1)?.at(-1);
  return (
    last !== undefined && last.stride === 1 && last.extent % n === 0 && (!tile.swizzle || 2 ** tile.swizzle.base >= n)
  );
}

/** Coordinates of the first element of the lanes' vectors: for each warp and each vector of its registers. */
function* accesses(fragment: Layout, width: number): Generator<number[][]> {
  const warps = Math.ceil(sizeOf(fragment, 'thread') / WARP);
  for (let warp = 0; warp < warps; warp++)
    for (let reg = 0; reg < sizeOf(fragment, 'reg'); reg += width)
      yield Array.from({ length: Math.min(WARP, sizeOf(fragment, 'thread')) }, (_, lane) =>
        invert(fragment, warp * WARP + lane, reg),
      );
}

/** How many times slower than without bank conflicts the slowest instruction of a move is. */
export function fragmentConflicts(fragment: Layout, tile: Layout, bytes: number): number {
  const width = movedTogether(fragment, tile, bytes);
  let worst = 1;
  for (const lanes of accesses(fragment, width))
    worst = Math.max(
      worst,
      bankConflicts(
        lanes.map((c) => evaluate(tile, c).mem),
        bytes,
        width * bytes,
      ),
    );
  return worst;
}

/** Of the bytes in the sectors that a move from or to global rows of `rowStride` elements touches, the part that is used. */
export function sectorUse(fragment: Layout, rowStride: number, bytes: number): number {
  const width = Math.min(powerOfTwoPart(vectorWidth(fragment)), VECTOR_BYTES / bytes);
  let touched = 0;
  let used = 0;
  for (const lanes of accesses(fragment, width)) {
    const sectors = new Set<number>();
    const places = new Set<number>();
    for (const c of lanes) {
      const offset = c.reduce((o, x, d) => (d === c.length - 1 ? o + x : (o + x) * rowStride), 0);
      places.add(offset);
      for (let i = 0; i < width; i++) sectors.add(Math.floor(((offset + i) * bytes) / SECTOR_BYTES));
    }
    touched += sectors.size * SECTOR_BYTES;
    used += places.size * width * bytes;
  }
  return used / touched;
}
