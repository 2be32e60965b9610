/** Exit codes, and what of an error is told to whom. */

export const EXIT = {
  fine: 0,
  /** The user's kernel or file: with diagnostics. */
  user: 1,
  usage: 2,
  /** Something is missing on the machine: NVRTC, a driver, a GPU. */
  environment: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called in a way that cannot be meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** By name, so that nothing heavy is loaded to look at an error. */
const ENVIRONMENT: ReadonlySet<string> = new Set(['EnvironmentError', 'CudaError']);

export function exitCodeOf(e: unknown): ExitCode {
  const name = e instanceof Error ? e.name : '';
  if (name === 'UsageError') return EXIT.usage;
  return ENVIRONMENT.has(name) ? EXIT.environment : EXIT.user;
}
