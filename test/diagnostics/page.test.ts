import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CASES } from './cases.ts';
import { diagnose } from './diagnose.ts';
import { CODES, page } from './page.ts';

const DOCS = new URL('../../docs/diagnostics.md', import.meta.url);
const MESSAGES = ['syntax', 'capture', 'dtypes', 'tiles', 'parallel', 'passes', 'advice'];

describe('each example is refused or pointed out with its code, in a frame that marks its line', () => {
  test.each(CASES.map((c) => [c.code, c.source, c] as const))('%s: %s', (code, _, c) => {
    const e = diagnose(c, c.source);
    expect(e?.diagnostics[0]?.code).toBe(code);
    if (code === 'TL0701') return;
    const { span } = e!.diagnostics[0]!;
    expect(e!.message).toContain(`--> /app/${code}.ts:${span.line}:${span.column}\n`);
    expect(e!.message).toMatch(new RegExp(`^ +> +${span.line} \\|`, 'm'));
  });
});

describe('each way out compiles', () => {
  test.each(CASES.flatMap((c) => (c.fix === undefined ? [] : [[c.code, c.fix, c] as const])))('%s: %s', (_, fix, c) => {
    expect(diagnose(c, fix)?.message).toBeUndefined();
  });
});

test('every message of the language and the passes has an example', () => {
  const declared = MESSAGES.flatMap((file) => {
    const text = readFileSync(new URL(`../../src/diagnostics/messages/${file}.ts`, import.meta.url), 'utf8');
    return [...text.matchAll(/'(TL\d{4})'/g)].map((m) => m[1]!);
  });
  expect([...new Set(declared)].sort()).toEqual(CODES);
  expect(declared.length, 'a code is given to two messages').toBe(new Set(declared).size);
});

test('docs/diagnostics.md says what the compiler says', () => {
  const text = page();
  if (process.env.UPDATE_DOCS) writeFileSync(DOCS, text);
  expect(readFileSync(DOCS, 'utf8')).toBe(text);
});
