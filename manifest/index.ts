/** All operators, in the order in which the documentation lists them. */
import { appendPagedKv } from './ops/appendPagedKv.ts';
import { gemm } from './ops/gemm.ts';
import { gqaForward } from './ops/gqaForward.ts';
import { gqaPagedDecode } from './ops/gqaPagedDecode.ts';
import { gqaPagedPrefill } from './ops/gqaPagedPrefill.ts';
import { quantizeFp8Rows, quantizeFp8Tensor } from './ops/quantizeFp8.ts';
import { addRmsNorm, rmsNorm } from './ops/rmsNorm.ts';
import { rope } from './ops/rope.ts';
import { siluAndMul } from './ops/siluAndMul.ts';
import { softmax } from './ops/softmax.ts';
import type { OperatorEntry } from './schema.ts';

export const MANIFEST = {
  gqaPagedPrefill,
  appendPagedKv,
  gqaPagedDecode,
  gqaForward,
  gemm,
  rmsNorm,
  addRmsNorm,
  rope,
  siluAndMul,
  softmax,
  quantizeFp8Rows,
  quantizeFp8Tensor,
} as const satisfies Record<string, OperatorEntry>;

/** The entry with this name, such as `gqa-paged-prefill`. */
export const entryOf = (name: string): OperatorEntry | undefined =>
  Object.values(MANIFEST).find((e) => e.name === name);
