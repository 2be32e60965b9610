/** Messages about Tile IR: its text (TL0801–TL0819) and broken programs (TL0820–TL0899). */
import type { Message } from '../report.ts';

const m = (code: Message['code'], message: string, hint?: string): Message => ({ code, message, hint });

// Text.
export const syntax = (what: string): Message => m('TL0801', `Tile IR: ${what}`);
export const unknownDType = (name: string): Message =>
  m('TL0802', `\`${name}\` is no dtype`, 'dtypes are f64, f32, f16, bf16, f8e4m3, f8e5m2, i8 … i64, u8 … u64 and bool');
export const unknownName = (name: string): Message =>
  m('TL0803', `\`${name}\` is not declared`, `declare it, or say its dtype where it stands: \`${name}:f32\``);
export const unknownFunction = (name: string): Message => m('TL0804', `there is no function \`${name}\``);
export const argumentCount = (name: string, expected: string, found: number): Message =>
  m('TL0805', `\`${name}\` takes ${expected}, not ${found}`);
export const notAnInteger = (text: string): Message => m('TL0806', `\`${text}\` stands where a whole number must`);
export const unknownModifier = (name: string, allowed: readonly string[]): Message =>
  m('TL0807', `\`${name}\` means nothing here`, allowed.length > 0 ? `known here: ${allowed.join(', ')}` : undefined);
export const badModifier = (name: string, expected: string): Message => m('TL0808', `\`${name}\` wants ${expected}`);
export const badLayout = (what: string): Message => m('TL0809', `layout: ${what}`);
export const unknownKind = (what: string, name: string, known: readonly string[]): Message =>
  m('TL0810', `\`${name}\` is no ${what}`, `known: ${known.join(', ')}`);
export const badNumber = (text: string): Message => m('TL0811', `\`${text}\` is no number of its dtype`);

// Programs. These are the compiler's own promises, so a user who meets one has met a defect.
const broken = (code: Message['code'], what: string): Message => m(code, `Tile IR is broken: ${what}`);

export const duplicateName = (name: string): Message => broken('TL0820', `the name \`${name}\` is declared twice`);
export const undefinedName = (name: string, what: string): Message =>
  broken('TL0821', `the ${what} \`${name}\` is not declared here`);
export const wrongDType = (what: string, expected: string, found: string): Message =>
  broken('TL0822', `${what} is ${found}, not ${expected}`);
export const badConstant = (text: string): Message =>
  broken('TL0823', `the constant ${text} does not lie in its dtype, or is no value of it`);
export const wrongRank = (name: string, rank: number, found: number): Message =>
  broken('TL0824', `\`${name}\` has ${rank} dimension${rank === 1 ? '' : 's'} and is indexed with ${found}`);
export const regionExtent = (name: string, dim: number, extent: number, size: number): Message =>
  broken('TL0825', `the region takes ${extent} along dimension ${dim} of \`${name}\`, which has ${size}`);
export const notATile = (what: string, name: string, wanted: string): Message =>
  broken('TL0826', `${what} \`${name}\` must be ${wanted}`);
export const shapeMismatch = (what: string, a: readonly number[], b: readonly number[]): Message =>
  broken('TL0827', `${what}: [${a.join(', ')}] meets [${b.join(', ')}]`);
export const badDim = (what: string, dim: number, rank: number): Message =>
  broken('TL0828', `${what} runs along dimension ${dim} of ${rank}`);
export const tileStatementInParallel = (what: string): Message =>
  broken('TL0829', `\`${what}\` works on tiles and stands inside a parallel loop`);
export const outsideLoop = (what: string): Message => broken('TL0830', `\`${what}\` stands outside a loop`);
export const returnInParallel = (): Message => broken('TL0831', '`return` stands inside a parallel loop');
export const notAssignable = (name: string): Message =>
  broken('TL0832', `\`${name}\` is assigned to but is not a \`var\``);
export const badCount = (what: string, value: number, wanted: string): Message =>
  broken('TL0833', `${what} is ${value}; it must be ${wanted}`);
export const layoutShape = (name: string, expected: readonly number[], found: readonly number[]): Message =>
  broken('TL0834', `the layout of ${name} covers [${found.join(', ')}], not [${expected.join(', ')}]`);
export const layoutAxes = (name: string, axis: string): Message =>
  broken('TL0835', `the layout of ${name} must not use the axis \`${axis}\``);
export const layoutThreads = (name: string, size: number, threads: number): Message =>
  broken('TL0836', `the layout of ${name} reaches thread ${size - 1} of ${threads}`);
export const slotWithoutStages = (name: string): Message =>
  broken('TL0837', `a slot of \`${name}\`, which has no stages`);
export const gridRank = (extents: number, names: number): Message =>
  broken('TL0838', `the grid has ${extents} extents and ${names} block indices`);
export const badWarps = (m_: number, n: number, threads: number): Message =>
  broken('TL0839', `${m_} × ${n} warps do not make ${threads} threads`);
export const badWrite = (name: string): Message =>
  broken('TL0840', `\`${name}\` is a parameter that cannot be written`);
export const argumentsOf = (fn: string, expected: number, found: number): Message =>
  broken('TL0841', `\`${fn}\` takes ${expected} argument${expected === 1 ? '' : 's'}, not ${found}`);
export const bitcastSize = (from: string, to: string): Message =>
  broken('TL0842', `a bitcast from ${from} to ${to}, which differ in size`);
export const asyncSpaces = (): Message => broken('TL0843', 'an async copy does not go from global to shared memory');
export const hole = (what: string, expected: number, found: number): Message =>
  broken('TL0844', `${what} has ${expected} \`{}\` and ${found} argument${found === 1 ? '' : 's'}`);
export const sharedOffset = (name: string, end: number, bytes: number): Message =>
  broken('TL0845', `\`${name}\` ends at byte ${end} of ${bytes} of shared memory`);
export const layoutOverlap = (name: string): Message =>
  broken('TL0846', `the layout of ${name} puts two elements into one place`);
