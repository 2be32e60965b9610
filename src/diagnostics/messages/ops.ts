/** What operators say of calls they refuse: what was expected, and what came. */

export interface Refusal {
  /** A parameter, a tensor, or `host.<tensor>`. */
  readonly argument: string;
  readonly expected: string;
  readonly got: string;
}

const refusal = (argument: string, expected: string, got: string): Refusal => ({ argument, expected, got });
const shape = (s: readonly (number | string)[]): string => `[${s.join(', ')}]`;
const joined = (words: readonly string[], last: string): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
const one = (words: readonly string[]): string => joined(words, 'or');
const all = (words: readonly string[]): string => joined(words, 'and');

/** Any value, as short text. */
export function show(x: unknown): string {
  if (x === undefined) return 'nothing';
  if (typeof x === 'string') return `'${x}'`;
  if (typeof x === 'object' && x !== null)
    return Array.isArray(x) ? 'an array' : `an object of ${x.constructor?.name ?? 'no class'}`;
  return typeof x === 'function' ? 'a function' : String(x);
}

// Parameters.
export const unknownParam = (name: string, known: readonly string[]): Refusal =>
  refusal(name, `one of the parameters ${one(known)}`, `\`${name}\``);
export const missingParam = (name: string, what: string): Refusal => refusal(name, what, 'nothing');
export const badParam = (name: string, what: string, got: unknown): Refusal => refusal(name, what, show(got));
export const brokenRequirement = (name: string, expected: string, got: string): Refusal => refusal(name, expected, got);

export const noParameters = (known: readonly string[], got: unknown): Refusal =>
  refusal('parameters', `an object of ${all(known)}`, show(got));
export const notOptions = (name: string, got: unknown): Refusal => refusal(name, 'an object of options', show(got));

// Tiles.
export const notTiles = (known: readonly string[], got: unknown): Refusal =>
  refusal('config', `an object of the tiles ${all(known)}`, show(got));
export const unknownTile = (name: string, known: readonly string[]): Refusal =>
  refusal(`config.${name}`, `one of the tiles ${one(known)}`, `\`${name}\``);

export const integerIn = (min: number | undefined, max: number | undefined): string =>
  min === undefined ? 'an integer' : max === undefined ? `an integer ≥ ${min}` : `an integer from ${min} to ${max}`;
export const numberIn = (min: number | undefined, max: number | undefined): string =>
  min === undefined ? 'a number' : max === undefined ? `a number ≥ ${min}` : `a number from ${min} to ${max}`;
export const choiceOf = (choices: readonly string[]): string => one(choices.map((c) => `'${c}'`));

// Tensors.
export const unknownArgument = (name: string, known: readonly string[]): Refusal =>
  refusal(name, `one of the tensors ${one(known)}`, `\`${name}\``);
export const notATensor = (name: string, dtype: string, s: readonly string[], got: unknown): Refusal =>
  refusal(name, `a tensor of ${dtype} ${shape(s)}`, show(got));
export const notTensors = (known: readonly string[], got: unknown): Refusal =>
  refusal('tensors', `an object of the tensors ${all(known)}`, show(got));
export const notWanted = (name: string, when: string, got: string): Refusal =>
  refusal(name, `no tensor, unless ${when}`, got);
export const overlap = (name: string, inPlace: readonly string[], other: string): Refusal =>
  refusal(
    name,
    inPlace.length === 0 ? 'memory of its own' : `memory of its own, or exactly that of ${one(inPlace)}`,
    `memory that it shares with \`${other}\``,
  );
export const wrongDType = (name: string, expected: string, got: string): Refusal =>
  refusal(name, `dtype ${expected}`, `dtype ${got}`);
export const wrongDevice = (name: string, first: string, expected: string, got: string): Refusal =>
  refusal(name, `a tensor on ${expected}, where \`${first}\` is`, `one on ${got}`);
export const wrongRank = (name: string, s: readonly string[], got: readonly number[]): Refusal =>
  refusal(name, `${s.length} dimensions, ${shape(s)}`, `${got.length}, ${shape(got)}`);
export const wrongShape = (name: string, s: readonly string[], got: readonly number[]): Refusal =>
  refusal(name, `shape ${shape(s)}`, `shape ${shape(got)}`);
export const notAligned = (name: string, bytes: number, address: bigint): Refusal =>
  refusal(
    name,
    `memory aligned to ${bytes} bytes, as its rows are`,
    `a view that starts at address 0x${address.toString(16)}`,
  );
export const disposedTensor = (name: string): Refusal => refusal(name, 'a live tensor', 'one that was disposed of');

// Contents.
export const badValidate = (got: unknown): Refusal =>
  refusal('validate', choiceOf(['full', 'host', 'none']), show(got));
export const notHostCopies = (got: unknown): Refusal => refusal('host', 'an object of host copies', show(got));
export const unknownHostCopy = (name: string, known: readonly string[]): Refusal =>
  refusal(
    `host.${name}`,
    known.length === 0 ? 'no host copies: nothing is read of its tensors' : `a copy of ${one(known)}`,
    `one of \`${name}\``,
  );
export const notAHostCopy = (name: string, got: unknown): Refusal =>
  refusal(`host.${name}`, 'an array of numbers', show(got));
export const notAnInteger = (name: string, i: number, got: unknown): Refusal =>
  refusal(`host.${name}`, 'integers of 32 bits, as the tensor has', `host.${name}[${i}] = ${show(got)}`);
export const notANumber = (name: string, i: number, got: unknown): Refusal =>
  refusal(`host.${name}`, 'numbers', `host.${name}[${i}] = ${show(got)}`);
export const hostLength = (name: string, expected: number, got: number): Refusal =>
  refusal(`host.${name}`, `${expected} elements, as the tensor has`, `${got}`);
export const badScale = (name: string, got: number): Refusal => refusal(name, 'a finite scale above 0', String(got));
export const firstNotZero = (name: string, got: number): Refusal =>
  refusal(name, 'prefix sums that start at 0', `${name}[0] = ${got}`);
export const decreasing = (name: string, i: number, a: number, b: number): Refusal =>
  refusal(name, 'prefix sums that do not decrease', `${name}[${i}] = ${a}, ${name}[${i + 1}] = ${b}`);
export const wrongTotal = (name: string, i: number, total: number, got: number): Refusal =>
  refusal(name, `prefix sums that end at totalQ = ${total}`, `${name}[${i}] = ${got}`);
export const negativeLength = (name: string, i: number, got: number): Refusal =>
  refusal(name, 'lengths ≥ 0', `${name}[${i}] = ${got}`);
export const overCapacity = (name: string, i: number, old: number, n: number, capacity: number): Refusal =>
  refusal(
    name,
    `at most ${capacity} tokens a request, the capacity of blockTable's rows`,
    n === 0 ? `${name}[${i}] = ${old}` : `${name}[${i}] = ${old} and ${n} new ones`,
  );
export const overPositions = (name: string, i: number, old: number, n: number, positions: number): Refusal =>
  refusal(
    name,
    `positions below maxPosition = ${positions}, the rows of cos and sin`,
    `${name}[${i}] = ${old} and ${n} new ones`,
  );
export const pageOutOfRange = (name: string, b: number, p: number, got: number, pages: number): Refusal =>
  refusal(name, `pages from 0 to ${pages - 1} among those in use`, `${name}[${b}][${p}] = ${got}`);
export const pageWrittenTwice = (name: string, page: number, a: number, b: number): Refusal =>
  refusal(
    name,
    'a page of its own wherever a request appends',
    a === b ? `request ${a} has page ${page} twice` : `requests ${a} and ${b} both append into page ${page}`,
  );
export const pageReadAndWritten = (name: string, page: number, writer: number, reader: number): Refusal =>
  refusal(
    name,
    'old tokens that no request overwrites',
    `request ${writer} appends over tokens of request ${reader} in page ${page}`,
  );
export const positionOutOfRange = (name: string, i: number, got: number, below: number): Refusal =>
  refusal(name, `positions from 0 to ${below - 1}, the rows of cos and sin`, `${name}[${i}] = ${got}`);

// Use.
export const notPrepared = 'its kernels are not compiled for this device yet: `await op.prepare(args)`, or call `run`';
export const needsReading = (names: readonly string[]): string =>
  `launch cannot wait for ${one(names)} to be read back: pass \`host\` copies, or validate: 'none' or 'host'`;
