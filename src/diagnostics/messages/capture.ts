/** What the loader and the definitions of kernels have to say (TL0190–TL0199). */
import type { Message } from '../report.ts';

export const capturedRemedy =
  "run node with `--import tilec/register`, or under vitest put the plugin of 'tilec/vitest' into `plugins`";

/** `place`: file, line and column of the call that defines it. */
export const notCaptured = (what: string, place?: string): Message => ({
  code: 'TL0190',
  message: `the source of ${what}${place === undefined ? '' : `, at ${place},`} was not captured when its file was loaded`,
  hint:
    `${capturedRemedy}. The loader looks for \`kernel\` and \`macro\` imported from 'tilec' itself, ` +
    'with the function written inside the call',
});

export const noThis = (name: 'this' | 'super' | 'new.target'): Message => ({
  code: 'TL0191',
  message: `\`${name}\` means nothing in a kernel`,
  hint: 'put the value into a const outside the kernel and use that',
});

export const noArguments = (): Message => ({
  code: 'TL0192',
  message: '`arguments` means nothing in a kernel',
  hint: 'name the parameters',
});
