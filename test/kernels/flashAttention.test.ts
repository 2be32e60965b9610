import { describe, test } from 'vitest';
import { type FlashAttentionConfig, flashAttention } from '../../kernels/flashAttention.ts';
import { denseAttention } from '../reference/attention.ts';
import { expectClose } from '../reference/compare.ts';
import { ATTENTION_TOLERANCE } from './attention.ts';
import { normal, poisoned, seeded } from './data.ts';

interface Case extends FlashAttentionConfig {
  readonly heads: number;
  readonly dim: number;
  readonly dtype: 'f16' | 'bf16';
  readonly batch: number;
  readonly seq: number;
}

const SMALL = { BM: 32, BN: 32, threads: 64 } as const;

async function check(c: Case): Promise<void> {
  const { heads, headsKv = heads, dim, dtype, batch, seq, isCausal = true, smScale } = c;
  const r = seeded(`flashAttention ${JSON.stringify(c)}`);
  const q = normal(r, [batch, heads, seq, dim], dtype);
  const k = normal(r, [batch, headsKv, seq, dim], dtype);
  const v = normal(r, [batch, headsKv, seq, dim], dtype);
  const O = poisoned([batch, heads, seq, dim], dtype);
  await flashAttention(c)({ Q: q.tensor, K: k.tensor, V: v.tensor, O });
  const want = denseAttention(
    { batch, heads, headsKv, seqQ: seq, seqKv: seq, dim, q: q.values, k: k.values, v: v.values },
    { isCausal, smScale },
  );
  expectClose(await O.toFloat64Array(), want, ATTENTION_TOLERANCE[dtype]);
}

describe('flash attention', () => {
  const one = { ...SMALL, heads: 2, dim: 64, dtype: 'f16', batch: 1, seq: 45 } as const;
  test.each([
    { what: 'causal', ...one },
    { what: 'all columns', ...one, isCausal: false },
    { what: 'bf16', ...one, dtype: 'bf16' as const },
    { what: 'bf16, all columns', ...one, dtype: 'bf16' as const, isCausal: false },
    { what: 'D 128, two batches', ...one, heads: 1, dim: 128, batch: 2, seq: 35 },
    { what: 'D 96', ...one, heads: 1, dim: 96 },
    { what: 'three query heads to a key head', ...one, heads: 6, headsKv: 2, seq: 20 },
    { what: 'a scale of its own', ...one, smScale: 0.3 },
    { what: 'two score tiles to a key tile', ...one, BN: 64, SN: 32, seq: 70, heads: 1 },
    { what: 'score tiles as wide as key tiles', ...one, BN: 64, SN: 64, seq: 70, heads: 1 },
    { what: 'three stages', ...one, numStages: 3, seq: 100, heads: 1 },
    { what: 'one row', ...one, seq: 1 },
  ])('$what', async ({ what: _, ...c }) => check(c));

  test('the default tiles', async () => {
    await check({ heads: 1, dim: 64, dtype: 'f16', batch: 1, seq: 150 });
  });
});
