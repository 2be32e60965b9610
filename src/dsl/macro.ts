/** Reuse inside kernels: a macro's body is inlined at the call, with fresh names. */

import type { Capture } from './capture/record.ts';
import { CAPTURE_REMEDY, captureOf } from './capture-error.ts';
import { OutsideKernelError } from './intrinsics.ts';

export interface MacroDef {
  /** Reading it throws `CaptureError` where the macro's file was loaded without capture. */
  readonly capture: Capture;
}

const MACRO = Symbol.for('tilec.macro');

/**
 * `macro((x: Tile<'f32', 2>, scale: number) => { … })`: takes tiles, tensors, regions, scalars and host values; may call
 * macros, cannot recurse, and may return a value at its end. Called outside a kernel it throws.
 */
export function macro<F extends (...args: never[]) => unknown>(_body: F, capture?: Capture): F {
  const what = capture ? `macro \`${capture.name}\`` : 'a macro';
  const call = (): never => {
    throw new OutsideKernelError(
      `${what} was called outside a kernel; its body is compiled, not run. ` +
        `If the call stands in a kernel, its file was loaded without capture: ${CAPTURE_REMEDY}`,
    );
  };
  const captured = captureOf(capture, what, macro);
  const def: MacroDef = {
    get capture() {
      return captured();
    },
  };
  return Object.freeze(Object.assign(call, { [MACRO]: def })) as unknown as F;
}

/** The definition behind a macro; undefined for other values. */
export function macroOf(value: unknown): MacroDef | undefined {
  return typeof value === 'function' && MACRO in value ? (value[MACRO] as MacroDef) : undefined;
}
