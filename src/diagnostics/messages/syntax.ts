/** Syntax, staging and control (TL01xx). */
import type { Message } from '../report.ts';
import { nameElsewhere } from './foreign.ts';

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
  m('TL0104', `\`${name}\` is not defined here`, nameElsewhere(name) ?? (similar && `did you mean \`${similar}\`?`));
export const hostMutation = (name: string): Message =>
  m(
    'TL0105',
    `\`${name}\` is a host value, evaluated while compiling; it cannot change under a device condition or loop`,
    `declare it as a device scalar: \`let ${name}: i32 = …\``,
  );
export const assignConst = (name: string): Message =>
  m('TL0106', `\`${name}\` is a constant and cannot be assigned`, 'declare it with `let` and a dtype');
export const hostCallWithDevice = (name: string, value: string, instead?: string): Message =>
  m(
    'TL0107',
    `host function \`${name}\` cannot be called with ${value}`,
    instead ?? 'make it a `macro(…)`, which is inlined into the kernel',
  );
/** The hint for `console.log` and its like. */
export const printInstead = (values: readonly string[]): string =>
  `use \`T.print('${values.map(() => '{}').join(' ')}', ${values.join(', ')})\``;
export const recursion = (chain: readonly string[]): Message =>
  m('TL0108', `macros cannot recurse: ${chain.join(' → ')}`, 'a macro is inlined at each call; use a loop');
export const looseEquality = (op: string): Message =>
  m('TL0109', `\`${op}\` is not part of the language`, `use \`${op}=\``);
export const needsDtype = (name: string): Message =>
  m('TL0110', `device scalar \`${name}\` needs a dtype`, `write \`let ${name}: f32 = …\` or \`let ${name} = f32(…)\``);
/** `value`: what stands there that is no host value; absent for values of the device. */
export const notOnHost = (what: string, value?: string, hint?: string): Message =>
  m(
    'TL0111',
    `${what} needs a value known while compiling, but this ${value === undefined ? 'one is only known on the device' : `is ${value}`}`,
    hint ??
      "elements, dims, scalar parameters, block indices and the variables of T's loops are known when the kernel runs",
  );
export const HOST_INDEX = 'put the values into a T.local or T.shared tile, or choose with T.select';
export const HOST_TEXT = "strings are made while compiling; `T.print('x {}', x)` prints values of the device";
export const HOST_OPTION = 'make it a constant, or an option of the function that makes the kernel';
export const printTemplate = (fix: string): string => `write \`${fix}\``;
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
export const hostObject = (hint = 'use a T.local tile, or device scalars'): Message =>
  m('TL0119', 'objects and arrays of the host cannot be changed by a kernel', hint);
export const NEW_LIST = 'make a new list: `[...list, x]`, or with `map` and `flatMap` where a loop would add to it';
export const copyingMethod = (name: string): string => `\`${name}\` gives a new list instead`;
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

export const undefinedValue = (what: string, value: string): Message =>
  m(
    'TL0128',
    `${what === 'this' || what === value ? 'this' : `\`${what}\``} is ${value}, and stands where a number is needed`,
    'it is a value of the host, read while compiling: give it one, or a default with `??`',
  );
export const givesNothing = (fn: string): Message =>
  m(
    'TL0129',
    `T.${fn} gives nothing, and stands where a number is needed`,
    fn.startsWith('atomic')
      ? 'atomics do not return the old value; where iterations need places of their own, make those of their indices'
      : 'it is a statement: what it makes is in its destination',
  );
export const changesBetweenCompiles = (call: string): Message =>
  m(
    'TL0130',
    `\`${call}\` is evaluated once, while the kernel is compiled, and its value would stay in it`,
    'call it where the kernel is called, and pass the value as a scalar parameter',
  );
export const notAFunction = (what: string): Message => m('TL0125', `${what} is called, but is not a function`);
/** `tile`: the name of the tile that it is. */
export const notAList = (what: string, tile?: string): Message =>
  m(
    'TL0126',
    `${what} cannot be taken apart as a list`,
    tile &&
      `its elements are \`${tile}[i]\`, parts of it \`${tile}.tile(origin, extent)\`, its sizes \`${tile}.shape\``,
  );
export const notAnObject = (what: string): Message => m('TL0127', `${what} cannot be taken apart as an object`);
