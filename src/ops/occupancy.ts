/** How many blocks of a kernel a GPU runs at once. */
import type { Device } from '../runtime/device.ts';
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
