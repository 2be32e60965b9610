/** Reuse inside kernels: a macro's body is inlined at the call, with fresh names. */
import type { Capture } from './capture/record.ts';

export interface MacroDef {
  readonly capture: Capture;
}

const MACRO = Symbol('tilec.macro');

/**
 * `macro((x, scale) => { … })`: takes tiles, scalars, regions and host values; may call macros, cannot recurse, and may
 * return a value at its end. Outside a kernel a call throws.
 */
// biome-ignore lint/suspicious/noExplicitAny: the parameters of any function
export function macro<F extends (...args: any[]) => unknown>(body: F, capture?: Capture): F {
  const call = (): never => {
    throw new Error(`macro '${capture?.name ?? body.name ?? ''}' was called outside a kernel: its body is compiled, not run`);
  };
  return Object.assign(call as unknown as F, { [MACRO]: { capture, body } });
}

/** The definition behind a macro; undefined for other values. */
export function macroOf(value: unknown): { readonly capture?: Capture } | undefined {
  return typeof value === 'function' && MACRO in value ? (value as unknown as Record<typeof MACRO, { capture?: Capture }>)[MACRO] : undefined;
}
