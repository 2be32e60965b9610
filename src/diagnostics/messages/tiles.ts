/** The grid, tiles and what works on them (TL03xx). */
import type { Message } from '../report.ts';

const m = (code: Message['code'], message: string, hint?: string): Message => ({ code, message, hint });

/** `1 entry`, `2 entries`. */
const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

export const missingGrid = (): Message =>
  m('TL0301', 'the kernel has no T.grid', 'begin with `const [bx] = T.grid([blocks], { threads: 128 })`');
export const secondGrid = (): Message =>
  m('TL0302', 'T.grid is called a second time', 'a kernel has one grid of up to three extents');
export const badThreads = (n: unknown): Message =>
  m('TL0303', `threads is ${String(n)}; it must be a multiple of 32 from 32 to 1024`);
export const gridRank = (n: number): Message => m('TL0304', `a grid has one to three extents, not ${n}`);
export const shapeNotConstant = (what: string): Message =>
  m('TL0305', `the shape of ${what} must be positive integers known while compiling`);
export const copyShape = (src: string, dst: string, fn = 'copy', hint?: string): Message =>
  m('TL0306', `T.${fn} from [${src}] to [${dst}]: the shapes differ`, hint);
export const NO_BROADCAST =
  'nothing is repeated: take as much with `A.tile(origin, extent)`, or repeat in T.Parallel: `dst[i][j] = src[j]`';
export const gemmShape = (a: string, b: string, c: string): Message =>
  m(
    'TL0307',
    `T.gemm: a [${a}] · b [${b}] does not give c [${c}]`,
    'a is [M, K], b [K, N], c [M, N]; transposeA and transposeB swap theirs',
  );
export const gemmScope = (what: string): Message => m('TL0308', `c of T.gemm must be a whole T.fragment, not ${what}`);
export const reduceShape = (src: string, dst: string, dim: number): Message =>
  m('TL0309', `a reduction of [${src}] along dimension ${dim} does not give [${dst}]`);
export const reduceDim = (dim: unknown, rank: number): Message =>
  m('TL0310', `dim is ${String(dim)}, but the tile has dimensions 0 to ${rank - 1}`);
export const regionRank = (what: string, got: number, rank: number, hint: string): Message =>
  m('TL0311', `${what} has ${count(got, 'entry', 'entries')}, but the buffer has ${count(rank, 'dimension')}`, hint);
export const originRank = (example: string): string =>
  `the origin has an entry for each dimension, such as \`${example}\``;
export const EXTENT_RANK = 'the extent has an entry for each dimension, or for the last few';
export const regionExtent = (dim: number, extent: number, size: number): Message =>
  m('TL0312', `the region takes ${extent} elements along dimension ${dim}, which has ${size}`);
export const indexRange = (buffer: string, dim: number, index: number, size: number): Message =>
  m('TL0313', `index ${index} is outside \`${buffer}\`: dimension ${dim} has ${size} elements`);
export const indexGoesOutside = (buffer: string, dim: number, low: number, high: number, size: number): Message =>
  m(
    'TL0335',
    `the index goes from ${low} to ${high}, but dimension ${dim} of \`${buffer}\` has ${size} elements`,
    'end the loop where the dimension ends, or guard the access with `if`',
  );
/** The note at the loop. */
export const loopGoes = (name: string, first: number, last: number): string =>
  `\`${name}\` goes from ${first} to ${last} here`;
export const indexCount = (buffer: string, got: number, rank: number): Message =>
  m('TL0314', `\`${buffer}\` has ${count(rank, 'dimension')}, but ${count(got, 'index is', 'indices are')} given`);
export const unknownProperty = (what: string, name: string, hint?: string): Message =>
  m('TL0315', `${what} has no property \`${name}\``, hint);
export const didYouMean = (name: string): string => `did you mean \`${name}\`?`;
export const wholeAssignment = (name: string): Message =>
  m('TL0316', `\`${name}\` is assigned as a whole`, 'use T.copy or T.fill, or assign its elements in T.Parallel');
export const wholeOperand = (what: string, tile: string, fix?: string): Message =>
  m(
    'TL0336',
    `${what} works on elements, but ${tile} stands here whole`,
    fix === undefined ? 'write T.Parallel, and the operation on its elements' : `write \`${fix}\``,
  );
export const uninitialized = (name: string, scope: string): Message =>
  m(
    'TL0317',
    `${scope} tile \`${name}\` is read before anything is written to it`,
    `T.clear(${name}) first, or pass { clear: true }`,
  );
export const notATile = (fn: string, which: string): Message =>
  m('TL0318', `${which} of T.${fn} must be a tile, a tensor or a region of one`);
export const notAnElement = (fn: string): Message => m('TL0319', `T.${fn} updates an element, such as \`A[i][j]\``);
export const atomicFragment = (name: string, scope: string): Message =>
  m(
    'TL0320',
    `\`${name}\` is a ${scope} tile: each element has one owner, and needs no atomic`,
    'use a T.shared tile or a tensor',
  );
export const numStages = (n: unknown): Message =>
  m('TL0321', `numStages is ${String(n)}; it must be an integer from 1 to 8`);
export const missingArgument = (fn: string, what: string): Message => m('TL0322', `T.${fn} needs ${what}`);
export const unknownOption = (fn: string, name: string, known: readonly string[]): Message =>
  m('TL0323', `T.${fn} has no option \`${name}\``, `it has ${known.map((k) => `\`${k}\``).join(', ')}`);
export const wrongArgument = (fn: string, what: string): Message => m('TL0324', `T.${fn}: ${what}`);
export const stepZero = (): Message => m('TL0325', 'the step of a loop must be a positive integer');
export const gemmOperand = (which: string, name: string, scope: string): Message =>
  m(
    'TL0332',
    `operand ${which} of T.gemm, \`${name}\`, is ${scope === 'global' ? 'a tensor' : `a ${scope} tile`}`,
    'T.copy it to a T.shared tile first',
  );
export const reduceDtypes = (fn: string, src: string, dst: string): Message =>
  m('TL0333', `T.${fn} cannot reduce ${src} into ${dst}`, 'both are floats, or both are integers');
export const reduceGlobal = (fn: string, name: string): Message =>
  m('TL0334', `T.${fn} works on tiles, but \`${name}\` is a tensor`, 'T.copy it to a tile first');
export const gridFirst = (): Message =>
  m(
    'TL0326',
    'T.grid must come before all else that runs on the device',
    'move it to the top; sizes that it needs are made from dims, scalars and host values',
  );
export const dimNowhere = (name: string): Message =>
  m(
    'TL0327',
    `dimension \`${name}\` is in no tensor's shape, so nothing says how large it is`,
    'use it in the signature, or pass a `scalar(i32)`',
  );
export const dimIsParam = (name: string): Message =>
  m('TL0328', `a parameter and a dimension are both called \`${name}\``, 'rename one of them');
export const unknownTile = (fn: string): Message =>
  m('TL0329', `the dtype of T.${fn} must be one of tilec's`, 'f32, f16, bf16, …: they are imported from tilec');
export const gridFixed = (): Message =>
  m(
    'TL0330',
    'the extents of the grid are evaluated at the launch: they are made of dims, scalar parameters and host values only',
  );
export const printHoles = (holes: number, args: number): Message =>
  m('TL0331', `the format has ${holes} \`{}\`, but ${count(args, 'argument is', 'arguments are')} given`);
