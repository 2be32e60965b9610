/** The language: syntax and capture (TL01xx), types (TL02xx), tiles and statements (TL03xx), T.Parallel (TL04xx). */
import type { Message } from '../report.ts';

const m = (code: Message['code'], message: string, hint?: string): Message => ({ code, message, hint });

// ------------------------------------------------------------------------------------------------ TL01xx: syntax, capture
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
export const unknownName = (name: string): Message => m('TL0104', `\`${name}\` is not defined here`);
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
  m('TL0111', `${what} needs a value known while compiling, but this one is only known on the device`);
export const earlyReturn = (): Message =>
  m('TL0112', 'a macro returns only as its last statement', 'restructure with `if`/`else`, or T.select');
export const hostError = (text: string): Message => m('TL0113', `evaluating this on the host failed: ${text}`);
export const outsideLoop = (what: string): Message => m('TL0114', `\`${what}\` outside a loop`);
export const hostLoopTooLong = (n: number): Message =>
  m(
    'TL0115',
    `this host loop unrolls to more than ${n} iterations`,
    'use T.serial or T.unroll, which become loops on the device',
  );
export const bareDevice = (name: string): Message =>
  m(
    'TL0116',
    `T.${name} makes nothing here`,
    `its result is used as \`for (const … of T.${name}(…))\` or \`const … = T.${name}(…)\``,
  );
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

// ----------------------------------------------------------------------------------------------------- TL02xx: dtypes
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
export const fractionInInteger = (value: string, dtype: string): Message =>
  m('TL0203', `${value} is a float, and stands where ${dtype} is needed`, `cast that one: \`f32(…)\``);
export const storeDtype = (value: string, buffer: string, dtype: string): Message =>
  m(
    'TL0204',
    `a value of ${value} is stored to \`${buffer}\`, whose elements are ${dtype}`,
    `cast it: \`${dtype}(…)\``,
  );
export const mathHasNoDevice = (name: string): Message => m('TL0205', `Math.${name} has no meaning on the device`);
export const mathDtype = (fn: string, dtype: string): Message =>
  m('TL0206', `T.${fn} takes floats, but this is ${dtype}`, 'cast it to f32');
export const integersOnly = (op: string, dtype: string): Message =>
  m('TL0207', `\`${op}\` works on integers, but this is ${dtype}`);
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
export const copyDtypes = (from: string, to: string): Message => m('TL0212', `T.copy cannot convert ${from} to ${to}`);

// --------------------------------------------------------------------------------------------- TL03xx: tiles, statements
export const missingGrid = (): Message =>
  m('TL0301', 'the kernel has no T.grid', 'begin with `const [bx] = T.grid([blocks], { threads: 128 })`');
export const secondGrid = (): Message => m('TL0302', 'T.grid is called a second time');
export const badThreads = (n: unknown): Message =>
  m('TL0303', `threads is ${String(n)}; it must be a multiple of 32 from 32 to 1024`);
export const gridRank = (n: number): Message => m('TL0304', `a grid has one to three extents, not ${n}`);
export const shapeNotConstant = (what: string): Message =>
  m('TL0305', `the shape of ${what} must be positive integers known while compiling`);
export const copyShape = (src: string, dst: string, fn = 'copy'): Message =>
  m('TL0306', `T.${fn} from [${src}] to [${dst}]: the shapes differ`);
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
export const regionRank = (what: string, got: number, rank: number): Message =>
  m('TL0311', `${what} has ${got} entries, but the buffer has ${rank} dimensions`);
export const regionExtent = (dim: number, extent: number, size: number): Message =>
  m('TL0312', `the region takes ${extent} elements along dimension ${dim}, which has ${size}`);
export const indexRange = (buffer: string, dim: number, index: number, size: number): Message =>
  m('TL0313', `index ${index} is outside \`${buffer}\`: dimension ${dim} has ${size} elements`);
export const indexCount = (buffer: string, got: number, rank: number): Message =>
  m('TL0314', `\`${buffer}\` has ${rank} dimensions, but ${got} ${got === 1 ? 'index is' : 'indices are'} given`);
export const unknownProperty = (what: string, name: string): Message =>
  m('TL0315', `${what} has no property \`${name}\``);
export const wholeAssignment = (name: string): Message =>
  m('TL0316', `\`${name}\` is assigned as a whole`, 'use T.copy or T.fill, or assign its elements in T.Parallel');
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
  m('TL0331', `the format has ${holes} \`{}\`, but ${args} argument${args === 1 ? ' is' : 's are'} given`);

// -------------------------------------------------------------------------------------------------- TL04xx: T.Parallel
export const writeConflict = (buffer: string, vars: readonly string[]): Message =>
  m(
    'TL0401',
    `iterations that differ only in ${vars.map((v) => `\`${v}\``).join(', ')} write the same element of \`${buffer}\``,
    'use T.reduceSum and its like, or T.atomicAdd',
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
  m('TL0404', `T.Parallel has ${extents} extents, but ${vars} variables are bound`);
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
