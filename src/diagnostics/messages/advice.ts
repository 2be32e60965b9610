/** What is right and slower than one would think (TL07xx, warnings). */
import type { Message } from '../report.ts';

export const gemmWithoutTensorCores = (why: string, wanted: string): Message => ({
  code: 'TL0711',
  message: `this T.gemm does not run on the tensor cores: ${why}`,
  hint: wanted,
});
