/** Layouts of shared-memory tiles, and what they cost in bank conflicts. */
import { isPowerOfTwo } from '../ir/integers.ts';
import type { Layout, Swizzle } from '../ir/layout.ts';
import { evaluate, layout, onMem } from './layout.ts';

const BANK_BYTES = 4;
const BANKS = 32;
/** The unit that `ldmatrix`, `cp.async` and 128-bit accesses move, and that a swizzle must keep together. */
const CHUNK_BYTES = 16;

/** The swizzle repeats after this many elements. */
export const swizzlePeriod = (s: Swizzle): number => 2 ** (s.base + s.shift + s.bits);

/** Row-major, `rowStride` elements from row to row of the last dimension. */
export function rowMajor(shape: readonly number[], rowStride = shape.at(-1)!, swizzle?: Swizzle): Layout {
  let stride = 1;
  const dims = [...shape].reverse().map((extent, i) => {
    const a = [onMem(extent, stride)];
    stride = i === 0 ? rowStride : stride * extent;
    // Leading dimensions are the copies of a multi-buffered tile; each starts where the swizzle does.
    if (i === 1 && swizzle) stride = Math.ceil(stride / swizzlePeriod(swizzle)) * swizzlePeriod(swizzle);
    return a;
  });
  return layout(dims.reverse(), [], swizzle);
}

/**
 * A tile read eight rows at a time in 16-byte chunks (`ldmatrix`): rows of a power-of-two length are swizzled so that one
 * chunk column of eight consecutive rows lies in eight different bank groups; others are padded to an odd number of chunks.
 */
export function matrixTile(shape: readonly number[], bytes: number): Layout {
  const row = shape.at(-1)!;
  const chunk = CHUNK_BYTES / bytes;
  const chunks = row / chunk;
  if (!Number.isInteger(chunks)) return rowMajor(shape);
  if (!isPowerOfTwo(chunks)) return rowMajor(shape, row + (chunks % 2 === 0 ? chunk : 0));
  // A 128-byte line holds 8 chunks; with shorter rows, 8 / chunks rows share a line and one swizzle digit.
  const bits = Math.min(3, Math.log2(chunks));
  const base = Math.log2(chunk);
  const shift = Math.max(3, Math.log2(chunks));
  return rowMajor(shape, row, { bits, base, shift });
}

/** Elements from the start of the tile to behind its last one. */
export function footprint(l: Layout): number {
  let size = 1;
  for (const a of l.dims.flat()) size += (a.extent - 1) * a.stride;
  // A swizzle permutes within aligned blocks of its period, which may reach past the last element of a ragged tile.
  if (l.swizzle) {
    const line = 1 << (l.swizzle.base + l.swizzle.bits);
    size = Math.ceil(size / line) * line;
  }
  return size;
}

/**
 * How many times slower than without conflicts one access is: `offsets[lane]` is the element offset each lane reads,
 * `width` its bytes. Lanes are served in groups that together ask for 128 bytes; same words are broadcast.
 */
export function bankConflicts(offsets: readonly number[], bytes: number, width: number): number {
  const lanesPerPhase = Math.max(1, Math.min(offsets.length, (BANKS * BANK_BYTES) / Math.max(width, BANK_BYTES)));
  let worst = 1;
  for (let first = 0; first < offsets.length; first += lanesPerPhase) {
    const words = new Map<number, Set<number>>();
    for (const offset of offsets.slice(first, first + lanesPerPhase)) {
      const start = Math.floor((offset * bytes) / BANK_BYTES);
      for (let w = start; w < start + Math.max(1, width / BANK_BYTES); w++) {
        const bank = w % BANKS;
        words.set(bank, (words.get(bank) ?? new Set()).add(w));
      }
    }
    for (const set of words.values()) worst = Math.max(worst, set.size);
  }
  return worst;
}

/** Conflicts of one `ldmatrix` phase: the same chunk column of eight consecutive rows. */
export function ldmatrixConflicts(l: Layout, bytes: number, row: number, column: number): number {
  const lead = l.dims.slice(2).map(() => 0);
  const offsets = Array.from({ length: 8 }, (_, r) => evaluate(l, [...lead, row + r, column]).mem);
  return bankConflicts(offsets, bytes, CHUNK_BYTES);
}
