import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Target } from '../ir/target.ts';
import type { Kernel } from '../ir/tile/schema.ts';

export interface PassContext {
  readonly target: Target;
  /** Hears what is right but not as the user may think. */
  readonly warn?: (d: Diagnostic) => void;
}

/** A named step from program to program. */
export interface Pass {
  readonly name: string;
  /** One line for `tilec opt --pass=list`. */
  readonly summary: string;
  run(kernel: Kernel, cx: PassContext): Kernel;
}
