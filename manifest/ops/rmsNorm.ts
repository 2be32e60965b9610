import type { OperatorEntry } from '../schema.ts';
import { rowDtype, rowLength, rowsIn, rowsOut, square8k, weight } from './rows.ts';
import { rowTileRules, rowTiles } from './tiles.ts';

const eps = { type: 'float', min: 0, max: 1e6, default: 1e-5, doc: 'added to the mean square' } as const;
/** What is less is 0 or nearly so in f32. */
const requiresEps = { rule: 'eps == 0 || eps >= 1e-30', argument: 'eps', expected: '0 or at least 1e-30' } as const;

export const rmsNorm = {
  name: 'rms-norm',
  operator: 'RmsNorm',
  summary: 'x / √(mean(x²) + eps) · weight over each row.',
  params: { n: rowLength, dtype: rowDtype, eps },
  requires: [requiresEps],
  tiles: rowTiles,
  tileRules: rowTileRules,
  tensors: { x: rowsIn('input'), weight, out: rowsOut('the result', ['x']) },
  roofline: { flops: '4 * rows * n', bytes: 'bytes(dtype) * (2 * rows * n + n)' },
  workloads: [square8k, { name: 'llama8b-4k', params: { n: 4096, dtype: 'bf16' }, sizes: { rows: 4096 } }],
} as const satisfies OperatorEntry;

export const addRmsNorm = {
  name: 'add-rms-norm',
  operator: 'AddRmsNorm',
  summary: 'residual += x, rounded to its dtype, then out = rmsNorm(residual), in one pass.',
  params: { n: rowLength, dtype: rowDtype, eps },
  requires: [requiresEps],
  tiles: rowTiles,
  tileRules: rowTileRules,
  tensors: {
    x: rowsIn('what is added'),
    residual: {
      dtype: 'dtype',
      shape: ['rows', 'n'],
      role: 'inout',
      fill: { kind: 'normal' },
      doc: 'the sum replaces it',
    },
    weight,
    out: rowsOut('the sum, normalised', ['x']),
  },
  roofline: { flops: '5 * rows * n', bytes: 'bytes(dtype) * (4 * rows * n + n)' },
  workloads: [square8k, { name: 'llama8b-4k', params: { n: 4096, dtype: 'bf16' }, sizes: { rows: 4096 } }],
} as const satisfies OperatorEntry;
