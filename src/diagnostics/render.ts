/** Diagnostics as text, each with the user's lines. */
import { createRequire } from 'node:module';
import { isAbsolute, relative } from 'node:path';
import type { Span } from '../ir/span.ts';
import type { Diagnostic } from './diagnostic.ts';
import { linesFor } from './sources.ts';

const require = createRequire(import.meta.url);

export interface RenderOptions {
  /** Escape sequences for terminals. Default: none. */
  readonly color?: boolean;
}

/** Spans longer than this are marked at their start only. */
const LONGEST = 4;

/** Message, code frame, notes with theirs, the calls that led into a macro, and the way out. */
export function render(d: Diagnostic, options: RenderOptions = {}): string {
  const paint = painter(options.color === true);
  const severity = d.severity === 'error' ? paint.error('error') : paint.warning('warning');
  return [
    `${severity} ${paint.bold(d.code)}: ${paint.bold(d.message)}`,
    ...place(d.span, options, paint),
    ...calls(d.span, options, paint),
    ...d.notes.flatMap((n) => [`${paint.dim('note:')} ${n.message}`, ...(n.span ? place(n.span, options, paint) : [])]),
    ...(d.hint ? [`${paint.hint('hint:')} ${d.hint}`] : []),
  ].join('\n');
}

/** Several diagnostics, a blank line between them. */
export const renderAll = (ds: readonly Diagnostic[], options: RenderOptions = {}): string =>
  ds.map((d) => render(d, options)).join('\n\n');

interface Painter {
  error(s: string): string;
  warning(s: string): string;
  hint(s: string): string;
  bold(s: string): string;
  dim(s: string): string;
}

function painter(color: boolean): Painter {
  const sgr =
    (code: number) =>
    (s: string): string =>
      color ? `\u001b[${code}m${s}\u001b[0m` : s;
  return { error: sgr(31), warning: sgr(33), hint: sgr(36), bold: sgr(1), dim: sgr(2) };
}

function place(span: Span, options: RenderOptions, paint: Painter): string[] {
  if (span.file === '') return [];
  return [`  ${paint.dim('-->')} ${shown(span.file)}:${span.line}:${span.column}`, ...frame(span, options)];
}

/** For code out of a macro: where the macro was called, and where that call was, from the inside out. */
function calls(span: Span, options: RenderOptions, paint: Painter): string[] {
  const out: string[] = [];
  for (let via = span.via; via; via = via.via) out.push(paint.dim('called here:'), ...place(via, options, paint));
  return out;
}

function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return !isAbsolute(file) || near.startsWith('..') ? file : near;
}

function frame(span: Span, options: RenderOptions): string[] {
  const lines = linesFor(span.file, span.line);
  if (!lines) return [];
  const { codeFrameColumns } = require('@babel/code-frame') as typeof import('@babel/code-frame');
  const { endLine = span.line, endColumn } = span;
  const short = endColumn !== undefined && endLine - span.line < LONGEST;
  const text = codeFrameColumns(
    lines.join('\n'),
    {
      start: { line: span.line, column: span.column },
      ...(short ? { end: { line: endLine, column: endColumn } } : {}),
    },
    { linesAbove: 2, linesBelow: 1, highlightCode: options.color === true },
  );
  return text.split('\n').map((l) => `  ${l}`.trimEnd());
}
