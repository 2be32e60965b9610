import type { Diagnostic } from './diagnostic.ts';

/** The diagnostic as text: message, code frame, notes, hint. */
export function render(d: Diagnostic): string {
  return `${d.code}: ${d.message} (${d.span.file}:${d.span.line}:${d.span.column})${d.hint ? `\n  hint: ${d.hint}` : ''}`;
}
