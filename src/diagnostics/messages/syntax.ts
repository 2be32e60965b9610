/** Syntax, staging and control (TL01xx). */
import type { Message } from '../report.ts';

const m = (code: Message['code'], message: string, hint?: string): Message => ({ code, message, hint });

export const commaIndex = (fix: string): Message =>
  m('TL0101', 'a comma inside brackets keeps only its last value', `write \`${fix}\``);
export const unsupportedSyntax = (what: string, hint?: string): Message =>
  m('TL0102', `${what} cannot be used in a kernel`, hint);
export const mutableCapture = (name: string): Message =>
  m(
    'TL0103',
    `\`${name}\` is a variable that is reassigned outside the kernel; its value here would depend on when the kernel is compiled`,
    'make it a `const`, or pass it as a scalar parameter',
  );
export const unknownName = (name: string, similar?: string): Message =>
  m('TL0104', `\`${name}\` is not defined here`, similar && `did you mean \`${similar}\`?`);
export const hostMutation = (name: string): Message =>
  m(
    'TL0105',
    `\`${name}\` is a host value, evaluated while compiling; it cannot change under a device condition or loop`,
    `declare it as a device scalar: \`let ${name}: i32 = …\``,
  );
export const assignConst = (name: string): Message =>
  m('TL0106', `\`${name}\` is a constant and cannot be assigned`, 'declare it with `let` and a dtype');
export const hostCallWithDevice = (name: string): Message =>
  m(
    'TL0107',
    `host function \`${name}\` cannot be called with a device value`,
    'make it a `macro(…)`, which is inlined into the kernel',
  );
export const recursion = (chain: readonly string[]): Message =>
  m('TL0108', `macros cannot recurse: ${chain.join(' → ')}`, 'a macro is inlined at each call; use a loop');
export const looseEquality = (op: string): Message =>
  m('TL0109', `\`${op}\` is not part of the language`, `use \`${op}=\``);
export const needsDtype = (name: string): Message =>
  m('TL0110', `device scalar \`${name}\` needs a dtype`, `write \`let ${name}: f32 = …\` or \`let ${name} = f32(…)\``);
export const deviceInHost = (what: string): Message =>
  m(
    'TL0111',
    `${what} needs a value known while compiling, but this one is only known on the device`,
    'put the values into a T.local or T.shared tile, or choose with T.select',
  );
export const earlyReturn = (): Message =>
  m('TL0112', 'a macro returns only as its last statement', 'restructure with `if`/`else`, or T.select');
export const hostError = (text: string): Message => m('TL0113', `evaluating this on the host failed: ${text}`);
export const hostLoopTooLong = (n: number): Message =>
  m(
    'TL0115',
    `this host loop unrolls to more than ${n} iterations`,
    'use T.serial or T.unroll, which become loops on the device',
  );
export const bareDevice = (name: string): Message =>
  m('TL0116', `T.${name} makes nothing here`, `loop over it: \`for (const i of T.${name}(…))\``);
export const statementInOperand = (): Message =>
  m(
    'TL0117',
    'this makes statements, but stands in an operand that may not be reached',
    'use `if`/`else` instead of `?:`, `&&` or `||`',
  );
export const hostLoopExit = (what: string): Message =>
  m(
    'TL0118',
    `\`${what}\` under a device condition would leave a loop that is unrolled while compiling`,
    'use T.serial, which is a loop on the device',
  );
export const hostObject = (): Message =>
  m('TL0119', 'objects and arrays of the host cannot be changed by a kernel', 'use a T.local tile, or device scalars');
export const hostAssert = (text: string): Message => m('TL0120', `T.assert fails while compiling: ${text}`);
export const assignOutside = (name: string): Message =>
  m(
    'TL0122',
    `\`${name}\` is defined outside the kernel and cannot be assigned in it`,
    'a kernel runs on the device: write results to a tensor',
  );
export const kernelReturns = (): Message => m('TL0123', 'a kernel returns nothing', 'write results to a tensor');
export const forForm = (): Message =>
  m(
    'TL0124',
    'this `for` depends on a device value, but is not of the form `for (let i = a; i < b; i += c)`',
    'use T.serial, or `while` with a device scalar',
  );
export const hostThrow = (text: string): Message => m('TL0121', `the kernel throws while compiling: ${text}`);

export const notAFunction = (what: string): Message => m('TL0125', `${what} is called, but is not a function`);
export const notAList = (what: string): Message => m('TL0126', `${what} cannot be taken apart as a list`);
export const notAnObject = (what: string): Message => m('TL0127', `${what} cannot be taken apart as an object`);
