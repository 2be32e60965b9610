/** What the command line has to say: files that do not load (TL10xx), and uses of it that cannot be meant. */
import type { Message } from '../report.ts';

export const syntaxError = (why: string): Message => ({ code: 'TL1001', message: `syntax error: ${why}` });

export const importNotFound = (specifier: string): Message => ({
  code: 'TL1002',
  message: `there is no file '${specifier}'`,
  hint: "relative imports name a file with its ending: './tiles.ts'",
});

export const threwOnLoad = (error: string): Message => ({
  code: 'TL1003',
  message: `the file threw while it was loaded: ${error}`,
});

export const factoryThrew = (factory: string, error: string, read: readonly string[]): Message => ({
  code: 'TL1004',
  message: `${factory}(…) threw: ${error}`,
  hint:
    read.length > 0
      ? `it reads the options ${read.join(', ')}; -D name=value gives one, and this call left out what is not given`
      : 'it reads no options',
});

export const notAKernel = (name: string): Message => ({
  code: 'TL1005',
  message: `${name}(…) gave no kernel`,
  hint: 'a factory returns what `kernel(…)` gives',
});

export const noSuchFile = (path: string): string => `there is no file ${path}`;

export const isFolder = (path: string): string => `${path} is a folder, and a file is needed`;

export const notTypeScript = (path: string): string => `${path} is no TypeScript file: those end in .ts or .mts`;

export const unreadable = (path: string, why: string): string => `${path} cannot be read: ${why}`;

export const noKernels = (path: string): string =>
  `${path} exports no kernel: neither a \`kernel(…)\` nor a function that returns one`;

export const noSuchKernel = (name: string, path: string, known: readonly string[]): string =>
  `${path} exports no kernel '${name}'${known.length > 0 ? `; there are ${known.join(', ')}` : ''}`;

export const severalKernels = (path: string, known: readonly string[]): string =>
  `${path} exports several kernels; -k names one of ${known.join(', ')}`;

export const unknownOptions = (
  names: readonly string[],
  kernels: readonly string[],
  known: readonly string[],
): string =>
  `${kernels.join(' and ')} read${kernels.length === 1 ? 's' : ''} no option ${names.join(', ')}` +
  (known.length > 0 ? `; the options are ${known.join(', ')}` : '');

export const badDefinition = (text: string): string => `'${text}' is not of the form name=value`;

export const badNumber = (option: string, text: string, least: number, most: number): string =>
  `${option}: '${text}' is not a whole number from ${least} to ${most}`;

export const unknownChoice = (what: string, given: string, known: readonly string[]): string =>
  `there is no ${what} '${given}'; there are ${known.join(', ')}`;

export const emptyList = (option: string): string => `${option}: the list is empty`;

export const nothingWithoutNvrtc = (forms: readonly string[]): string =>
  `not written for want of NVRTC: ${forms.join(', ')}`;

export const unknownDims = (given: readonly string[], known: readonly string[]): string =>
  `no dimension ${given.join(', ')} in the kernel's signature` +
  (known.length > 0 ? `; the dimensions are ${known.join(', ')}` : ', which has none');

export const unknownParameters = (given: readonly string[], known: readonly string[]): string =>
  `no parameter ${given.join(', ')}; the parameters are ${known.join(', ')}`;

const refused = (name: string, expected: string, given: unknown): string =>
  `${name}: expected ${expected}, got '${String(given)}'`;

export const badSize = (name: string, most: number, given: unknown): string =>
  refused(name, `a whole number from 0 to ${most}`, given);

export const badValue = (name: string, given: unknown): string => refused(name, 'a number, true or false', given);

export const tooLarge = (shape: string): string => `${shape}: this machine has not the memory for it`;

export const noPass = 'a .tir file and --pass=<names> are needed; --list prints the passes';

export const runWithoutGpu = '--device cpu runs it on the CPU, as does leaving --device out';

export const interrupting = 'ending after what is under way; Ctrl-C again ends at once';

export const oldNode = (is: string, oldest: string): string =>
  `Node ${is} is older than ${oldest}, which tilec needs; https://nodejs.org has newer ones`;

export const cannotWrite = (folder: string, why: string): string => `cannot write into ${folder}: ${why}`;

export const CACHE_KINDS = {
  kernels: 'compiled kernels',
  modules: 'prepared files',
  tuned: 'tuning records',
  leftovers: 'leftovers of killed processes',
} as const;

export const pruneOrClear = '--prune removes what is old and --clear everything: one of them is enough';

export const tunedAlone = '--tuned says what else --prune or --clear removes, and neither is there';

export const tunedKept = 'tuning records were kept: --clear --tuned removes them as well';

export const removed = (what: string): string => `removed ${what}`;

export const notRemoved = (path: string, why: string): string => `${path} cannot be removed: ${why}`;
