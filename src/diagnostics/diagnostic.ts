import type { Span } from '../ir/span.ts';

/** A further place that explains a diagnostic. */
export interface Note {
  readonly message: string;
  readonly span?: Span;
}

/** What the compiler has to say about the user's code. Messages live in `messages.ts`; `render.ts` prints them with a code frame. */
export interface Diagnostic {
  /** Stable: `TL` and four digits. */
  readonly code: `TL${string}`;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly span: Span;
  readonly hint?: string;
  readonly notes: readonly Note[];
}

/** Thrown by every stage; carries all diagnostics found. `message` is the rendered text, without colour. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[], rendered: string) {
    super(rendered);
    this.diagnostics = diagnostics;
  }
}
