import type { OperatorEntry } from '../schema.ts';
import { gemmTileRules, gemmTiles } from './tiles.ts';

export const gemm = {
  name: 'gemm',
  operator: 'Gemm',
  summary: 'activation(op(a) · op(b) + bias), summed in f32.',
  params: {
    dtype: { type: 'dtype', of: ['f16', 'bf16'], doc: 'of a and b' },
    outDtype: { type: 'dtype', of: ['f16', 'bf16', 'f32'], default: 'dtype', doc: 'of bias and the result' },
    transposeA: { type: 'bool', default: false, doc: 'a is [k, m]' },
    transposeB: { type: 'bool', default: false, doc: 'b is [n, k], as weights of a linear layer are' },
    hasBias: { type: 'bool', default: false, doc: 'a row is added to every row of the product' },
    activation: { type: 'choice', of: ['none', 'relu', 'gelu', 'silu'], default: 'none', doc: 'applied last' },
  },
  requires: [{ rule: "outDtype == dtype || outDtype == 'f32'", argument: 'outDtype', expected: 'dtype or f32' }],
  tiles: gemmTiles,
  tileRules: gemmTileRules,
  tensors: {
    a: {
      dtype: 'dtype',
      shape: ['select(transposeA, k, m)', 'select(transposeA, m, k)'],
      role: 'in',
      fill: { kind: 'normal', scale: 0.5 },
      doc: 'left matrix',
    },
    b: {
      dtype: 'dtype',
      shape: ['select(transposeB, n, k)', 'select(transposeB, k, n)'],
      role: 'in',
      fill: { kind: 'normal', scale: 0.5 },
      doc: 'right matrix',
    },
    bias: {
      dtype: 'outDtype',
      shape: ['n'],
      role: 'in',
      when: 'hasBias',
      fill: { kind: 'normal' },
      doc: 'added to every row',
    },
    out: { dtype: 'outDtype', shape: ['m', 'n'], role: 'out', fill: { kind: 'poison' }, doc: 'the result' },
  },
  roofline: {
    flops: '2 * m * n * k',
    bytes: 'bytes(dtype) * (m * k + k * n) + bytes(outDtype) * (m * n + select(hasBias, n, 0))',
  },
  workloads: [
    { name: 'square-4k', params: { dtype: 'f16' }, sizes: { m: 4096, n: 4096, k: 4096 } },
    { name: 'square-8k', params: { dtype: 'f16' }, sizes: { m: 8192, n: 8192, k: 8192 } },
    { name: 'llama8b-qkv', params: { dtype: 'bf16', transposeB: true }, sizes: { m: 4096, n: 6144, k: 4096 } },
    { name: 'llama8b-up', params: { dtype: 'bf16', transposeB: true }, sizes: { m: 4096, n: 28672, k: 4096 } },
    {
      name: 'bias-gelu',
      params: { dtype: 'bf16', transposeB: true, hasBias: true, activation: 'gelu' },
      sizes: { m: 8192, n: 4096, k: 4096 },
    },
  ],
} as const satisfies OperatorEntry;
