/**
 * Fragments of the warp-level matrix instructions, tiled over a block.
 * Source: PTX ISA, "Matrix Fragments for mma.m16n8k16" and "…m16n8k32": with g = lane / 4 and t = lane % 4, an
 * accumulator holds rows g and g + 8, columns 2t and 2t + 1; A holds the same rows and, of each 32-byte row of K, the
 * 4 bytes at 4t of both halves.
 */
import type { Layout } from '../ir/layout.ts';
import { layout, onReg, onThread } from './layout.ts';

const WARP = 32;

/** How a block's warps share the [M, N] of a gemm; the warps left over (`copies`) hold the same elements again. */
export interface WarpGrid {
  readonly m: number;
  readonly n: number;
  readonly copies: number;
}

const copies = (w: WarpGrid) => [onThread(w.copies, WARP * w.m * w.n)];

/** Accumulator [M, N] of m16n8: each warp a contiguous [M / w.m, N / w.n] part, cut into 16×8 tiles of 4 registers. */
export function accumulator(M: number, N: number, w: WarpGrid): Layout {
  const tilesM = M / w.m / 16;
  const tilesN = N / w.n / 8;
  return layout(
    [
      [onThread(w.m, WARP), onReg(tilesM, tilesN * 4), onReg(2, 2), onThread(8, 4)],
      [onThread(w.n, WARP * w.m), onReg(tilesN, 4), onThread(4, 1), onReg(2, 1)],
    ],
    copies(w),
  );
}

/** Operand A [M, K] in registers, for an instruction depth of 32 bytes: 16 elements of 2 bytes, or 32 of 1. */
export function operandA(M: number, K: number, bytes: 1 | 2, w: WarpGrid): Layout {
  const perWord = 4 / bytes;
  const tilesM = M / w.m / 16;
  const tilesK = K / (8 * perWord);
  return layout(
    [
      [onThread(w.m, WARP), onReg(tilesM, tilesK * 4 * perWord), onReg(2, perWord), onThread(8, 4)],
      [onReg(tilesK, 4 * perWord), onReg(2, 2 * perWord), onThread(4, 1), onReg(perWord, 1)],
    ],
    [onThread(w.n, WARP * w.m), ...copies(w)],
  );
}

/** Operand B, as [N, K]: of each 32-byte row of K, column n = lane / 4 of the product and the 4 bytes at 4t of both halves. */
export function operandB(N: number, K: number, bytes: 1 | 2, w: WarpGrid): Layout {
  const perWord = 4 / bytes;
  const tilesN = N / w.n / 8;
  const tilesK = K / (8 * perWord);
  return layout(
    [
      [onThread(w.n, WARP * w.m), onReg(tilesN, tilesK * 2 * perWord), onThread(8, 4)],
      [onReg(tilesK, 2 * perWord), onReg(2, perWord), onThread(4, 1), onReg(perWord, 1)],
    ],
    [onThread(w.m, WARP), ...copies(w)],
  );
}

/**
 * What `ldmatrix` brings from one 8×8 tile of 16-bit elements: lane l has row l / 4, columns 2 (l % 4) and the next; with
 * `.trans`, of the transposed tile. Lane r gives the address of row r.
 */
export const ldmatrixTile = (transposed = false): Layout => {
  const held = [onThread(8, 4)];
  const pair = [onThread(4, 1), onReg(2, 1)];
  return layout(transposed ? [pair, held] : [held, pair]);
};
