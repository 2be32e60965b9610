import type { OperatorEntry } from '../schema.ts';
import { rotaryTables } from './attention.ts';
import { rowTileRules, tokenTiles } from './tiles.ts';

const { cos, sin } = rotaryTables;

export const rope = {
  name: 'rope',
  operator: 'Rope',
  summary: 'Rotary embedding (NeoX halves) of every head at its token’s position.',
  params: {
    heads: { type: 'int', min: 1, doc: 'heads of a token' },
    dim: { type: 'int', min: 2, max: 1024, doc: 'elements of a head' },
    rotaryDim: { type: 'int', min: 2, default: 'dim', doc: 'leading elements that are rotated; even' },
    dtype: { type: 'dtype', of: ['f32', 'f16', 'bf16'], doc: 'of x and out' },
  },
  requires: [
    { rule: 'rotaryDim % 2 == 0 && rotaryDim <= dim', argument: 'rotaryDim', expected: 'even and at most dim' },
  ],
  tiles: tokenTiles,
  tileRules: rowTileRules,
  tensors: {
    x: { dtype: 'dtype', shape: ['tokens', 'heads', 'dim'], role: 'in', fill: { kind: 'normal' }, doc: 'input' },
    positions: {
      dtype: 'i32',
      shape: ['tokens'],
      role: 'in',
      fill: { kind: 'index', below: 'maxPosition' },
      doc: 'of each token',
    },
    cos,
    sin,
    out: {
      dtype: 'dtype',
      shape: ['tokens', 'heads', 'dim'],
      role: 'out',
      // A thread reads both elements of its pairs before it writes them.
      inPlace: ['x'],
      fill: { kind: 'poison' },
      doc: 'the result',
    },
  },
  roofline: {
    flops: '3 * tokens * heads * rotaryDim',
    bytes: '2 * bytes(dtype) * tokens * heads * dim + 4 * tokens * (1 + rotaryDim)',
  },
  workloads: [
    { name: '8192x8192', params: { heads: 64, dim: 128, dtype: 'bf16' }, sizes: { tokens: 8192, maxPosition: 8192 } },
    {
      name: 'partial',
      params: { heads: 32, dim: 128, rotaryDim: 64, dtype: 'bf16' },
      sizes: { tokens: 8192, maxPosition: 8192 },
    },
  ],
} as const satisfies OperatorEntry;
