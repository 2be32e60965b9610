/** Control flow, scalars, the grid, printing and assertions. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { KernelRuntimeError } from '../../../src/codegen/js/index.ts';
import { CompileError } from '../../../src/diagnostics/diagnostic.ts';
import { compile, run } from './run.ts';

afterEach(() => vi.restoreAllMocks());

const out = (body: string, n: number, dtype = 'i32', rest = ''): number[] =>
  run(`kernel k(Out: ${dtype}[${n}]${rest}) grid(1) threads(32) { ${body} }`, {
    tensors: { Out: { shape: [n] } },
  }).Out!.map(Number);

test('serial and unrolled loops, steps, empty ranges', () => {
  expect(
    out(
      `var n: i32 = 0
       for i in serial(2, 11, 4) { Out[n] = i  n = n + 1 }
       for i in unroll(3) { Out[n] = 100 + i  n = n + 1 }
       for i in serial(5, 5, 1) { Out[0] = -1 }
       for i in pipelined(7, 3, 1) stages(2) { Out[0] = -1 }
       Out[n] = n`,
      7,
    ),
  ).toEqual([2, 6, 10, 100, 101, 102, 6]);
});

test('the bounds of a loop are taken once', () => {
  expect(
    out(
      'var n: i32 = 3\n var c: i32 = 0\n for i in serial(n) { n = 10  c = c + 1 }\n Out[0] = c\n for i in serial(0, n * 2, n // 5) { n = 40  c = c + 1 }\n Out[1] = c',
      2,
    ),
  ).toEqual([3, 13]);
});

test('while, break, continue', () => {
  expect(
    out(
      `var i: i32 = 0
       var odd: i32 = 0
       while true {
         i = i + 1
         if i > 20 { break }
         if i % 2 == 0 { continue }
         odd = odd + i
       }
       var rows: i32 = 0
       for r in serial(10) {
         for c in serial(10) {
           if c == r { break }
           rows = rows + 1
         }
       }
       Out[0] = odd
       Out[1] = rows
       Out[2] = i`,
      3,
    ),
  ).toEqual([100, 45, 21]);
});

test('if, else if, else; conditions that stop early', () => {
  const text = `kernel k(Out: i32[9], X: i32[4]) grid(1) threads(32) {
    parallel (i) in (9) {
      if i < 4 && X[i] > 1 {
        Out[i] = 1
      } else if i == 8 || i == 7 {
        Out[i] = 2
      } else {
        if !(i >= 5) { Out[i] = 3 } else { Out[i] = 4 }
      }
    } }`;
  const { Out } = run(text, { tensors: { Out: { shape: [9] }, X: { shape: [4], data: [0, 2, 1, 5] } } });
  // X[8] would be outside: && does not look.
  expect(Out).toEqual([3, 1, 3, 1, 3, 4, 4, 2, 2]);
});

test('a branch of select that is not taken is not read', () => {
  const text = `kernel k(Out: f32[8], X: f32[n]) dims(n) grid(1) threads(32) {
    parallel (i) in (8) { Out[i] = select(i < n, X[i], 0.0) } }`;
  const { Out } = run(text, { tensors: { Out: { shape: [8] }, X: { shape: [3], data: [1, 2, 3] } }, dims: { n: 3 } });
  expect(Out).toEqual([1, 2, 3, 0, 0, 0, 0, 0]);
});

test('return ends the block, not the grid', () => {
  const text = `kernel k(Out: i32[8]) grid(b: 8) threads(32) {
    Out[b] = 0
    if b % 2 == 1 { return }
    Out[b] = 1 }`;
  expect(run(text, { tensors: { Out: { shape: [8] } } }).Out).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
});

test('blocks run x fastest; a grid of size zero does nothing', () => {
  const text = `kernel k(Out: i32[n], Count: i32[1]) dims(n) grid(x: 2, y: 3, z: n // 6) threads(32) {
    Out[Count[0]] = (z * 10 + y) * 10 + x
    Count[0] = Count[0] + 1 }`;
  const call = (n: number) =>
    run(text, { tensors: { Out: { shape: [n] }, Count: { shape: [1], data: [0] } }, dims: { n } });
  expect(call(12).Out).toEqual([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);
  expect(call(0).Count).toEqual([0]);
});

test('persistent loops share their iterations out', () => {
  const text = `kernel k(Out: i32[20]) grid(b: 3) threads(32) {
    for i in persistent(2, 18, 2) { Out[i] = b } }`;
  const { Out } = run(text, { tensors: { Out: { shape: [20], data: Array(20).fill(-1) } } });
  expect(Out!.filter((_, i) => i % 2 === 0)).toEqual([-1, 0, 1, 2, 0, 1, 2, 0, 1, -1]);
});

test('scalar arguments are converted to their dtypes', () => {
  const text = `kernel k(Out: f64[7], a: f32, b: f16, c: i32, d: i64, e: bool, f: u8, g: f64) grid(1) threads(32) {
    Out[0] = f64(a)
    Out[1] = f64(b)
    Out[2] = f64(c)
    Out[3] = f64(d)
    Out[4] = f64(e)
    Out[5] = f64(f)
    Out[6] = g }`;
  const scalars = { a: 0.1, b: 0.1, c: -7, d: 9007199254740993n, e: true, f: 200, g: 0.1 };
  expect(run(text, { tensors: { Out: { shape: [7] } }, scalars }).Out).toEqual([
    Math.fround(0.1),
    0.0999755859375,
    -7,
    9007199254740992,
    1,
    200,
    0.1,
  ]);
});

test('sizes are expressions over dimensions; 64-bit indices', () => {
  const text = `kernel k(X: i64[n + 1, 2 * n], Out: i64[4]) dims(n) grid(1) threads(32) {
    for i in serial(0_i64, 4_i64, 1_i64) { Out[i] = X[i64(n), i + 2_i64] * 3_i64 } }`;
  const data = Array.from({ length: 24 }, (_, i) => BigInt(i) << 40n);
  const { Out } = run(text, { tensors: { X: { shape: [4, 6], data }, Out: { shape: [4] } }, dims: { n: 3 } });
  expect(Out).toEqual([20, 21, 22, 23].map((i) => (BigInt(i) << 40n) * 3n));
});

test('names that JavaScript or the backend has, and odd ones', () => {
  const text = `kernel function(\`class\`: f32[2], F16: f32[2], block: i32, \`a b\`: f32[2]) grid(tensors: 1) threads(32)
    fragment at: f32[2] {
      copy \`class\`[0; 2] -> at
      let fround: i32 = block + tensors
      parallel (Math) in (2) { F16[Math] = at[Math] * f32(fround)  \`a b\`[Math] = 1.0 } }`;
  const tensors = { class: { shape: [2], data: [1, 2] }, F16: { shape: [2] }, 'a b': { shape: [2] } };
  const got = run(text, { tensors, scalars: { block: 3 } });
  expect(got.F16).toEqual([3, 6]);
  expect(got['a b']).toEqual([1, 1]);
});

describe('atomics', () => {
  test('histogram, in shared and global memory', () => {
    const text = `kernel k(X: i32[n], Out: i32[8]) dims(n) grid(b: ceildiv(n, 32)) threads(32)
      shared bins: i32[8] {
        fill 0 -> bins
        parallel (i) in (32) {
          if b * 32 + i < n { atomic add 1 -> bins[X[b * 32 + i] & 7] }
        }
        parallel (j) in (8) { atomic add bins[j] -> Out[j] } }`;
    const data = Array.from({ length: 100 }, (_, i) => (i * i * 7 + i) % 23);
    const { Out } = run(text, {
      tensors: { X: { shape: [100], data }, Out: { shape: [8], data: Array(8).fill(0) } },
      dims: { n: 100 },
    });
    const want = Array(8).fill(0);
    for (const x of data) want[x & 7]++;
    expect(Out).toEqual(want);
  });

  test.each([
    ['f32', 'add', [1.5, 0.25], 1.75],
    ['f16', 'add', [2048, 1], 2048],
    ['i64', 'add', [2n ** 62n, 2n ** 62n], -(2n ** 63n)],
    ['u8', 'add', [250, 10], 4],
    ['f32', 'max', [1, NaN], 1],
    ['f32', 'max', [NaN, 1], NaN],
    ['f16', 'max', [NaN, 1], 1],
    ['f32', 'min', [-1, -2], -2],
    ['i32', 'max', [-5, -6], -5],
    ['u32', 'min', [4000000000, 3], 3],
  ] as const)('%s %s', (d, op, [x, y], want) => {
    const text = `kernel k(X: ${d}[1], Y: ${d}[1]) grid(1) threads(32) { atomic ${op} Y[0] -> X[0] }`;
    const { X } = run(text, { tensors: { X: { shape: [1], data: [x] }, Y: { shape: [1], data: [y] } } });
    expect(X).toEqual([want]);
  });
});

test('inline PTX takes its fallback; without one the kernel is refused', () => {
  expect(out('Out[0] = ptx.f32("ex2.approx.f32 $0, $1;", 3.0; exp2(3.0))', 1, 'f32')).toEqual([8]);
  const text = 'kernel k(Out: f32[1]) grid(1) threads(32) {\n  Out[0] = ptx.f32("ex2.approx.f32 $0, $1;", 3.0)\n}';
  expect(() => compile(text)).toThrow(CompileError);
  expect(() => compile(text)).toThrow(/TL0908.*\n.*kernel\.tir:2:3/);
});

test('what the passes make is refused', () => {
  expect(() => compile('kernel k() grid(1) threads(32) { barrier }')).toThrow(/TL0909: `barrier`/);
  expect(() =>
    compile('kernel k(X: f32[4]) grid(1) threads(32) shared t: f32[4] stages(2) { copy X[0; 4] -> t.slot(0) }'),
  ).toThrow(/TL0909/);
});

test('print writes a line, floats as short as they can be', () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  run(
    'kernel k(X: f32[1], s: f64) grid(1) threads(32) {\n print "x {} of {}: {} {}{}", X[0], 3, s, X[0] > 0.0, 5_i64 }',
    {
      tensors: { X: { shape: [1], data: [0.1] } },
      scalars: { s: 0.1 },
    },
    {},
  );
  expect(log.mock.calls).toEqual([['x 0.1 of 3: 0.1 true5']]);
});

test('assert stops the kernel at the line, with the message and the block', () => {
  const text = `kernel k(X: i32[4]) grid(b: 4) threads(32) {
  assert X[b] < 3, "X must be small"
}`;
  const call = () => run(text, { tensors: { X: { shape: [4], data: [0, 1, 5, 0] } } });
  expect(call).toThrow(KernelRuntimeError);
  expect(call).toThrow(/TL0906: assertion failed: X must be small \(block \(2\)\)\n.*kernel\.tir:2:3/);
});
