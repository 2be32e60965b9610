/** Macros and functions inside kernels: inlined, with names of their own. */
import { readFileSync } from 'node:fs';
import {
  dim,
  type Fragment,
  f16,
  f32,
  i32,
  type Kernel,
  kernel,
  macro,
  type Region,
  type Shared,
  T,
  type Tile,
  tensor,
} from 'tilec';
import { expect, test } from 'vitest';
import { buildKernel } from '../../src/frontend/index.ts';
import type { Span } from '../../src/ir/span.ts';
import { dedent, statements } from './text.ts';

const n = dim('n');

const square = macro((x: number) => x * x);
const scale = macro((t: Tile<'f32', 2>, by: number) => {
  const [rows, cols] = t.shape;
  for (const [i, j] of T.Parallel(rows, cols)) t[i][j] *= by;
});
const twice = macro((t: Tile<'f32', 2>) => {
  scale(t, 2);
  scale(t, square(3));
});
const load = macro((from: Region<'f32'>, to: Shared<'f32', 2>) => T.copy(from, to));
const rowSums = macro((t: Fragment<'f32', 2>) => {
  const sums = T.fragment(f32, [t.shape[0]]);
  T.reduceSum(t, sums, { dim: 1 });
  return sums;
});
const each = macro((count: number, f: (i: i32) => void) => {
  for (const i of T.serial(count)) f(i);
});
const typed = macro((x: number): f32 => {
  let y: f32 = x;
  if (y < 0) y = 0;
  return y;
});

test('tiles, regions, scalars and host values as arguments; nested macros; fresh names', () => {
  const k = kernel({ A: tensor(f32, [n, 64]) }, ({ A }) => {
    const [bx] = T.grid([n]);
    const s = T.shared(f32, [8, 64]);
    load(A.tile([bx * 8, 0], [8, 64]), s);
    twice(s);
    T.copy(s, A.tile([bx * 8, 0], [8, 64]));
  });
  expect(statements(k)).toBe(
    dedent(`
      copy A[bx * 8, 0; 8, 64] -> s
      parallel (i, j) in (8, 64) {
        s[i, j] = s[i, j] * 2.0
      }
      parallel (i_1, j_1) in (8, 64) {
        s[i_1, j_1] = s[i_1, j_1] * 9.0
      }
      copy s -> A[bx * 8, 0; 8, 64]
    `),
  );
});

test('a macro makes tiles and returns them', () => {
  const k = kernel({ A: tensor(f32, [n, 64]) }, ({ A }) => {
    const [bx] = T.grid([n]);
    const f = T.fragment(f32, [8, 64]);
    T.copy(A.tile([bx * 8, 0], [8, 64]), f);
    const a = rowSums(f);
    const b = rowSums(f);
    T.copy(a, b);
  });
  expect(buildKernel(k.def).buffers.map((b) => b.name)).toEqual(['f', 'sums', 'sums_1']);
  expect(statements(k)).toBe(
    dedent(`
      copy A[bx * 8, 0; 8, 64] -> f
      reduce sum f -> sums dim(1) clear
      reduce sum f -> sums_1 dim(1) clear
      copy sums -> sums_1
    `),
  );
});

test('an element is passed by value: once, before the body changes it', () => {
  const k = kernel({ A: tensor(f32, [n]) }, ({ A }) => {
    const [bx] = T.grid([n]);
    const set = (x: number) => {
      A[bx] = 0;
      A[bx + 1] = x;
    };
    set(A[bx]);
  });
  expect(statements(k)).toBe(
    dedent(`
      let x: f32 = A[bx]
      A[bx] = 0.0
      A[bx + 1] = x
    `),
  );
});

test('a function of the kernel goes through a macro', () => {
  const k = kernel({ A: tensor(f32, [n]) }, ({ A }) => {
    T.grid([n]);
    each(4, (i) => {
      A[i] = square(A[i] + 1);
    });
  });
  expect(statements(k)).toBe(
    dedent(`
      for i in serial(0, 4, 1) {
        let x: f32 = A[i] + 1.0
        A[i] = x * x
      }
    `),
  );
});

test('device scalars live in a macro; it returns at its end', () => {
  const k = kernel({ A: tensor(f32, [n]) }, ({ A }) => {
    const [bx] = T.grid([n]);
    A[bx] = typed(A[bx + 1]);
  });
  expect(statements(k)).toBe(
    dedent(`
      let x: f32 = A[bx + 1]
      var y: f32 = x
      if y < 0.0 {
        y = 0.0
      }
      A[bx] = y
    `),
  );
});

test('in an operand that may not be reached, arguments are not named', () => {
  const k = kernel({ A: tensor(f32, [n]) }, ({ A }) => {
    const [bx] = T.grid([n]);
    A[bx] = bx < n ? square(A[bx]) : 0;
  });
  expect(statements(k)).toBe('A[bx] = select(bx < n, A[bx] * A[bx], 0.0)');
});

test('spans of inlined statements lead to the macro, and from there to the calls', () => {
  const k = kernel({ A: tensor(f32, [8, 64]) }, ({ A }) => {
    T.grid([1]);
    twice(A);
  });
  const [first] = buildKernel(k.def).body;
  const text = readFileSync(new URL(import.meta.url), 'utf8').split('\n');
  const lines: string[] = [];
  for (let s: Span | undefined = first?.span; s; s = s.via)
    lines.push(text[s.line - 1]!.slice(s.column - 1, (s.endColumn ?? 0) - 1));
  expect(lines).toEqual(['T.Parallel(rows, cols)', 'scale(t, 2)', 'twice(A)']);
});

/** Staging: what a factory's options decide is decided before the program exists. */
function staged({ norm = true, width = 64 } = {}): Kernel<never> {
  const sizes = { rows: 4, cols: width };
  const k = kernel({ A: tensor(f32, [n, width]), B: tensor(f16, [n.times(2), width]) }, ({ A, B }) => {
    const [bx] = T.grid([T.ceilDiv(n, sizes.rows)], { threads: sizes.cols * 2, minBlocks: 2 });
    const half = width / 2;
    for (const [i, j] of T.Parallel(sizes.rows, half)) {
      if (norm) A[bx * sizes.rows + i][j] *= 1 / Math.sqrt(width);
      else A[bx * sizes.rows + i][j] = f32(B[n * 2 - 1][j + half]);
    }
  });
  return k as unknown as Kernel<never>;
}

test('options of a factory', () => {
  expect(statements(staged())).toBe(
    dedent(`
      parallel (i, j) in (4, 32) {
        A[bx * 4 + i, j] = A[bx * 4 + i, j] * 0.125
      }
    `),
  );
  expect(statements(staged({ norm: false, width: 32 }))).toBe(
    dedent(`
      parallel (i, j) in (4, 16) {
        A[bx * 4 + i, j] = f32(B[n * 2 - 1, j + 16])
      }
    `),
  );
  expect(buildKernel(staged().def)).toMatchObject({ threads: 128, minBlocks: 2, name: 'k' });
});

test('dimensions: promises, products, the signature before the body', () => {
  const pages = dim('pages');
  const rows = dim('rows', { multipleOf: 8 });
  const k = kernel(
    { Pool: tensor(f16, [pages.times(64), 8]), A: tensor(f16, [rows, 8]), Out: tensor(i32, [rows]) },
    ({ Pool, Out }) => {
      T.grid([pages, rows]);
      Out[0] = pages + Pool.shape[0] + rows;
    },
  );
  const built = buildKernel(k.def);
  expect(built.dims.map(({ name, multipleOf }) => ({ name, multipleOf }))).toEqual([
    { name: 'pages', multipleOf: 1 },
    { name: 'rows', multipleOf: 8 },
  ]);
  expect(statements(k)).toBe('Out[0] = pages + pages * 64 + rows');
});
