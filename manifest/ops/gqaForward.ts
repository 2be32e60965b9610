import type { OperatorEntry } from '../schema.ts';
import {
  causalParam,
  headParams,
  requiresDim,
  requiresHeads,
  requiresScale,
  requiresSoftcap,
  scoreParams,
} from './attention.ts';

const kv = (what: string) =>
  ({
    dtype: 'dtype',
    shape: ['batch', 'headsKv', 'seqKv', 'dim'],
    role: 'in',
    fill: { kind: 'normal' },
    doc: what,
  }) as const;

export const gqaForward = {
  name: 'gqa-forward',
  operator: 'GqaForward',
  summary: 'Dense grouped-query attention, forward; the causal mask is aligned bottom-right.',
  params: {
    ...headParams,
    dtype: { type: 'dtype', of: ['f16', 'bf16'], doc: 'of all tensors' },
    isCausal: causalParam,
    ...scoreParams,
  },
  requires: [requiresHeads, requiresDim, requiresScale, requiresSoftcap],
  tensors: {
    q: {
      dtype: 'dtype',
      shape: ['batch', 'heads', 'seqQ', 'dim'],
      role: 'in',
      fill: { kind: 'normal' },
      doc: 'queries',
    },
    k: kv('keys'),
    v: kv('values'),
    out: {
      dtype: 'dtype',
      shape: ['batch', 'heads', 'seqQ', 'dim'],
      role: 'out',
      fill: { kind: 'poison' },
      doc: 'attention',
    },
  },
  roofline: {
    flops: '4 * batch * heads * dim * select(isCausal, seqQ * (seqKv - seqQ) + seqQ * (seqQ + 1) / 2, seqQ * seqKv)',
    bytes: 'bytes(dtype) * batch * dim * (2 * heads * seqQ + 2 * headsKv * seqKv)',
  },
  workloads: [
    {
      name: 'causal-4k',
      params: { heads: 32, headsKv: 8, dim: 128, dtype: 'bf16' },
      sizes: { batch: 4, seqQ: 4096, seqKv: 4096 },
    },
    {
      name: 'full-4k',
      params: { heads: 32, headsKv: 8, dim: 128, dtype: 'bf16', isCausal: false },
      sizes: { batch: 4, seqQ: 4096, seqKv: 4096 },
    },
    {
      name: 'causal-d64',
      params: { heads: 16, headsKv: 16, dim: 64, dtype: 'f16' },
      sizes: { batch: 4, seqQ: 4096, seqKv: 4096 },
    },
  ],
} as const satisfies OperatorEntry;
