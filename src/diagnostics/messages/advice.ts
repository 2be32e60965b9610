/** What is right and slower than one would think (TL07xx, warnings). */
import type { Message } from '../report.ts';

export const gemmWithoutTensorCores = (why: string, wanted: string): Message => ({
  code: 'TL0711',
  message: `this T.gemm does not run on the tensor cores: ${why}`,
  hint: wanted,
});

export const fragmentOverflow = (name: string, registers: number, threads: number): Message => ({
  code: 'TL0712',
  message: `fragment \`${name}\` takes ${registers} registers of each of the block's ${threads} threads, which have 255: it is spilt to memory`,
  hint: 'use more threads, a smaller tile, or T.shared',
});
