/** What a user's module threw, at the line of its TypeScript. */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileError, diagnostic, type Message } from '../../diagnostics/report.ts';
import { isTypeScript } from '../../dsl/capture/loader.ts';
import type { Span } from '../../ir/span.ts';
import type { Snapshot } from './snapshot.ts';

/** A `CompileError` about it; errors that carry an explanation of their own stay what they are. */
export function explainThrown(
  e: unknown,
  entry: string,
  snapshot: Snapshot | undefined,
  message: (error: string) => Message,
): unknown {
  if (e instanceof Error && ['CompileError', 'CaptureError', 'EnvironmentError', 'UsageError'].includes(e.name))
    return e;
  const text = e instanceof Error ? `${e.name}: ${e.message}` : String(e);
  return compileError([diagnostic(message(text), placeOf(e, snapshot) ?? { file: entry, line: 1, column: 1 })]);
}

/** The innermost frame of the stack that lies in the user's files. */
function placeOf(e: unknown, snapshot: Snapshot | undefined): Span | undefined {
  if (!(e instanceof Error) || !e.stack) return undefined;
  for (const [, where, line, column] of e.stack.matchAll(/((?:file:\/\/)?\/[^\s():]+):(\d+):(\d+)/g)) {
    const path = where!.startsWith('file:') ? fileURLToPath(where!) : where!;
    // Loaded by the hooks: Node has followed the source map.
    if (!snapshot && isTypeScript(path)) return { file: path, line: Number(line), column: Number(column) };
    const file = snapshot?.sourceOf(path);
    const mapped = file && original(path, Number(line), Number(column));
    if (mapped) return { file, ...mapped };
  }
  return undefined;
}

/** Empty where another process has emptied the cache since. */
function readModule(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function original(module: string, line: number, column: number): { line: number; column: number } | undefined {
  const code = readModule(module);
  const map = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(code)?.[1];
  if (!map) return undefined;
  const payload = JSON.parse(Buffer.from(map, 'base64').toString()) as SourceMapPayload;
  const entry = new SourceMap(payload).findEntry(line - 1, column - 1);
  return 'originalLine' in entry ? { line: entry.originalLine + 1, column: entry.originalColumn + 1 } : undefined;
}
