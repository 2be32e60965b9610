import { EnvironmentError } from '../runtime/errors.ts';

/** The same error where it is about the GPU, with advice for the command line in place of that for programs. */
export function advised(e: unknown, advice: string): unknown {
  if (!(e instanceof EnvironmentError) || e.message === e.reason) return e;
  return new EnvironmentError({ code: e.code, message: e.reason, advice }, { cause: e });
}
