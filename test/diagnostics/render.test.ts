/** How a diagnostic looks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { render } from '../../src/diagnostics/render.ts';
import { rememberSource } from '../../src/diagnostics/sources.ts';

const dir = mkdtempSync(join(tmpdir(), 'tilec-render-'));
afterAll(() => rmSync(dir, { recursive: true }));

const file = join(dir, 'k.ts');
const LINES = ['one', 'two', 'three();', 'four(', '  5,', '  6,', '  7,', '  8,', ');', 'ten'];
writeFileSync(file, LINES.join('\n'));

const at = (line: number, column: number, endLine: number, endColumn: number, f = file) => ({
  file: f,
  line,
  column,
  endLine,
  endColumn,
});
const problem = (over: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'TL0999',
  severity: 'error',
  message: 'no',
  span: at(3, 1, 3, 8),
  notes: [],
  ...over,
});

test('message, place, lines around, hint', () => {
  expect(render(problem({ hint: 'say yes' })).split('\n')).toEqual([
    'error TL0999: no',
    `  --> ${file}:3:1`,
    '    1 | one',
    '    2 | two',
    '  > 3 | three();',
    '      | ^^^^^^^',
    '    4 | four(',
    'hint: say yes',
  ]);
});

test('a long span is marked where it starts', () => {
  const text = render(problem({ span: at(4, 1, 9, 2) }));
  expect(text).toContain('> 4 | four(\n      | ^\n');
  expect(text).not.toContain('> 5');
});

test('notes and calls have frames of their own, from the inside out', () => {
  const span = { ...at(3, 1, 3, 6), via: { ...at(10, 1, 10, 4), via: at(2, 1, 2, 4) } };
  const text = render(
    problem({ span, notes: [{ message: 'because of this', span: at(1, 1, 1, 4) }, { message: 'and in general' }] }),
  );
  const order = [
    '> 3 |',
    'called here:',
    '> 10 |',
    'called here:',
    '> 2 |',
    'note: because of this',
    '> 1 |',
    'note: and in general',
  ];
  let from = 0;
  for (const part of order) {
    const found = text.indexOf(part, from);
    expect(found, `${part} after ${text.slice(0, from)}`).toBeGreaterThanOrEqual(from);
    from = found + part.length;
  }
});

test('colour on demand only', () => {
  expect(render(problem())).not.toContain('\u001b');
  const colored = render(problem(), { color: true });
  expect(colored).toContain('\u001b[31merror\u001b[0m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
  expect(colored.replace(/\u001b\[\d*m/g, '')).toBe(render(problem()));
});

test('a file out of reach shows what was captured of it, at its place', () => {
  const gone = join(dir, 'gone.ts');
  expect(render(problem({ span: at(7, 5, 7, 6, gone) }))).toBe(`error TL0999: no\n  --> ${gone}:7:5`);
  rememberSource(gone, 6, 10, '() => {\n    x = 1;\n}');
  expect(
    render(problem({ span: at(7, 5, 7, 6, gone) }))
      .split('\n')
      .slice(2),
  ).toEqual(['    5 |', '    6 |          () => {', '  > 7 |     x = 1;', '      |     ^', '    8 | }']);
});

test('a file that changed since it was loaded shows what was captured', () => {
  const changed = join(dir, 'changed.ts');
  writeFileSync(changed, 'new\nnew\nnew\n');
  rememberSource(changed, 2, 1, 'old();');
  expect(render(problem({ span: at(2, 1, 2, 4, changed) }))).toContain('> 2 | old();');
});

test('no place, no frame', () => {
  expect(render(problem({ span: { file: '', line: 0, column: 0 } }))).toBe('error TL0999: no');
});
