import type { OperatorEntry } from '../schema.ts';
import { rowDtype, rowLength, rowsIn, rowsOut, square8k } from './rows.ts';
import { rowTileRules, rowTiles } from './tiles.ts';

export const softmax = {
  name: 'softmax',
  operator: 'Softmax',
  summary: 'Softmax over each row, in f32.',
  params: { n: rowLength, dtype: rowDtype },
  requires: [],
  tiles: rowTiles,
  tileRules: rowTileRules,
  tensors: { x: rowsIn('input'), out: rowsOut('the result', ['x']) },
  roofline: { flops: '5 * rows * n', bytes: '2 * bytes(dtype) * rows * n' },
  workloads: [square8k, { name: 'ragged', params: { n: 4099, dtype: 'bf16' }, sizes: { rows: 8192 } }],
} as const satisfies OperatorEntry;
