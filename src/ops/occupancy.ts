/** How many blocks of a kernel a GPU runs at once. */
import { Device } from '../runtime/device.ts';
import type { ExecutableInfo } from '../runtime/executable.ts';

/** What compute capabilities 8.x and 9.0 have in common, or the larger of theirs. */
const WARP = 32;
const MOST_BLOCKS = 32;
const MOST_WARPS = 64;
/** 32-bit registers of a multiprocessor. They belong to its four quarters, each of which holds whole warps. */
const REGISTERS = 65536;
const QUARTERS = 4;
/** Registers are given to a warp in pieces of this many. */
const REGISTER_PIECE = 256;
/** Shared memory that the driver takes of each block. */
const RESERVED_BYTES = 1024;

/** Blocks that one multiprocessor holds at a time; 0 for one that it cannot hold. */
export function blocksPerMultiprocessor(
  { threads, sharedBytes, resources }: Pick<ExecutableInfo, 'threads' | 'sharedBytes' | 'resources'>,
  { sharedBytesPerBlock }: Pick<Device, 'sharedBytesPerBlock'>,
): number {
  const warps = Math.ceil(threads / WARP);
  const shared = sharedBytes + (resources?.staticSharedBytes ?? 0) + RESERVED_BYTES;
  const byMemory = Math.floor((sharedBytesPerBlock + RESERVED_BYTES) / shared);
  const perWarp = Math.ceil(((resources?.registers ?? 0) * WARP) / REGISTER_PIECE) * REGISTER_PIECE;
  const heldWarps = perWarp > 0 ? Math.floor(REGISTERS / QUARTERS / perWarp) * QUARTERS : MOST_WARPS;
  return Math.min(MOST_BLOCKS, byMemory, Math.floor(Math.min(MOST_WARPS, heldWarps) / warps));
}

/** The tiles that kernels choose by themselves are for at least this much shared memory. */
const PLENTY = 227 * 1024;

/** Shared memory that kernels are to make do with, in bytes; undefined where they have all that they ask for. */
export const scarceShared = (device: unknown): number | undefined =>
  device instanceof Device && device.sharedBytesPerBlock < PLENTY ? device.sharedBytesPerBlock : undefined;
