/** T.Parallel (TL04xx). */
import type { Message } from '../report.ts';

const m = (code: Message['code'], message: string, hint?: string): Message => ({ code, message, hint });

/** `vars`: the variables that the element does not depend on; `others`: those that it does. */
export const writeConflict = (buffer: string, vars: readonly string[], others: readonly string[]): Message =>
  m(
    'TL0401',
    `iterations that differ only in ${vars.map((v) => `\`${v}\``).join(', ')} write the same element of \`${buffer}\``,
    `to combine values use T.reduceSum and its like, or T.atomicAdd; ${
      others.length > 0
        ? `to write one for each [${others.join(', ')}], a loop over [${others.join(', ')}] alone`
        : 'to write one, write it outside the loop'
    }`,
  );
export const writeCollision = (buffer: string): Message =>
  m(
    'TL0409',
    `two iterations write the same element of \`${buffer}\``,
    'give each iteration an element of its own, or use T.atomicAdd',
  );
export const readsOthersWrite = (buffer: string): Message =>
  m(
    'TL0402',
    `an iteration reads an element of \`${buffer}\` that another one writes`,
    'iterations run in any order: write to a second tile',
  );
export const parallelExtent = (): Message =>
  m(
    'TL0403',
    'the extents of T.Parallel must be positive integers known while compiling',
    'use T.serial for a run-time count, or guard with `if` inside a larger constant extent',
  );
export const parallelArity = (vars: number, extents: number): Message =>
  m('TL0404', `T.Parallel has ${extents} extents, but ${vars} variable${vars === 1 ? ' is' : 's are'} bound`);
export const parallelList = (name: string): Message =>
  m('TL0410', `T.Parallel gives a list of indices, and \`${name}\` stands for the list`, `write \`const [${name}]\``);
export const tileInParallel = (fn: string): Message =>
  m('TL0405', `T.${fn} works on whole tiles and cannot stand inside T.Parallel`, 'move it out, or use elements here');
export const jumpInParallel = (what: string): Message =>
  m(
    'TL0406',
    `\`${what}\` inside T.Parallel would leave iterations undone`,
    'use an `if` around what should be skipped',
  );
export const parallelScalar = (name: string): Message =>
  m(
    'TL0407',
    `\`${name}\` belongs to the whole block, but every iteration of T.Parallel assigns it`,
    'use a reduction, or declare it inside',
  );
export const nestedParallel = (): Message =>
  m('TL0408', 'T.Parallel inside T.Parallel', 'one T.Parallel takes several extents');
