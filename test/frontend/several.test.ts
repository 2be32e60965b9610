/** Several mistakes are reported at once, each once, and nothing that merely follows from one. */
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/diagnostics/diagnostic.ts';
import { buildKernel } from '../../src/frontend/index.ts';
import { around, define } from './define.ts';

/** Code and line of each, lines counted from the first statement. */
function mistakes(statements: string, before = ''): string[] {
  const text = before + around(statements);
  try {
    buildKernel(define(text).def);
  } catch (e) {
    if (!(e instanceof CompileError)) throw e;
    const first = 1 + text.slice(0, text.indexOf(statements.split('\n')[0]!)).split('\n').length;
    return e.diagnostics.map((d) => `${d.code} ${d.span.line - first}`);
  }
  return [];
}

test('in the order of the text, with a frame each', () => {
  const text = around('A[bx, 0] = 1\nconst x = sclae\nA[bx][0] = 2\nswitch (c) {}');
  const error = ((): CompileError => {
    try {
      buildKernel(define(text).def);
    } catch (e) {
      return e as CompileError;
    }
    throw new Error('accepted');
  })();
  expect(error.diagnostics.map((d) => d.code)).toEqual(['TL0101', 'TL0104', 'TL0102']);
  expect(error.message.match(/^ +> +\d+ \|/gm)).toHaveLength(3);
});

describe('what follows from a mistake is not reported', () => {
  test.each([
    ['a name that a refused statement declares', 'const x = sclae\nA[bx][0] = x\nA[bx][1] = x + 1', ['TL0104 0']],
    ['names of a pattern', 'const [p, { q, r: [z] }] = sclae\nA[bx][0] = p + q + z', ['TL0104 0']],
    ['a scalar', 'let x: f32 = sclae\nx = 1\nx += 2\nA[bx][0] = x', ['TL0104 0']],
    ['what hangs on what hangs on it', 'const x = sclae\nconst y = x * 2\nA[bx][0] = y', ['TL0104 0']],
    [
      'the value of a function with a mistake',
      'const f = () => { A[bx, 0] = 1; return 1 }\nA[bx][0] = f()',
      ['TL0101 0'],
    ],
    ['a loop over a mistake', 'for (const i of [0, 1, 2]) A[bx, i] = 1', ['TL0101 0']],
    ['a loop that a mistake keeps going', 'let i = 0\nwhile (i < 3) { i = sclae }\nA[bx][0] = 1', ['TL0104 1']],
    ['a function called twice', 'const f = (x) => { A[bx][x] = sclae }\nf(0)\nf(1)', ['TL0104 0']],
  ])('%s', (_, text, want) => expect(mistakes(text)).toEqual(want));
});

describe('the walk goes on', () => {
  test.each([
    ['in branches', 'if (s > 0) { A[bx, 0] = 1 } else { A[bx][0] = sclae }\nI[bx] = 1.5', 3],
    ['in loops', 'for (const i of T.serial(4)) { A[bx, i] = 1; A[bx][i] = sclae }\nA[bx][0] = other', 3],
    ['in T.Parallel', 'for (const [i] of T.Parallel(64)) { A[bx, i] = 1; A[bx][i] = sclae }', 2],
    ['behind a return with a mistake', 'return s', 1],
  ])('%s', (_, text, count) => expect(mistakes(text)).toHaveLength(count));

  test('behind a macro, whose mistakes show its line and the call', () => {
    const macro = 'const twice = macro((x: number) => { const y = sclae; return x * y });\n';
    const text = `${macro}${around('A[bx][0] = twice(1)\nA[bx][1] = twice(2)\nA[bx, 2] = 1')}`;
    try {
      buildKernel(define(text).def);
      expect.unreachable();
    } catch (e) {
      const found = (e as CompileError).diagnostics;
      expect(found.map((d) => [d.code, d.span.via !== undefined])).toEqual([
        ['TL0104', true],
        ['TL0101', false],
      ]);
    }
  });

  test('at most 20 are said', () => {
    const many = Array.from({ length: 30 }, (_, i) => `A[bx][${i}] = sclae`).join('\n');
    expect(mistakes(many)).toHaveLength(20);
  });

  test('a grid that is refused is the only thing said of it', () => {
    const k = `const n = dim('n');
const k = kernel({ A: tensor(f32, [n]) }, ({ A }) => {
  const [bx] = T.grid([n], { threads: 33 });
  A[bx] = 1;
  T.print('{}', bx);
});`;
    expect(() => buildKernel(define(k).def)).toThrow(/^error TL0303[\s\S]*$/);
    try {
      buildKernel(define(k).def);
    } catch (e) {
      expect((e as CompileError).diagnostics).toHaveLength(1);
    }
  });
});
