/** The marks by which the compiler knows the members of `T`: by identity, whatever they were imported as. */
import { CAPTURE_REMEDY } from './capture-error.ts';
import { dimOf } from './sig.ts';

const INTRINSIC = Symbol.for('tilec.intrinsic');

/** The name of the member of `T` that the value is. */
export function intrinsicOf(value: unknown): string | undefined {
  if (typeof value !== 'function' || !(INTRINSIC in value)) return undefined;
  const name = value[INTRINSIC];
  return typeof name === 'string' ? name : undefined;
}

/** Thrown by device functions that host code calls. */
export class OutsideKernelError extends Error {
  override readonly name = 'OutsideKernelError';
}

const mark = <F extends object>(name: string, fn: F): F =>
  Object.freeze(Object.defineProperty(Object.assign(fn, { [INTRINSIC]: name }), 'name', { value: `T.${name}` }));

const outside = (name: string): OutsideKernelError =>
  new OutsideKernelError(
    `T.${name} was called outside a kernel. It stands for device code: write it inside kernel(…) or macro(…). ` +
      `If it stands there already, the file was loaded without capture: ${CAPTURE_REMEDY}`,
  );

/** A member of `T` that exists only in kernels; called for real it says why that cannot work. */
export function deviceOnly<F extends (...args: never[]) => unknown>(name: string): F {
  const call = (): never => {
    throw outside(name);
  };
  return mark(name, call) as unknown as F;
}

type HostValue = number | bigint | boolean;

/**
 * A member of `T` that host code may use as well, where `host` computes it. The declared type `F` is a kernel's view of
 * it; `host` sees numbers only, since anything else throws.
 */
export function onBoth<F extends (...args: never[]) => HostValue>(
  name: string,
  host: (...args: number[]) => number | boolean,
): F {
  const call = (...args: unknown[]): number | boolean => {
    for (const a of args) {
      if (dimOf(a) !== undefined) throw new OutsideKernelError(`T.${name}: a dim has no value outside a kernel`);
      if (typeof a !== 'number' && typeof a !== 'boolean' && typeof a !== 'bigint') throw outside(name);
    }
    return host(...(args as number[]));
  };
  return mark(name, call) as unknown as F;
}
