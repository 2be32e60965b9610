/** Exit codes, and what of an error is told to whom. */

export const EXIT = {
  fine: 0,
  /** The user's kernel or file: with diagnostics. */
  user: 1,
  usage: 2,
  /** Something is missing on the machine: NVRTC, a driver, a GPU. */
  environment: 3,
  /** By Ctrl-C, with what was finished until then kept. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called in a way that cannot be meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** CUDA errors that a kernel makes, not the machine. */
const KERNEL_FAULT = /ILLEGAL|MISALIGNED|LAUNCH|ASSERT|INVALID_VALUE/;

/** Looks at names only, so that nothing heavy is loaded to look at an error. */
export function exitCodeOf(e: unknown): ExitCode {
  if (!(e instanceof Error)) return EXIT.user;
  if (e.name === 'UsageError') return EXIT.usage;
  if (e.name === 'EnvironmentError') return EXIT.environment;
  const code = 'code' in e ? String(e.code) : '';
  return e.name === 'CudaError' && !KERNEL_FAULT.test(code) ? EXIT.environment : EXIT.user;
}
