/**
 * Shared tiles as TMA writes them and wgmma reads them. A box is at most one swizzle span wide (32, 64 or 128 bytes), its
 * rows packed; a wider tile is several boxes, one behind the other. The hardware XORs bits 4 … of the byte address with bits
 * 7 …: Swizzle<1, 4, 3>, <2, 4, 3> and <3, 4, 3> on bytes (PTX ISA, "Swizzling modes"; CuTe's names).
 */
import type { Layout, Swizzle } from '../ir/layout.ts';
import { layout, onMem } from './layout.ts';

export type SwizzleBytes = 32 | 64 | 128;

const CHUNK = 16;
const LINE = 128;
/** Rows of one box, and elements along each of its dimensions. */
export const MAX_BOX = 256;

const BITS = { 32: 1, 64: 2, 128: 3 } as const;

/** The hardware's swizzle, on elements of `bytes`. */
export const tmaSwizzle = (span: SwizzleBytes, bytes: number): Swizzle => ({
  bits: BITS[span],
  base: Math.log2(CHUNK / bytes),
  shift: 3,
});

/** The widest span that cuts rows of `columns` elements evenly; undefined where none does: the tile is then not swizzled. */
export const tmaSpan = (columns: number, bytes: number): SwizzleBytes | undefined =>
  ([128, 64, 32] as const).find((span) => (columns * bytes) % span === 0);

/** Bytes after which the swizzle repeats, at multiples of which each box must begin. */
export const tmaPeriod = (span: SwizzleBytes): number => (1 << BITS[span]) * LINE;

/**
 * A tile [..., rows, columns]. Leading dimensions are copies of it, as for multi-buffering. `span` must divide the bytes of a
 * row (`tmaSpan` finds one). Boxes of rows that do not fill the swizzle's period are padded to it.
 */
export function tmaTile(shape: readonly number[], bytes: number, span: SwizzleBytes): Layout {
  const rows = shape.at(-2)!;
  const columns = shape.at(-1)!;
  const width = span / bytes;
  const period = tmaPeriod(span) / bytes;
  const box = Math.ceil((rows * width) / period) * period;
  const boxes = columns / width;
  let stride = box * boxes;
  const copies = shape
    .slice(0, -2)
    .reverse()
    .map((n) => {
      const a = [onMem(n, stride)];
      stride *= n;
      return a;
    });
  return layout(
    [...copies.reverse(), [onMem(rows, width)], [onMem(boxes, box), onMem(width, 1)]],
    [],
    tmaSwizzle(span, bytes),
  );
}
