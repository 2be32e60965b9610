import { describe, test } from 'vitest';
import { type GemmConfig, gemm } from '../../kernels/gemm.ts';
import { expectClose } from '../reference/compare.ts';
import * as reference from '../reference/layers.ts';
import { normal, poisoned, seeded } from './data.ts';

/** A rounding of the result to its dtype, and f32 sums of `K` products of size 1. */
const ROUNDING = { f16: 2 ** -11, bf16: 2 ** -8, f32: 2 ** -23 } as const;

const SMALL = { BM: 32, BN: 32, BK: 16, threads: 32, numStages: 2 } as const;

async function check(name: string, config: GemmConfig, [M, N, K]: readonly [number, number, number]): Promise<void> {
  const { dtype = 'f16', outDtype = dtype, transposeA = false, transposeB = false } = config;
  const r = seeded(`gemm ${name}`);
  const A = normal(r, transposeA ? [K, M] : [M, K], dtype);
  const B = normal(r, transposeB ? [N, K] : [K, N], dtype);
  const bias = config.bias ? normal(r, [N], outDtype) : undefined;
  const C = poisoned([M, N], outDtype);
  const args = { A: A.tensor, B: B.tensor, C, ...(bias ? { bias: bias.tensor } : {}) };
  await gemm(config)(args);
  const want = reference.gemm({
    m: M,
    n: N,
    k: K,
    a: A.values,
    b: B.values,
    transposeA,
    transposeB,
    bias: bias?.values,
    activation: config.activation,
  });
  expectClose(await C.toFloat64Array(), want, { atol: 1e-5 * Math.sqrt(K), rtol: ROUNDING[outDtype] + 1e-5 }, name);
}

describe('every transpose, at sizes that are no multiples of the tile', () => {
  for (const dtype of ['f16', 'bf16'] as const)
    for (const transposeA of [false, true])
      for (const transposeB of [false, true])
        test(`${dtype}${transposeA ? ', Aᵀ' : ''}${transposeB ? ', Bᵀ' : ''}`, async () => {
          const config = { ...SMALL, dtype, transposeA, transposeB, multipleOf: 1 };
          await check(`${dtype} ${transposeA} ${transposeB}`, config, [45, 51, 37]);
        });
});

describe('epilogues', () => {
  test.each(['none', 'relu', 'silu', 'gelu'] as const)('bias, then %s', async (activation) => {
    await check(activation, { ...SMALL, bias: true, activation, outDtype: 'f32' }, [33, 40, 48]);
  });
  test('an activation without a bias', async () => {
    await check('relu alone', { ...SMALL, activation: 'relu', dtype: 'bf16' }, [20, 24, 32]);
  });
});

describe('sizes', () => {
  test('more tile rows than a band of blocks holds', async () => {
    await check('band', { ...SMALL, BM: 16, BN: 16, multipleOf: 8 }, [16 * 9 + 3, 16 * 3 + 8, 24]);
  });
  test('one element', async () => {
    await check('one', { ...SMALL, multipleOf: 1 }, [1, 1, 1]);
  });
  test('fewer steps than stages', async () => {
    await check('short', { ...SMALL, numStages: 4 }, [32, 32, 8]);
  });
  test('the default tile', async () => {
    await check('default', { outDtype: 'f32' }, [130, 136, 72]);
  });
});
