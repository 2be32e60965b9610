import type { OperatorEntry } from '../schema.ts';
import {
  cacheParams,
  chunkSizes,
  chunkTensors,
  requiresCache,
  requiresDim,
  requiresRotary,
  rotaryParam,
} from './attention.ts';
import { rowTileRules, tokenTiles } from './tiles.ts';

export const appendPagedKv = {
  name: 'append-paged-kv',
  operator: 'AppendPagedKv',
  summary: 'Writes the keys and values of new tokens to a paged cache, rotated and quantised as asked.',
  params: { ...cacheParams, rotaryDim: rotaryParam },
  requires: [requiresDim, ...requiresCache, requiresRotary],
  tiles: tokenTiles,
  tileRules: rowTileRules,
  tensors: {
    ...chunkTensors,
  },
  ...chunkSizes,
  roofline: {
    flops: 'totalQ * headsKv * (3 * rotaryDim + 2 * dim)',
    bytes: '2 * totalQ * headsKv * dim * (bytes(dtype) + bytes(cacheDtype)) + 4 * totalQ * rotaryDim',
  },
  workloads: [
    {
      name: 'llama8b-8k-new',
      params: { headsKv: 8, dim: 128, pageSize: 64, dtype: 'bf16', cacheDtype: 'f8e4m3', rotaryDim: 128 },
      sizes: { batch: 8 },
      lists: { newLens: 8192, oldLens: 4096 },
    },
    {
      name: 'decode-32',
      params: { headsKv: 8, dim: 128, pageSize: 64, dtype: 'bf16', cacheDtype: 'f8e4m3', rotaryDim: 128 },
      sizes: { batch: 32 },
      lists: { newLens: 1, oldLens: 4096 },
    },
  ],
} as const satisfies OperatorEntry;
