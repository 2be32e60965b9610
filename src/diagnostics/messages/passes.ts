/** What the passes have to say: layouts (TL05xx), pipeline and shared memory (TL06xx), targets (TL07xx). */
import type { Message } from '../report.ts';

export const layoutConflict = (fragment: string, other: string): Message => ({
  code: 'TL0501',
  message: `the threads that hold \`${fragment}\` are not those that need it here: its layout and that of \`${other}\` disagree`,
  hint: `copy \`${fragment}\` through a T.shared tile, which every thread can read`,
});

export const partialFragment = (fragment: string): Message => ({
  code: 'TL0502',
  message: `only a part of fragment \`${fragment}\` is used here; fragments are copied and multiplied whole`,
  hint: 'use T.Parallel over the part, or a T.shared tile, whose regions can be used',
});

export const fragmentElsewhere = (fragment: string): Message => ({
  code: 'TL0503',
  message: `an element of fragment \`${fragment}\` is read outside T.Parallel, but only one thread holds it`,
  hint: 'read it inside T.Parallel, or copy it to a T.shared or T.local tile first',
});

export const operandScope = (which: 'a' | 'b', name: string, scope: string): Message => ({
  code: 'TL0504',
  message: `operand ${which} of T.gemm, \`${name}\`, is a ${scope} tile; this product takes it from shared memory`,
  hint: `T.copy it to a T.shared tile first`,
});

const kib = (n: number): string => `${(n / 1024).toFixed(1)} KiB`;

export interface SharedUse {
  readonly name: string;
  readonly bytes: number;
  readonly stages: number;
}

export const sharedOverflow = (uses: readonly SharedUse[], needed: number, limit: number, arch: string): Message => ({
  code: 'TL0601',
  message:
    `the kernel needs ${kib(needed)} of shared memory, but a block on ${arch} has ${kib(limit)}:\n` +
    uses
      .map((u) => `  ${u.name.padEnd(12)} ${kib(u.bytes).padStart(10)}${u.stages > 1 ? `  (${u.stages} stages)` : ''}`)
      .join('\n'),
  hint: 'use smaller tiles or fewer stages',
});

export const unsupportedArch = (arch: string, known: readonly string[]): Message => ({
  code: 'TL0701',
  message: `unknown architecture \`${arch}\``,
  hint: `tilec emits for ${known.join(', ')}`,
});
