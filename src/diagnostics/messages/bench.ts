/** What `tilec bench` and `tilec tune` have to say of uses that cannot be meant. */
const list = (names: readonly string[]): string => names.join(', ');

export const unknownOperator = (name: string, known: readonly string[]): string =>
  `there is no operator '${name}'; there are ${list(known)}`;

export const unknownWorkload = (op: string, name: string, known: readonly string[]): string =>
  `${op} has no workload '${name}'; there are ${list(known)}, all`;

export const unknownOverride = (op: string, name: string, known: readonly string[]): string =>
  `${op} has no parameter, size or list '${name}' to be set by -D; there are ${list(known)}`;

export const notPeers = (path: string, why: string): string => `${path} cannot be read as peers: ${why}`;

export const noTuning = (op: string, known: readonly string[]): string =>
  `no configurations are declared for ${op}; there are for ${list(known)}`;

export const unwritable = (path: string, why: string): string => `${path} cannot be written: ${why}`;

export const tuneNeedsGpu =
  'configurations are compared by their times on a GPU, and the CPU backend says nothing about those';

export const tuneInterrupted =
  'interrupted; what was measured is kept and in use, and the same command goes on from there';

export const interrupted = 'interrupted';
