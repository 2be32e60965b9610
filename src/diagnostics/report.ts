import type { Span } from '../ir/span.ts';
import { CompileError, type Diagnostic, type Note } from './diagnostic.ts';
import { renderAll } from './render.ts';

/** What `messages/*.ts` make: the text of a diagnostic, without its place. */
export interface Message {
  readonly code: `TL${string}`;
  readonly message: string;
  readonly hint?: string;
}

export const diagnostic = (m: Message, span: Span, notes: readonly Note[] = []): Diagnostic => ({
  code: m.code,
  severity: 'error',
  message: m.message,
  span,
  hint: m.hint,
  notes,
});

export const warning = (m: Message, span: Span): Diagnostic => ({ ...diagnostic(m, span), severity: 'warning' });

/** Throws a `CompileError` with this one diagnostic. */
export function fail(m: Message, span: Span, notes: readonly Note[] = []): never {
  throw compileError([diagnostic(m, span, notes)]);
}

export const compileError = (diagnostics: readonly Diagnostic[]): CompileError =>
  new CompileError(diagnostics, renderAll(diagnostics));
