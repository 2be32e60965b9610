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

/** `length`: the row length, where it is what lets nothing wider be moved. */
export const copyWaits = (tensor: string, bytes: number, length: string | undefined, elements: number): Message => ({
  code: 'TL0713',
  message:
    `this copy of \`${tensor}\` does not run ahead of the loop: cp.async moves at least 4 bytes, and ` +
    (length === undefined ? `here are ${bytes} in a row` : `rows of \`${length}\` elements may start at any of them`),
  hint:
    length === undefined
      ? 'let neighbours in the tile be neighbours in the tensor'
      : `promise a length: dim('${length}', { multipleOf: ${elements} }) lets 16 bytes move at once`,
});
