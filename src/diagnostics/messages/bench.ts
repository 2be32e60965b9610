/** What `tilec bench` and `tilec tune` have to say of uses that cannot be meant. */
const list = (names: readonly string[]): string => names.join(', ');

export const unknownOperator = (name: string, known: readonly string[]): string =>
  `there is no operator '${name}'; there are ${list(known)}`;

export const unknownWorkload = (op: string | undefined, name: string, known: readonly string[]): string =>
  `${op === undefined ? 'no operator has a' : `${op} has no`} workload '${name}'; there are ${list(known)}, all`;

export const unknownOverride = (op: string, name: string, known: readonly string[]): string =>
  `${op} has no parameter, size or list '${name}' to be set by -D; there are ${list(known)}`;

const refused = (op: string, name: string, expected: string, got: string): string =>
  `${op}: ${name}: expected ${expected}, got ${got}`;
const shown = (v: unknown): string => (typeof v === 'string' ? `'${v}'` : String(v));

export const badWorkloadSize = (op: string, name: string, got: unknown): string =>
  refused(op, name, 'a size: a whole number from 1 on', shown(got));

export const badList = (op: string, name: string, got: unknown): string =>
  refused(op, name, 'a whole number ≥ 0 for all of them, or one for each with commas between, as 256,512', shown(got));

export const listLength = (
  op: string,
  workload: string,
  name: string,
  length: number,
  rule: string,
  got: number,
): string =>
  refused(
    op,
    name,
    `${length} numbers, as many as ${rule}, or one for all of them`,
    `${got}, in workload ${workload} as it was changed`,
  );

export const longList = (op: string, name: string, got: string, most: number): string =>
  refused(op, name, `a list of at most ${most} numbers`, `one of ${got}`);

export const notPeers = (path: string, why: string): string => `${path} cannot be read as peers: ${why}`;

export const noTuning = (op: string, known: readonly string[]): string =>
  `no configurations are declared for ${op}; there are for ${list(known)}`;

export const unwritable = (path: string, why: string): string => `${path || "''"} cannot be written: ${why}`;

export const jsonTakesName = (name: string): string =>
  `--json ${name} would write a file of that name: put --json last to print the report, or write --json=./${name}`;

export const listHasNoPage = '--list has no charts: leave --html out, or --list';

export const gpuOnly = (option: string): string => `${option} is for GPUs, and the device is cpu`;

export const benchWithoutGpu = '--device cpu times the CPU backend instead, which says nothing about a GPU';

export const tuneNeedsGpu =
  '`tilec tune` needs a GPU: configurations are compared by their times on one, and the CPU backend says nothing about those';

export const tuneInterrupted =
  'interrupted; what was measured is kept and in use, and the same command goes on from there';

export const interrupted = 'interrupted';
