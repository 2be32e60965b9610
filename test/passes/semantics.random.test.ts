/** Passes keep what programs compute: generated ones run on the CPU before and after all passes on tiles. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileJs } from '../../src/codegen/js/index.ts';
import type { Kernel } from '../../src/ir/tile/schema.ts';
import { mapStmts } from '../../src/ir/tile/walk.ts';
import { parse, through } from './helpers.ts';

const ROWS = 40;
const COLUMNS = 8;

/** `j`: the loop's variable; `t`: a scalar that loops change; numbers are replaced to make names unique. */
const LINES = [
  'copy K[j * 4, 0; 4, 8] -> k',
  'copy V[j * 4, 0; 4, 8] -> v',
  'copy V[j * 2, 0; 4, 8] -> k',
  'copy K[j, 0; 2, 8] -> k[0, 0; 2, 8]',
  'copy K[j + 3, 0; 2, 8] -> k[2, 0; 2, 8]',
  'copy K[t, 0; 4, 8] -> v',
  'let row#: i32 = j * 3  copy K[row#, 0; 4, 8] -> k',
  'let row#: i32 = t + 1  copy V[row#, 0; 4, 8] -> v',
  'let row#: i32 = table[j]  copy V[row#, 0; 4, 8] -> v',
  'for p# in unroll(0, 2, 1) { copy K[j * 4 + p# * 2, 0; 2, 8] -> k[p# * 2, 0; 2, 8] }',
  'parallel (r#, c#) in (4, 8) { k[r#, c#] = select(j * 4 + r# < n, K[j * 4 + r#, c#], 0.0) }',
  'parallel (r#, c#) in (2, 8) { v[1 + r#, c#] = V[j + r#, c#] }',
  'if j % 2 == 0 { copy K[j * 4, 0; 4, 8] -> k }',
  'if j < 2 { copy K[j * 4, 0; 4, 8] -> k } else { copy V[j, 0; 4, 8] -> k }',
  'parallel (r#, c#) in (4, 8) { acc[r#, c#] = acc[r#, c#] * 0.5 + k[r#, c#] }',
  'parallel (r#, c#) in (4, 8) { acc[r#, c#] = acc[r#, c#] + v[r#, c#] * 2.0 }',
  'parallel (r#, c#) in (4, 8) { v[r#, c#] = k[r#, c#] + 1.0 }',
  'reduce sum k -> sums dim(1)',
  'reduce max v -> most dim(0) clear',
  'cumsum k -> k dim(1)',
  'fill 3.0 -> k',
  't = t + 2',
  'k[1, 2] = 5.0',
  'acc[3, t % 8] = 9.0',
  'copy k -> O[j * 4, 0; 4, 8]',
  'if t > 9 { break }',
  'if j == 1 { continue }',
] as const;
const OUTSIDE = LINES.map((l) => l.replaceAll('break', 't = 1').replaceAll('continue', 't = 3').replace(/\bj\b/g, '2'));

type Node = { readonly line: string } | { readonly loop: string; readonly body: readonly Node[] };

const loopHead = fc
  .tuple(
    fc.constantFrom('pipelined', 'pipelined', 'pipelined', 'serial'),
    fc.constantFrom('0, 4, 1', '1, 5, 2', '0, t % 4, 1', '2, 2, 1', 't, t + 3, 1'),
    fc.constantFrom(2, 3),
  )
  .map(([kind, bounds, stages]) => `${kind}(${bounds})${kind === 'pipelined' ? ` stages(${stages})` : ''}`);

const nodes = (depth: number, inLoop: boolean): fc.Arbitrary<readonly Node[]> => {
  const line = fc.constantFrom(...(inLoop ? LINES : OUTSIDE)).map((l): Node => ({ line: l }));
  if (depth === 0) return fc.array(line, { minLength: 1, maxLength: 5 });
  const loop = fc
    .constant(null)
    .chain(() => fc.tuple(loopHead, nodes(depth - 1, true)))
    .map(([head, body]): Node => ({ loop: head, body }));
  return fc.array(fc.oneof({ weight: 3, arbitrary: line }, { weight: 2, arbitrary: loop }), {
    minLength: 1,
    maxLength: 5,
  });
};

/** Variables get numbers; `j` is the innermost loop's. */
function print(list: readonly Node[], next: () => number, j: string): string {
  return list
    .map((n) => {
      const id = next();
      if ('line' in n) return n.line.replaceAll('#', `${id}`).replace(/\bj\b/g, j);
      return `for j${id} in ${n.loop} {\n${print(n.body, next, `j${id}`)}\n}`;
    })
    .join('\n');
}

function program(list: readonly Node[]): Kernel {
  let count = 0;
  return parse(`kernel k(K: f32[n, 8], V: f32[n, 8], table: i32[n], O: f32[n, 8], Y: f32[4, 8], S: f32[4], M: f32[8]) dims(n) grid(bx: 1) threads(32)
  shared k: f32[4, 8]
  shared v: f32[4, 8]
  fragment acc: f32[4, 8]
  fragment sums: f32[4]
  fragment most: f32[8]
{
  fill 7.0 -> k
  fill 11.0 -> v
  fill 0.0 -> acc
  fill 0.0 -> sums
  fill 0.0 -> most
  var t: i32 = 1
  ${print(list, () => count++, '2')}
  parallel (re, ce) in (4, 8) { acc[re, ce] = acc[re, ce] * 0.25 + k[re, ce] - v[re, ce] }
  copy acc -> Y[0, 0; 4, 8]
  copy sums -> S[0; 4]
  copy most -> M[0; 8]
}`);
}

function outputs(k: Kernel): Record<string, number[]> {
  const numbers = (count: number, f: (i: number) => number) => Float32Array.from({ length: count }, (_, i) => f(i));
  const tensors = {
    K: numbers(ROWS * COLUMNS, (i) => ((i * 37) % 101) / 8),
    V: numbers(ROWS * COLUMNS, (i) => ((i * 53) % 97) / 4 - 9),
    table: Int32Array.from({ length: ROWS }, (_, i) => (i * 7) % 30),
    O: new Float32Array(ROWS * COLUMNS),
    Y: new Float32Array(4 * COLUMNS),
    S: new Float32Array(4),
    M: new Float32Array(8),
  };
  const rows = [ROWS, COLUMNS];
  const shapes = { K: rows, V: rows, table: [ROWS], O: rows, Y: [4, 8], S: [4], M: [8] };
  // In one thread, statement after statement, nothing has to be waited for; that it is waited for is tested elsewhere.
  const body = mapStmts(k.body, (x) => (['barrier', 'commitGroup', 'waitGroup'].includes(x.kind) ? [] : x));
  compileJs({ ...k, body }, { checks: false }).run({ tensors, shapes, scalars: {}, dims: { n: ROWS } });
  return Object.fromEntries(['O', 'Y', 'S', 'M'].map((name) => [name, [...tensors[name as 'O']]]));
}

test('all passes on tiles, on programs with pipelined loops', () => {
  let pipelined = 0;
  fc.assert(
    fc.property(nodes(2, false), (list) => {
      const before = program(list);
      const after = through(before, 'legalize', 'insert-barriers');
      if (JSON.stringify(after.body, (k, v) => (k === 'span' ? undefined : v)).includes('"async":true')) pipelined++;
      expect(outputs(after)).toEqual(outputs(before));
    }),
    { numRuns: 700 },
  );
  expect(pipelined).toBeGreaterThan(60);
}, 120_000);
