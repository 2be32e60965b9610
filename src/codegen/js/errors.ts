import type { Diagnostic, Note } from '../../diagnostics/diagnostic.ts';
import { render } from '../../diagnostics/render.ts';
import { diagnostic, type Message } from '../../diagnostics/report.ts';
import type { Span } from '../../ir/span.ts';

/**
 * Thrown while a kernel runs on the CPU: an access out of bounds, a race, a failed assertion. `message` is the rendered
 * diagnostic, with the user's line.
 */
export class KernelRuntimeError extends Error {
  override readonly name = 'KernelRuntimeError';
  readonly diagnostic: Diagnostic;
  constructor(d: Diagnostic) {
    super(render(d));
    this.diagnostic = d;
  }
}

export const runtimeError = (m: Message, span: Span, notes: readonly Note[] = []): KernelRuntimeError =>
  new KernelRuntimeError(diagnostic(m, span, notes));
