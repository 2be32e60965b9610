import type { OperatorEntry } from '../schema.ts';
import { causalParam, headParams, requiresDim, requiresHeads, scoreParams } from './attention.ts';
import { attentionTileRules, attentionTiles } from './tiles.ts';

const kv = (what: string) =>
  ({
    dtype: 'dtype',
    shape: ['batch', 'headsKv', 'seq', 'dim'],
    role: 'in',
    fill: { kind: 'normal' },
    doc: what,
  }) as const;

export const gqaForward = {
  name: 'gqa-forward',
  operator: 'GqaForward',
  summary: 'Dense grouped-query attention, forward.',
  params: {
    ...headParams,
    dtype: { type: 'dtype', of: ['f16', 'bf16'], doc: 'of all tensors' },
    isCausal: causalParam,
    smScale: scoreParams.smScale,
  },
  requires: [requiresHeads, requiresDim],
  tiles: attentionTiles,
  tileRules: attentionTileRules,
  tensors: {
    q: {
      dtype: 'dtype',
      shape: ['batch', 'heads', 'seq', 'dim'],
      role: 'in',
      fill: { kind: 'normal' },
      doc: 'queries',
    },
    k: kv('keys'),
    v: kv('values'),
    out: {
      dtype: 'dtype',
      shape: ['batch', 'heads', 'seq', 'dim'],
      role: 'out',
      fill: { kind: 'poison' },
      doc: 'attention',
    },
  },
  roofline: {
    flops: '4 * batch * heads * dim * select(isCausal, seq * (seq + 1) / 2, seq * seq)',
    bytes: 'bytes(dtype) * batch * dim * seq * (2 * heads + 2 * headsKv)',
  },
  workloads: [
    {
      name: 'causal-4k',
      params: { heads: 32, headsKv: 8, dim: 128, dtype: 'bf16' },
      sizes: { batch: 4, seq: 4096 },
    },
    {
      name: 'full-4k',
      params: { heads: 32, headsKv: 8, dim: 128, dtype: 'bf16', isCausal: false },
      sizes: { batch: 4, seq: 4096 },
    },
    {
      name: 'causal-4k-mha',
      params: { heads: 32, headsKv: 32, dim: 128, dtype: 'f16' },
      sizes: { batch: 4, seq: 4096 },
    },
    {
      name: 'causal-d64',
      params: { heads: 16, headsKv: 16, dim: 64, dtype: 'f16' },
      sizes: { batch: 4, seq: 4096 },
    },
  ],
} as const satisfies OperatorEntry;
