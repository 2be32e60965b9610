import type { OperatorEntry } from '../schema.ts';
import { rowDtype, rowsOut, square8k } from './rows.ts';
import { sheetTileRules, sheetTiles } from './tiles.ts';

export const siluAndMul = {
  name: 'silu-and-mul',
  operator: 'SiluAndMul',
  summary: 'silu(x[:, :n]) · x[:, n:]: the gate of a Llama feed-forward layer.',
  params: { n: { type: 'int', min: 1, doc: 'elements of a row of the result' }, dtype: rowDtype },
  requires: [],
  tiles: sheetTiles,
  tileRules: sheetTileRules,
  tensors: {
    x: { dtype: 'dtype', shape: ['rows', '2 * n'], role: 'in', fill: { kind: 'normal' }, doc: 'gate, then value' },
    out: rowsOut('the result'),
  },
  roofline: { flops: '5 * rows * n', bytes: '3 * bytes(dtype) * rows * n' },
  workloads: [square8k, { name: 'llama8b-4k', params: { n: 14336, dtype: 'bf16' }, sizes: { rows: 4096 } }],
} as const satisfies OperatorEntry;
