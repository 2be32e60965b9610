/** What the operators over rows share. */
import type { ParamEntry, TensorEntry } from '../schema.ts';

export const rowDtype = {
  type: 'dtype',
  of: ['f32', 'f16', 'bf16'],
  doc: 'of all tensors',
} as const satisfies ParamEntry;
/** One block holds a row in its registers. */
export const rowLength = { type: 'int', min: 1, max: 32768, doc: 'elements of a row' } as const satisfies ParamEntry;

export const rowsIn = (doc: string) =>
  ({ dtype: 'dtype', shape: ['rows', 'n'], role: 'in', fill: { kind: 'normal' }, doc }) as const satisfies TensorEntry;
/** `inPlace` is for kernels whose blocks read their rows whole before they write them. */
export const rowsOut = (doc: string, inPlace: readonly string[] = []) =>
  ({
    dtype: 'dtype',
    shape: ['rows', 'n'],
    role: 'out',
    inPlace,
    fill: { kind: 'poison' },
    doc,
  }) as const satisfies TensorEntry;
export const weight = {
  dtype: 'dtype',
  shape: ['n'],
  role: 'in',
  fill: { kind: 'normal' },
  doc: 'factor of each column',
} as const satisfies TensorEntry;

export const square8k = { name: '8192x8192', params: { n: 8192, dtype: 'bf16' }, sizes: { rows: 8192 } } as const;
