import type { OperatorEntry } from '../schema.ts';
import {
  cacheParams,
  causalParam,
  chunkSizes,
  chunkTensors,
  headParams,
  requiresCache,
  requiresDim,
  requiresHeads,
  requiresRotary,
  requiresSoftcap,
  rotaryParam,
  scoreParams,
} from './attention.ts';
import { attentionTileRules, attentionTiles } from './tiles.ts';

const llama = { heads: 32, headsKv: 8, dim: 128, pageSize: 64, dtype: 'bf16', cacheDtype: 'f8e4m3' } as const;

export const gqaPagedPrefill = {
  name: 'gqa-paged-prefill',
  operator: 'GqaPagedPrefill',
  summary:
    'Grouped-query attention of new tokens over a paged cache and themselves; appends their keys and values to the cache.',
  params: {
    heads: headParams.heads,
    ...cacheParams,
    isCausal: causalParam,
    ...scoreParams,
    rotaryDim: rotaryParam,
  },
  requires: [requiresHeads, requiresDim, ...requiresCache, requiresSoftcap, requiresRotary],
  tiles: attentionTiles,
  tileRules: attentionTileRules,
  tensors: {
    q: {
      dtype: 'dtype',
      shape: ['totalQ', 'heads', 'dim'],
      role: 'in',
      fill: { kind: 'normal', scale: 0.5 },
      doc: 'queries, packed by request',
    },
    ...chunkTensors,
    out: {
      dtype: 'dtype',
      shape: ['totalQ', 'heads', 'dim'],
      role: 'out',
      fill: { kind: 'poison' },
      doc: 'attention, packed as q',
    },
  },
  ...chunkSizes,
  roofline: {
    flops:
      '4 * heads * dim * sum(b < batch, select(isCausal, newLens[b] * oldLens[b] + newLens[b] * (newLens[b] + 1) / 2, newLens[b] * (oldLens[b] + newLens[b])))',
    bytes:
      'bytes(dtype) * totalQ * dim * (2 * heads + 2 * headsKv) + 2 * bytes(cacheDtype) * headsKv * dim * (totalQ + sum(b < batch, oldLens[b])) + 4 * (2 * batch + 1 + batch * maxPagesPerReq)',
  },
  workloads: [
    { name: 'llama8b-4k', params: llama, sizes: { batch: 8 }, lists: { newLens: 512, oldLens: 4096 } },
    { name: 'llama8b-32k', params: llama, sizes: { batch: 4 }, lists: { newLens: 1024, oldLens: 32768 } },
    {
      name: 'qwen-256-32k',
      params: { ...llama, dim: 256 },
      sizes: { batch: 8 },
      lists: { newLens: 1024, oldLens: 32768 },
    },
    {
      name: 'llama70b-8k',
      params: { ...llama, heads: 64 },
      sizes: { batch: 4 },
      lists: { newLens: 1024, oldLens: 8192 },
    },
    {
      name: 'mixed',
      params: llama,
      sizes: { batch: 8 },
      lists: {
        newLens: [256, 512, 768, 1024, 384, 640, 896, 128],
        oldLens: [4096, 8192, 16384, 32768, 12288, 24576, 30720, 2048],
      },
    },
    {
      name: 'softcap50-d64',
      params: { ...llama, heads: 8, headsKv: 2, dim: 64, softcap: 50 },
      sizes: { batch: 4 },
      lists: { newLens: 512, oldLens: 4096 },
    },
    { name: 'page16', params: { ...llama, pageSize: 16 }, sizes: { batch: 8 }, lists: { newLens: 512, oldLens: 4096 } },
    { name: 'nocache', params: llama, sizes: { batch: 8 }, lists: { newLens: 2048, oldLens: 0 } },
  ],
} as const satisfies OperatorEntry;
