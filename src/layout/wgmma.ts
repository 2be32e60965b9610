/**
 * Fragments of the warpgroup-level matrix instructions of Hopper, `wgmma.mma_async.m64nNk16` (16-bit) and `k32` (8-bit).
 * Source: PTX ISA, "Register Fragments for wgmma.mma_async.m64nNk16" and "…k32": a warpgroup is four warps; warp w has the
 * rows 16w … 16w + 15, and within them lanes and registers are those of mma.m16n8, N / 8 of them side by side.
 */
import type { Layout } from '../ir/layout.ts';
import { layout, onReg, onThread } from './layout.ts';

const GROUP = 128;
const TILE_M = 64;

/** N of one instruction: a multiple of 8 up to 256. */
export const isWgmmaN = (n: number): boolean => n % 8 === 0 && n >= 8 && n <= 256;

/** Accumulator [M, N] of `groups` warpgroups, each with the M / groups rows after those of the one before, in tiles of 64. */
export function wgmmaAccumulator(M: number, N: number, groups: number): Layout {
  const tilesM = M / groups / TILE_M;
  const perTile = N / 2;
  return layout([
    [onThread(groups, GROUP), onReg(tilesM, perTile), onThread(4, 32), onReg(2, 2), onThread(8, 4)],
    [onReg(N / 8, 4), onThread(4, 1), onReg(2, 1)],
  ]);
}

/** Operand A [M, K] in registers: per 32 bytes of K, four words a thread. */
export function wgmmaOperandA(M: number, K: number, bytes: 1 | 2, groups: number): Layout {
  const perWord = 4 / bytes;
  const tilesM = M / groups / TILE_M;
  const tilesK = K / (8 * perWord);
  return layout([
    [onThread(groups, GROUP), onReg(tilesM, tilesK * 4 * perWord), onThread(4, 32), onReg(2, perWord), onThread(8, 4)],
    [onReg(tilesK, 4 * perWord), onReg(2, 2 * perWord), onThread(4, 1), onReg(perWord, 1)],
  ]);
}
