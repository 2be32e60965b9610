import type { OperatorEntry } from '../schema.ts';
import {
  blockTable,
  cacheParams,
  headParams,
  readPages,
  requiresCache,
  requiresDim,
  requiresHeads,
  requiresSoftcap,
  scales,
  scoreParams,
} from './attention.ts';
import { decodeTileRules, decodeTiles } from './tiles.ts';

const llama = { heads: 32, headsKv: 8, dim: 128, pageSize: 64, dtype: 'bf16', cacheDtype: 'f8e4m3' } as const;

export const gqaPagedDecode = {
  name: 'gqa-paged-decode',
  operator: 'GqaPagedDecode',
  summary: 'Grouped-query attention of one token a request over its paged cache, split over the sequence.',
  params: { heads: headParams.heads, ...cacheParams, ...scoreParams },
  requires: [requiresHeads, requiresDim, ...requiresCache, requiresSoftcap],
  tiles: decodeTiles,
  tileRules: decodeTileRules,
  tensors: {
    q: {
      dtype: 'dtype',
      shape: ['batch', 'heads', 'dim'],
      role: 'in',
      fill: { kind: 'normal', scale: 0.5 },
      doc: 'one query a request',
    },
    ...readPages,
    ...scales,
    cacheSeqlens: {
      dtype: 'i32',
      shape: ['batch'],
      role: 'in',
      fill: { kind: 'list', list: 'lens' },
      doc: 'tokens in the cache, all of which the query sees',
    },
    blockTable: blockTable('lens[b]'),
    out: {
      dtype: 'dtype',
      shape: ['batch', 'heads', 'dim'],
      role: 'out',
      // The first launch reads all queries, the second one writes.
      inPlace: ['q'],
      fill: { kind: 'poison' },
      doc: 'attention',
    },
  },
  lists: { lens: 'batch' },
  derived: {
    numPages: 'sum(b < batch, ceilDiv(lens[b], pageSize))',
    maxPagesPerReq: 'largest(b < batch, ceilDiv(lens[b], pageSize))',
  },
  roofline: {
    flops: '4 * heads * dim * sum(b < batch, lens[b])',
    bytes:
      '2 * bytes(cacheDtype) * headsKv * dim * sum(b < batch, lens[b]) + 2 * bytes(dtype) * batch * heads * dim + 4 * batch * (1 + maxPagesPerReq)',
  },
  workloads: [
    { name: 'batch32-4k', params: llama, sizes: { batch: 32 }, lists: { lens: 4096 } },
    { name: 'batch32-4k-16bit', params: { ...llama, cacheDtype: 'bf16' }, sizes: { batch: 32 }, lists: { lens: 4096 } },
    { name: 'batch1-128k', params: llama, sizes: { batch: 1 }, lists: { lens: 131072 } },
  ],
} as const satisfies OperatorEntry;
