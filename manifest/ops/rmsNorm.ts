import type { OperatorEntry } from '../schema.ts';
import { rowDtype, rowLength, rowsIn, rowsOut, square8k, weight } from './rows.ts';

const eps = { type: 'float', min: 0, default: 1e-5, doc: 'added to the mean square' } as const;

export const rmsNorm = {
  name: 'rms-norm',
  operator: 'RmsNorm',
  summary: 'x / √(mean(x²) + eps) · weight over each row.',
  params: { n: rowLength, dtype: rowDtype, eps },
  requires: [],
  tensors: { x: rowsIn('input'), weight, out: rowsOut('the result') },
  roofline: { flops: '4 * rows * n', bytes: 'bytes(dtype) * (2 * rows * n + n)' },
  workloads: [square8k, { name: 'llama8b-4k', params: { n: 4096, dtype: 'bf16' }, sizes: { rows: 4096 } }],
} as const satisfies OperatorEntry;

export const addRmsNorm = {
  name: 'add-rms-norm',
  operator: 'AddRmsNorm',
  summary: 'residual += x, rounded to its dtype, then out = rmsNorm(residual), in one pass.',
  params: { n: rowLength, dtype: rowDtype, eps },
  requires: [],
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
    out: rowsOut('the sum, normalised'),
  },
  roofline: { flops: '5 * rows * n', bytes: 'bytes(dtype) * (4 * rows * n + n)' },
  workloads: [square8k, { name: 'llama8b-4k', params: { n: 4096, dtype: 'bf16' }, sizes: { rows: 4096 } }],
} as const satisfies OperatorEntry;
