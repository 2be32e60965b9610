/** Messages about broken Device IR (TL0850–TL0869): the compiler's own promises, so a user who meets one has met a defect. */
import type { Message } from '../report.ts';

const broken = (code: Message['code'], what: string): Message => ({ code, message: `Device IR is broken: ${what}` });

export const redeclared = (name: string): Message =>
  broken('TL0850', `the name \`${name}\` is declared again in its scope`);
export const undeclared = (name: string, what: string): Message =>
  broken('TL0851', `the ${what} \`${name}\` is not declared here`);
export const dtypeOf = (what: string, expected: string, found: string): Message =>
  broken('TL0852', `${what} is ${found}, not ${expected}`);
/** A warning: it works, but the array moves from registers to memory. */
export const dynamicIndex = (array: string, index: string): Message => ({
  code: 'TL0853',
  message: `\`${array}\` is indexed by \`${index}\`, which is not known while compiling: it lies in memory, not in registers`,
  hint: 'index it with constants and with variables of T.unroll loops of constant length',
});
export const registerRange = (array: string, first: number, last: number, length: number): Message =>
  broken('TL0854', `registers ${first} … ${last} of \`${array}\`, which has ${length}`);
export const vectorWidth = (what: string, bytes: number): Message =>
  broken('TL0855', `${what} moves ${bytes} bytes at once; it must be 1, 2, 4, 8 or 16`);
export const misaligned = (what: string, bytes: number, known: number): Message =>
  broken('TL0856', `${what} must lie at a multiple of ${bytes} bytes, and is known to lie at one of ${known}`);
export const divergent = (what: string, condition: string): Message =>
  broken('TL0857', `\`${what}\` needs all of its threads, and stands where ${condition}`);
export const readOnly = (name: string): Message => broken('TL0858', `\`${name}\` is written and is read-only`);
export const wrongSpace = (name: string, expected: string, found: string): Message =>
  broken('TL0859', `\`${name}\` lies in ${found} memory, not ${expected}`);
export const jumpOutside = (what: string): Message => broken('TL0860', `\`${what}\` stands outside a loop`);
export const badRoles = (what: string): Message => broken('TL0861', what);
export const sharedPlace = (name: string, what: string): Message =>
  broken('TL0862', `the shared buffer \`${name}\` ${what}`);
export const badLoop = (v: string, what: string): Message => broken('TL0863', `the loop over \`${v}\` ${what}`);
export const badOperand = (what: string, value: number | string, wanted: string): Message =>
  broken('TL0864', `${what} is ${value}; it must be ${wanted}`);
export const noInstruction = (what: string): Message => broken('TL0865', `there is no instruction ${what}`);
export const outOfBounds = (name: string, first: number, length: number): Message =>
  broken('TL0866', `element ${first} or later of \`${name}\` is used, which has ${length}`);
