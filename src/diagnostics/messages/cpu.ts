/** What the CPU backend has to say while it compiles and runs kernels (TL09xx). */
import type { Message } from '../report.ts';

const m = (code: Message['code'], message: string, hint?: string): Message => ({ code, message, hint });

const list = (numbers: readonly number[]): string => `(${numbers.join(', ')})`;
const iteration = (vars: readonly string[], at: readonly number[]): string =>
  vars.map((v, i) => `${v} = ${at[i]}`).join(', ');

export const outOfBounds = (
  access: 'read' | 'written',
  buffer: string,
  dim: number,
  index: number,
  size: number,
  block: readonly number[],
): Message =>
  m(
    'TL0901',
    `\`${buffer}\` is ${access} outside its bounds: index ${index} of dimension ${dim}, which has ${size} elements (block ${list(block)})`,
    'guard the access with `if`, or use T.copy of a region, which reads zeros and writes nothing outside a tensor',
  );

export const regionOutside = (
  buffer: string,
  dim: number,
  from: number,
  to: number,
  size: number,
  block: readonly number[],
): Message =>
  m(
    'TL0902',
    `the region takes elements ${from} to ${to - 1} along dimension ${dim} of \`${buffer}\`, which has ${size} (block ${list(block)})`,
    'only regions of tensors may reach outside',
  );

export const writtenTwice = (
  element: string,
  vars: readonly string[],
  one: readonly number[],
  other: readonly number[] | undefined,
  block: readonly number[],
): Message =>
  m(
    'TL0903',
    other
      ? `two iterations of T.Parallel write \`${element}\`: ${iteration(vars, other)} and ${iteration(vars, one)} (block ${list(block)})`
      : `several iterations of T.Parallel write \`${element}\`, ${iteration(vars, one)} among them (block ${list(block)})`,
    'use a reduction such as T.reduceSum, or T.atomicAdd',
  );

export const readsOthersWrite = (
  element: string,
  vars: readonly string[],
  reader: readonly number[] | undefined,
  writer: readonly number[] | undefined,
  block: readonly number[],
): Message => {
  const who = (at: readonly number[] | undefined): string =>
    at ? `the iteration ${iteration(vars, at)}` : 'another iteration';
  return m(
    'TL0904',
    `${who(reader)} of T.Parallel reads \`${element}\`, which ${who(writer)} writes (block ${list(block)})`,
    'iterations run in any order: write to a second tile, or split the loop in two',
  );
};

export const uninitialized = (buffer: string, block: readonly number[]): Message =>
  m(
    'TL0905',
    `\`${buffer}\` is read, but nothing has been written to it in this block ${list(block)}`,
    `T.clear(${buffer}) first, or fill it on every path that leads here`,
  );

export const assertion = (message: string, block: readonly number[]): Message =>
  m('TL0906', `assertion failed: ${message} (block ${list(block)})`);

export const divisionByZero = (block: readonly number[]): Message =>
  m('TL0907', `an integer is divided by zero (block ${list(block)})`);

export const ptxWithoutFallback = (): Message =>
  m('TL0908', 'T.inlinePtx cannot run on the CPU', 'give `{ fallback: … }`, a value computed without PTX');

export const afterPasses = (what: string): Message =>
  m('TL0909', `${what} is made by a pass; the CPU backend takes kernels as the frontend builds them`);

export const argumentLength = (name: string, length: number, shape: readonly number[]): Message =>
  m('TL0910', `\`${name}\` holds ${length} elements, but its shape [${shape.join(', ')}] needs more`);
