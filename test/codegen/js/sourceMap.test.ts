/** The generated code leads back to the kernel's own lines. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileJs, KernelRuntimeError } from '../../../src/codegen/js/index.ts';
import { type Mapping, sourceMap } from '../../../src/codegen/js/sourceMap.ts';
import { parseKernel } from '../../../src/ir/tile/parser.ts';
import { compile, parse } from './run.ts';

const KERNEL = `kernel k(X: i32[n], Out: i32[n]) dims(n) grid(b: 2) threads(32)
  fragment t: i32[8] {
  copy X[b * 8; 8] -> t
  parallel (i) in (8) {
    if t[i] > 3 {
      let twice: i32 = t[i] * 2
      Out[b * 8 + i] = twice
    }
  }
    assert X[b] == 0, "all zero"
}`;

/** Where Node's own reader of source maps sees a place of the generated text. */
const origin = (map: object, line: number, column: number) =>
  new SourceMap(map as ConstructorParameters<typeof SourceMap>[0]).findEntry(line - 1, column - 1) as {
    originalSource: string;
    originalLine: number;
    originalColumn: number;
  };

test('a failure in generated code maps to its statement', () => {
  const p = compile(KERNEL);
  const X = new Int32Array(16).fill(5);
  try {
    p.run({ tensors: { X, Out: new Int32Array(16) }, shapes: {}, scalars: {}, dims: { n: 16 } });
  } catch (e) {
    expect(e).toBeInstanceOf(KernelRuntimeError);
    const frame = /tilec-cpu:\/\/k\.\d+\.js:(\d+):(\d+)/.exec((e as Error).stack!)!;
    expect(origin(p.map, Number(frame[1]), Number(frame[2]))).toMatchObject({
      originalSource: 'kernel.tir',
      originalLine: 9,
      originalColumn: 4,
    });
    return;
  }
  throw new Error('it ran');
});

test('every line of a statement maps to it, and only those', () => {
  const p = compile(KERNEL);
  // `new Function` puts two lines before the text.
  const at = (pattern: RegExp): number => p.source.split('\n').findIndex((l) => pattern.test(l)) + 3;
  const lineOf = (pattern: RegExp): number => origin(p.map, at(pattern), 60).originalLine + 1;
  expect(lineOf(/t\[.*\] = X\[/)).toBe(3);
  expect(lineOf(/for \(let i = 0; i < 8/)).toBe(4);
  expect(lineOf(/if \(t\[i\] > 3\)/)).toBe(5);
  expect(lineOf(/const twice/)).toBe(6);
  expect(lineOf(/^ *Out\[/)).toBe(7);
  expect(p.source).toMatch(/\/\/ kernel\.tir:7\n *Out\[/);
});

test('a stack trace of node names the line of the kernel', () => {
  const program = compileJs(parseKernel(KERNEL, '/src/kernels/small.ts', { textSpans: true }), { checks: true });
  const script = `
    const run = new Function('support', 'checks', 'sites', 'block', ${JSON.stringify(program.source)})(
      { Shadow: class {} },
      { at: (i) => i, within: (i) => i, assert: (ok) => { if (!ok) throw new Error('stopped'); } }, [], [0]);
    run({ tensors: { X: new Int32Array(16).fill(1), Out: new Int32Array(16) }, dims: { n: 16 }, scalars: {} });`;
  const file = join(mkdtempSync(join(tmpdir(), 'tilec-map-')), 'run.cjs');
  writeFileSync(file, script);
  let stderr = '';
  try {
    execFileSync(process.execPath, ['--enable-source-maps', file], { stdio: 'pipe' });
  } catch (e) {
    stderr = String((e as { stderr: Buffer }).stderr);
  }
  expect(stderr).toContain('Error: stopped');
  expect(stderr).toMatch(/small\.ts:10:5/);
  // What runs the blocks is no line of the kernel's.
  expect(stderr).toMatch(/at k \(tilec-cpu:/);
});

test('sourceRoot is passed on, and the text carries its map', () => {
  const p = compileJs(parse(KERNEL), { sourceRoot: '/home/u' });
  expect(p.map).toMatchObject({ version: 3, sourceRoot: '/home/u', sources: ['kernel.tir'] });
  const inline = /sourceMappingURL=data:application\/json;base64,(.*)/.exec(p.source)![1]!;
  expect(JSON.parse(Buffer.from(inline, 'base64').toString())).toEqual(p.map);
});

describe('mappings', () => {
  test('any come back through another reader', () => {
    const place = fc.record({
      line: fc.nat(40),
      column: fc.nat(300),
      origin: fc.option(
        fc.record({
          source: fc.constantFrom('a.ts', 'b.ts', 'c d.ts'),
          line: fc.integer({ min: 1, max: 5000 }),
          column: fc.integer({ min: 1, max: 200 }),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(fc.uniqueArray(place, { selector: (m) => `${m.line}:${m.column}`, minLength: 1 }), (list) => {
        const mappings: Mapping[] = [...list].sort((a, b) => a.line - b.line || a.column - b.column);
        const map = sourceMap('out.js', mappings);
        for (const m of mappings) {
          const found = origin(map, m.line + 1, m.column + 1);
          expect(found.originalSource).toBe(m.origin?.source);
          if (m.origin)
            expect(found).toMatchObject({ originalLine: m.origin.line - 1, originalColumn: m.origin.column - 1 });
        }
      }),
    );
  });
});
