/** The marks by which the compiler knows the members of `T`: by identity, whatever they were imported as. */
import { CAPTURE_REMEDY } from './kernel.ts';

const INTRINSIC = Symbol('tilec.intrinsic');

export function intrinsicOf(value: unknown): string | undefined {
  return typeof value === 'function' && INTRINSIC in value ? (value as unknown as Record<typeof INTRINSIC, string>)[INTRINSIC] : undefined;
}

/** A member of `T` that exists only in kernels; called for real it says why that cannot work. */
export function deviceOnly<F>(name: string): F {
  const call = (): never => {
    throw new Error(`T.${name} was called outside a kernel, or in a kernel whose source was not captured: ${CAPTURE_REMEDY}`);
  };
  return Object.assign(call, { [INTRINSIC]: name }) as F;
}

/** A member of `T` that host code may use as well; `host` is its value there. */
// biome-ignore lint/suspicious/noExplicitAny: the parameters of any function
export function onBoth<F extends (...args: any[]) => unknown>(name: string, host: F): F {
  return Object.assign((...args: Parameters<F>) => host(...args), { [INTRINSIC]: name }) as unknown as F;
}
