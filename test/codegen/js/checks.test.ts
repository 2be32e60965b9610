/** What the CPU backend finds while kernels run, and how it says it. */
import { describe, expect, test } from 'vitest';
import { KernelRuntimeError } from '../../../src/codegen/js/index.ts';
import { rememberSource } from '../../../src/diagnostics/sources.ts';
import { type Call, compile, run } from './run.ts';

function failure(text: string, call: Call): KernelRuntimeError {
  rememberSource('kernel.tir', 1, 1, text);
  try {
    run(text, call, {});
  } catch (e) {
    if (e instanceof KernelRuntimeError) return e;
    throw e;
  }
  throw new Error('it ran');
}

const vector = (n: number, start = 0) => ({ shape: [n], data: Array.from({ length: n }, (_, i) => start + i) });

describe('out of bounds', () => {
  test('a read in a parallel loop, with the frame', () => {
    const text = `kernel k(X: f32[n], Y: f32[64]) dims(n) grid(b: 2) threads(32) {
  parallel (i) in (32) {
    Y[b * 32 + i] = X[b * 32 + i] + 1.0
  }
}`;
    const e = failure(text, { tensors: { X: vector(50), Y: { shape: [64] } }, dims: { n: 50 } });
    expect(e.diagnostic).toMatchObject({ code: 'TL0901', span: { file: 'kernel.tir', line: 3, column: 5 } });
    expect(e.message).toContain(
      '`X` is read outside its bounds: index 50 of dimension 0, which has 50 elements (block (1))',
    );
    expect(e.message).toMatch(/> 3 \| {5}Y\[b \* 32 \+ i\] = X\[b \* 32 \+ i\] \+ 1\.0/);
    expect(e.message).toContain('hint: guard the access');
  });

  test.each([
    ['Y[i + 1, 0] = 0.0', '`Y` is written outside its bounds: index 8 of dimension 0, which has 8'],
    ['Y[0, i - 1] = 0.0', 'index -1 of dimension 1, which has 4'],
    ['t[i, n] = 0.0', '`t` is written outside its bounds: index 4 of dimension 1, which has 4'],
    ['atomic add 1.0 -> Y[n + 5, 0]', '`Y` is written outside its bounds: index 9 of dimension 0'],
    ['if Y[0, n] > 0.0 { Y[0, 0] = 1.0 }', '`Y` is read outside its bounds: index 4 of dimension 1'],
    ['let x: f32 = t[0, n - 5]', '`t` is read outside its bounds: index -1 of dimension 1'],
    ['Y[i64(i) + 4294967296_i64, 0] = 0.0', 'index 4294967296 of dimension 0'],
  ])('%s', (statement, message) => {
    const text = `kernel k(Y: f32[8, 4], n: i32) grid(1) threads(32) shared t: f32[8, 4] {
      fill 0.0 -> t
      parallel (i) in (8) { ${statement} } }`;
    expect(
      failure(text, { tensors: { Y: { shape: [8, 4], data: Array(32).fill(0) } }, scalars: { n: 4 } }).message,
    ).toContain(message);
  });

  test('of scalars outside parallel loops', () => {
    const text = 'kernel k(Y: f32[8], n: i32) grid(1) threads(32) { Y[n] = 0.0 }';
    expect(failure(text, { tensors: { Y: { shape: [8] } }, scalars: { n: 8 } }).diagnostic.code).toBe('TL0901');
  });

  test('a region of a tile', () => {
    const text = `kernel k(Y: f32[8], n: i32) grid(1) threads(32) shared t: f32[8] {
  fill 0.0 -> t
  copy t[n; 4] -> Y[0; 4]
}`;
    const e = failure(text, { tensors: { Y: { shape: [8] } }, scalars: { n: 5 } });
    expect(e.diagnostic).toMatchObject({ code: 'TL0902', span: { line: 3 } });
    expect(e.message).toContain('the region takes elements 5 to 8 along dimension 0 of `t`, which has 8');
    const fine = run(text, { tensors: { Y: { shape: [8], data: Array(8).fill(1) } }, scalars: { n: 4 } });
    expect(fine.Y).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  });

  test('an array too short for its shape', () => {
    const p = compile('kernel k(Y: f32[8]) grid(1) threads(32) { }');
    const call = () => p.run({ tensors: { Y: new Float32Array(7) }, shapes: { Y: [8] }, scalars: {}, dims: {} });
    expect(call).toThrow(/TL0910: `Y` holds 7 elements, but its shape \[8\] needs more/);
  });
});

describe('races', () => {
  const Y = { Y: { shape: [8], data: Array(8).fill(0) }, X: vector(8) };
  const body = (statements: string, extents = '(i, j) in (4, 8)', tiles = ''): string =>
    `kernel k(Y: i32[8], X: i32[8], n: i32) grid(b: 2) threads(32) ${tiles} {\n  parallel ${extents} {\n    ${statements}\n  }\n}`;
  const call = { tensors: Y, scalars: { n: 3 } };

  test('two iterations write one element', () => {
    const e = failure(body('Y[j] = i'), call);
    expect(e.diagnostic).toMatchObject({ code: 'TL0903', span: { line: 3, column: 5 } });
    expect(e.message).toContain('two iterations of T.Parallel write `Y[0]`: i = 0, j = 0 and i = 1, j = 0 (block (0))');
    expect(e.message).toMatch(/> 3 \|/);
  });

  test('from two lines: both are shown', () => {
    const e = failure(body('Y[i] = 1\n    Y[i + n] = 2', '(i) in (5)'), call);
    expect(e.message).toContain('write `Y[3]`: i = 0 and i = 3');
    expect(e.diagnostic.span.line).toBe(3);
    expect(e.diagnostic.notes).toMatchObject([{ message: '`Y` is written here', span: { line: 4 } }]);
  });

  test('an iteration reads what an earlier one wrote', () => {
    const e = failure(body('Y[i] = X[i]\n    X[i] = Y[max(i - 1, 0)]', '(i) in (8)'), call);
    expect(e.diagnostic).toMatchObject({ code: 'TL0904', span: { line: 4 } });
    expect(e.message).toContain('the iteration i = 1 of T.Parallel reads `Y[0]`, which the iteration i = 0 writes');
    expect(e.diagnostic.notes).toMatchObject([{ message: '`Y` is written here', span: { line: 3 } }]);
  });

  test('an iteration reads what a later one writes', () => {
    const e = failure(body('X[i] = X[i + 1]', '(i) in (7)'), call);
    expect(e.diagnostic).toMatchObject({ code: 'TL0904', span: { line: 3 } });
    expect(e.message).toContain('the iteration i = 0 of T.Parallel reads `X[1]`, which the iteration i = 1 writes');
  });

  test('read by several, written by one of them', () => {
    const e = failure(body('let x: i32 = X[0]\n    if i == 3 { X[0] = x }', '(i) in (8)'), call);
    expect(e.message).toContain('another iteration of T.Parallel reads `X[0]`, which the iteration i = 3 writes');
  });

  test('atomics beside plain accesses', () => {
    expect(failure(body('atomic add 1 -> Y[0]\n    if i == 2 { Y[0] = 1 }', '(i) in (4)'), call).diagnostic.code).toBe(
      'TL0903',
    );
    expect(failure(body('if i == 0 { Y[0] = 1 }\n    atomic add 1 -> Y[0]', '(i) in (4)'), call).diagnostic.code).toBe(
      'TL0903',
    );
    expect(failure(body('atomic add Y[0] -> Y[0]', '(i) in (4)'), call).diagnostic.code).toBe('TL0904');
  });

  test('in tiles, and through indices that are loaded', () => {
    const tile = 'shared t: i32[8]';
    expect(failure(body('t[X[i] // 2] = 1', '(i) in (8)', tile), call).message).toContain(
      'write `t[0]`: i = 0 and i = 1',
    );
    expect(failure(body('t[i // 2] = 1', '(i) in (8)', 'fragment t: i32[8]'), call).diagnostic.code).toBe('TL0903');
  });

  test('what a thread keeps for itself is not there for others', () => {
    const tile = 'local t: i32[2]';
    expect(run(body('t[0] = i\n    Y[i] = t[0]', '(i) in (8)', tile), call).Y).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const e = failure(body('if i == 0 { t[0] = i }\n    Y[i] = t[0]', '(i) in (8)', tile), call);
    expect(e.message).toContain('the iteration i = 1 of T.Parallel reads `t[0]`, which the iteration i = 0 writes');
  });

  test.each([
    ['each its own', 'Y[i] = Y[i] + 1', '(i) in (8)'],
    ['a permutation, by arithmetic', 'Y[(i * 3 + n) % 8] = 1', '(i) in (8)'],
    ['a permutation, by a table', 'Y[X[i]] = 1', '(i) in (8)'],
    ['mixed radix', 'Y[i * 4 + j] = 1', '(i, j) in (2, 4)'],
    ['mixed radix, the other way round', 'Y[j * 2 + i] = Y[j * 2 + i] + 1', '(i, j) in (2, 4)'],
    ['by way of a name', 'let at: i32 = i * 4 + j\n Y[at] = Y[at] + 1', '(i, j) in (2, 4)'],
    ['by way of quotients', 'Y[(i // 4) * 4 + i % 4] = i', '(i) in (8)'],
    ['several times by one iteration', 'Y[i] = 1\n Y[i] = 2\n for k in serial(3) { Y[i] = Y[i] + k }', '(i) in (8)'],
    ['atomics among themselves', 'atomic add 1 -> Y[0]', '(i) in (8)'],
    ['reads of what nobody writes', 'Y[i] = X[0] + X[7 - i]', '(i) in (8)'],
    ['a single writer', 'if i == 3 { Y[0] = i }', '(i) in (8)'],
  ])('fine: %s', (_, statements, extents) => {
    expect(() => run(body(statements, extents), call)).not.toThrow();
  });

  test('one loop after another may touch the same elements', () => {
    const text = `kernel k(Y: i32[8]) grid(1) threads(32) {
      for r in serial(100) {
        parallel (i) in (8) { Y[(i + r) % 8] = Y[(i + r) % 8] + 1 }
        parallel (i) in (8) { Y[7 - (i + r) % 8] = Y[7 - (i + r) % 8] + 1 }
      } }`;
    expect(run(text, { tensors: { Y: { shape: [8], data: Array(8).fill(0) } } }).Y).toEqual(Array(8).fill(200));
  });
});

describe('reads of unwritten tiles', () => {
  const call = { tensors: { Y: { shape: [8], data: Array(8).fill(0) } }, scalars: { n: 0 } };
  const body = (statements: string): string => `kernel k(Y: f32[8], n: i32) grid(b: 2) threads(32)
  shared t: f32[8]
  fragment u: f32[8] {
    ${statements}
}`;

  test.each([
    ['copy t -> Y[0; 8]', 't', 4],
    ['if n > 0 { fill 0.0 -> t }\n copy t -> Y[0; 8]', 't', 5],
    ['for i in serial(n) { fill 0.0 -> u }\n parallel (i) in (8) { Y[i] = u[i] }', 'u', 5],
    ['fill 0.0 -> t\n parallel (i) in (8) { t[i] = u[i] + t[i] }', 'u', 5],
    ['reduce sum t -> u[0; 1] dim(0) clear', 't', 4],
    ['let x: f32 = t[n]', 't', 4],
    ['if t[n] > 0.0 { Y[0] = 1.0 }', 't', 4],
    ['if n > 5 { Y[0] = 1.0 } else if t[n] > 0.0 { Y[0] = 2.0 }', 't', 4],
  ])('%s', (statements, tile, line) => {
    const e = failure(body(statements), call);
    expect(e.diagnostic).toMatchObject({ code: 'TL0905', span: { line } });
    expect(e.message).toContain(`\`${tile}\` is read, but nothing has been written to it in this block (0)`);
  });

  test.each([
    'if n > 0 { fill 0.0 -> t } else { fill 1.0 -> t }\n copy t -> Y[0; 8]',
    'for i in serial(4) { if i > 0 { copy t -> Y[0; 8] }\n fill 1.0 -> t }',
    'parallel (i) in (8) { u[i] = 1.0\n Y[i] = u[i] }',
    'if n > 0 { copy t -> Y[0; 8] }',
    'if n > 0 && t[0] > 0.0 { Y[0] = 1.0 }',
    'parallel (i) in (8) { if i < n { Y[i] = u[i] } }',
  ])('fine: %s', (statements) => {
    expect(() => run(body(statements), call)).not.toThrow();
  });

  test('a new block starts without what the last one wrote', () => {
    const text = body('if b == 0 { fill 1.0 -> t }\n copy t -> Y[0; 8]');
    expect(failure(text, call).message).toContain('(block (1))'.replace('(block ', 'in this block ').slice(0, -1));
  });

  test('elements that a partly written tile lacks are NaN', () => {
    const { Y } = run(body('fill 1.0 -> u[0; 3]\n copy u -> Y[0; 8]'), call, {});
    expect(Y).toEqual([1, 1, 1, NaN, NaN, NaN, NaN, NaN]);
  });
});

test.each(['i32', 'i64'])('division of %s by zero', (d) => {
  const zero = d === 'i64' ? '0_i64' : '0';
  for (const op of ['7 // n', '7 % n', 'ceildiv(7, n)']) {
    const expression = d === 'i64' ? op.replace('7', '7_i64') : op;
    const text = `kernel k(Y: ${d}[1], n: ${d}) grid(1) threads(32) {\n  Y[0] = select(n == ${zero} + ${zero}, ${expression}, ${zero})\n}`;
    expect(failure(text, { tensors: { Y: { shape: [1] } }, scalars: { n: 0 } }).message).toMatch(
      /TL0907: an integer is divided by zero/,
    );
  }
});

test('without checks nothing is stamped, flagged or poisoned', () => {
  const text = `kernel k(Y: i32[8], n: i32) grid(1) threads(32) shared t: i32[8] {
    if n > 0 { fill 0 -> t }
    parallel (i) in (8) { Y[i * n] = t[i] // n } }`;
  expect(compile(text).source).toMatch(/Shadow/);
  expect(compile(text, { checks: false }).source).not.toMatch(/Shadow|at\(|_written|fill\(0xcd|nonzero/);
});
