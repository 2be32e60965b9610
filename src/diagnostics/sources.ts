/** The texts behind spans: files as they are, or what was captured where a file is out of reach or has changed. */
import { readFileSync } from 'node:fs';

interface Snippet {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

const snippets = new Map<string, Map<string, Snippet>>();

/** Remembers a piece of a file, which starts at the line and column, for the frames of diagnostics. */
export function rememberSource(file: string, line: number, column: number, text: string): void {
  const known = snippets.get(file) ?? new Map<string, Snippet>();
  known.set(`${line}:${column}`, { line, column, text });
  snippets.set(file, known);
}

/** The lines of a file, from line 1, of which at least `line` is right; undefined where nothing is known of it. */
export function linesFor(file: string, line: number): readonly string[] | undefined {
  const snippet = [...(snippets.get(file)?.values() ?? [])].find(
    (s) => line >= s.line && line < s.line + s.text.split('\n').length,
  );
  const onDisk = read(file)?.split('\n');
  if (!snippet) return onDisk && line <= onDisk.length ? onDisk : undefined;
  const lines = snippet.text.split('\n');
  const agrees = onDisk && lines.every((l, i) => onDisk[snippet.line - 1 + i]?.includes(l));
  if (agrees) return onDisk;
  const [first = '', ...rest] = lines;
  return [...Array<string>(snippet.line - 1).fill(''), ' '.repeat(snippet.column - 1) + first, ...rest];
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
