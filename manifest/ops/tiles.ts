/** Tiles that the kernels of several operators share, and what must hold of them. */
import type { Requirement } from '../schema.ts';

const threads = 'threads of a block';
const numStages = 'tiles in shared memory at a time, 1 to 8: while one is worked on, the next ones are on their way';

const requiresWarps = {
  rule: 'threads % 32 == 0 && threads <= 1024',
  argument: 'threads',
  expected: 'a multiple of 32, at most 1024',
} as const satisfies Requirement;
const requiresStages = {
  rule: 'numStages <= 8',
  argument: 'numStages',
  expected: 'at most 8',
} as const satisfies Requirement;

/** A tile is whole matrix tiles of the tensor cores. */
const multipleOf = <N extends string, S extends number>(argument: N, step: S) =>
  ({ rule: `${argument} % ${step} == 0`, argument, expected: `a multiple of ${step}` }) as const satisfies Requirement;

export const attentionTiles = {
  BM: 'query rows of a block',
  BN: 'keys of a tile',
  SN: 'keys that are scored at a time',
  threads,
  numStages,
} as const;
export const attentionTileRules = [
  requiresWarps,
  requiresStages,
  multipleOf('BM', 16),
  multipleOf('BN', 16),
  multipleOf('SN', 16),
  { rule: 'BN % SN == 0', argument: 'SN', expected: 'a divisor of BN' },
  { rule: 'BM >= threads / 2', argument: 'threads', expected: 'at most 2 · BM, so that each warp has 16 rows' },
] as const satisfies readonly Requirement[];

export const decodeTiles = { BN: 'keys of a tile', numStages } as const;
export const decodeTileRules = [requiresStages, multipleOf('BN', 16)] as const satisfies readonly Requirement[];

export const gemmTiles = {
  BM: 'rows of a block',
  BN: 'columns of a block',
  BK: 'depth of a tile',
  threads,
  numStages,
} as const;
export const gemmTileRules = [
  requiresWarps,
  requiresStages,
  multipleOf('BM', 16),
  multipleOf('BN', 8),
  multipleOf('BK', 16),
] as const satisfies readonly Requirement[];

/** Blocks that hold whole rows. */
export const rowTiles = { BM: 'rows of a block', threads } as const;
export const tokenTiles = { BM: 'tokens of a block', threads } as const;
export const rowTileRules = [requiresWarps] as const satisfies readonly Requirement[];

/** Blocks that hold parts of rows. */
export const sheetTiles = { BM: 'rows of a block', BN: 'columns of a block', threads } as const;
export const sheetTileRules = [requiresWarps] as const satisfies readonly Requirement[];
/** Where the block reduces all it holds to one number. */
export const reducingTileRules = [
  requiresWarps,
  { rule: 'isPowerOfTwo(threads)', argument: 'threads', expected: 'a power of two' },
] as const satisfies readonly Requirement[];
