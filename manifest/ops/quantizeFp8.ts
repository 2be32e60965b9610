import type { OperatorEntry } from '../schema.ts';
import { rowLength, rowsIn, square8k } from './rows.ts';
import { reducingTileRules, rowTileRules, rowTiles, sheetTiles } from './tiles.ts';

const dtype = { type: 'dtype', of: ['f32', 'f16', 'bf16'], doc: 'of x' } as const;
const out = {
  dtype: 'f8e4m3',
  shape: ['rows', 'n'],
  role: 'out',
  fill: { kind: 'poison' },
  doc: 'e4m3(clamp(f32(x) / scale, ±448)), exactly',
} as const;

export const quantizeFp8Rows = {
  name: 'quantize-fp8-rows',
  operator: 'QuantizeFp8Rows',
  summary: 'FP8 with a scale for each row: absmax / 448, or 1 for a row of zeros.',
  params: { n: rowLength, dtype },
  requires: [],
  tiles: rowTiles,
  tileRules: rowTileRules,
  tensors: {
    x: rowsIn('input'),
    out,
    scale: { dtype: 'f32', shape: ['rows'], role: 'out', fill: { kind: 'poison' }, doc: 'of each row' },
  },
  roofline: { flops: '3 * rows * n', bytes: 'rows * n * (bytes(dtype) + 1) + 4 * rows' },
  workloads: [square8k],
} as const satisfies OperatorEntry;

export const quantizeFp8Tensor = {
  name: 'quantize-fp8-tensor',
  operator: 'QuantizeFp8Tensor',
  summary: 'FP8 with one scale for the tensor: absmax / 448, or 1 for a tensor of zeros.',
  params: { n: { type: 'int', min: 1, doc: 'elements of a row' }, dtype },
  requires: [],
  tiles: sheetTiles,
  tileRules: reducingTileRules,
  tensors: {
    x: rowsIn('input'),
    out,
    scale: { dtype: 'f32', shape: ['1'], role: 'out', fill: { kind: 'poison' }, doc: 'of the tensor' },
  },
  // x is read twice: the scale is known only once all of it was seen.
  roofline: { flops: '3 * rows * n', bytes: 'rows * n * (2 * bytes(dtype) + 1) + 4' },
  workloads: [square8k],
} as const satisfies OperatorEntry;
