/** Dtypes and values (TL02xx). */
import type { Message } from '../report.ts';

const m = (code: Message['code'], message: string, hint?: string): Message => ({ code, message, hint });

export const integerDivision = (): Message =>
  m(
    'TL0201',
    '`/` between integers is ambiguous: JavaScript would give a fraction',
    'use T.floorDiv(a, b) or T.ceilDiv(a, b), or cast to f32 first',
  );
/** Of two dtypes that do not meet, the one that loses less. */
const castSuggestion = (a: string, b: string): string => (b.startsWith('f') || !a.startsWith('f') ? b : a);
export const dtypeMismatch = (op: string, a: string, b: string): Message =>
  m('TL0202', `\`${op}\` of ${a} and ${b}`, `cast one of them, for example \`${castSuggestion(a, b)}(…)\``);
export const fractionInInteger = (value: string, what: string, hint?: string): Message =>
  m('TL0203', `${value} is a float, and stands where ${what} is needed`, hint ?? `cast that one: \`f32(…)\``);
export const noInfinity = (dtype: string, largest: string): string =>
  `${dtype} has no infinity; its largest value is ${largest}`;
export const noNaN = (dtype: string): string => `${dtype} has no NaN`;
export const truncate = (dtype: string): string => `cast it: \`${dtype}(…)\` truncates`;
export const INDEX_DIVISION = 'of host numbers, T.floorDiv gives an integer';
export const storeDtype = (value: string, buffer: string, dtype: string): Message =>
  m(
    'TL0204',
    `a value of ${value} is stored to \`${buffer}\`, whose elements are ${dtype}`,
    `cast it: \`${dtype}(…)\``,
  );
export const mathHasNoDevice = (name: string): Message =>
  m('TL0205', `Math.${name} has no meaning on the device`, 'write it with what T has, or compute it on the host');
export const mathDtype = (fn: string, dtype: string): Message =>
  m('TL0206', `T.${fn} takes floats, but this is ${dtype}`, 'cast it to f32');
export const integersOnly = (op: string, dtype: string): Message =>
  m('TL0207', `\`${op}\` works on integers, but this is ${dtype}`, 'cast it: `i32(…)`');
export const notBoolean = (dtype: string): Message =>
  m('TL0208', `a condition must be a bool, but this is ${dtype}`, 'compare it: `x !== 0`');
export const gemmDtypes = (a: string, b: string, c: string): Message =>
  m(
    'TL0209',
    `T.gemm cannot multiply ${a} by ${b} into ${c}`,
    'operands have one dtype (f8e4m3 and f8e5m2 may mix); f16, bf16 and f8 accumulate in f32, others in their own dtype',
  );
export const bitcastSize = (from: string, to: string): Message =>
  m('TL0210', `T.bitcast from ${from} to ${to}: the sizes differ`);
export const literalRange = (value: string, dtype: string): Message => m('TL0211', `${value} does not fit ${dtype}`);
export const copyDtypes = (from: string, to: string): Message =>
  m('TL0212', `T.copy cannot convert ${from} to ${to}`, 'use T.Parallel, with T.select or a comparison');

export const notANumber = (what: string, hint?: string): Message =>
  m('TL0213', `${what} stands where a number is needed`, hint);
export const CHOOSE_ELEMENTS =
  'tiles are not chosen between while the kernel runs: choose elements in T.Parallel, or use `if` around what works on each';
