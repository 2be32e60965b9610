import { describe, expect, test } from 'vitest';
import { bodyOf, dedent, parse, through, tilesOf } from './helpers.ts';

const HEAD = `kernel k(K: f16[n, 64], V: f16[n, 64], table: i32[n], O: f32[n, 64]) dims(n % 8)
  grid(bx: ceildiv(n, 64)) threads(128)
  shared q: f16[64, 64]
  shared k: f16[32, 64]
  shared v: f16[32, 64]
  fragment s: f32[64, 32]
  fragment o: f32[64, 64]`;

const kernel = (body: string) => parse(`${HEAD}\n{\n${body}\n}`);
const planned = (body: string): string => bodyOf(through(kernel(body), 'plan-pipeline'));
const isPipelined = (body: string): boolean => planned(body).includes('commitGroup');

test('two stages: one copy ahead, a group an iteration, all groups done at the end', () => {
  const k = through(
    kernel(`for j in pipelined(0, n // 32, 1) stages(2) {
      copy K[j * 32, 0; 32, 64] -> k
      gemm q, transpose(k) -> s
    }`),
    'plan-pipeline',
  );
  expect(tilesOf(k)).toContain('shared k: f16[2, 32, 64]');
  expect(bodyOf(k)).toBe(
    dedent(`
      let j_end: i32 = n // 32
      if 0 < j_end {
        copy K[0, 0; 32, 64] -> k[0, 0, 0; 1, 32, 64] async
      }
      commitGroup
      for j in serial(0, j_end, 1) {
        waitGroup 0
        if j + 1 < j_end {
          copy K[(j + 1) * 32, 0; 32, 64] -> k[(j + 1) % 2, 0, 0; 1, 32, 64] async
        }
        commitGroup
        gemm q, transpose(k[j % 2, 0, 0; 1, 32, 64]) -> s
      }
      waitGroup 0
    `),
  );
});

test('three stages, from a start and in steps: slots count iterations', () => {
  expect(
    planned(`for j in pipelined(bx, n, 4) stages(3) {
      copy K[j * 32, 0; 32, 64] -> k
      gemm q, transpose(k) -> s
    }`),
  ).toBe(
    dedent(`
      if bx < n {
        copy K[bx * 32, 0; 32, 64] -> k[0, 0, 0; 1, 32, 64] async
      }
      commitGroup
      if bx + 4 < n {
        copy K[(bx + 4) * 32, 0; 32, 64] -> k[1, 0, 0; 1, 32, 64] async
      }
      commitGroup
      for j in serial(bx, n, 4) {
        waitGroup 1
        if j + 8 < n {
          copy K[(j + 8) * 32, 0; 32, 64] -> k[((j - bx) // 4 + 2) % 3, 0, 0; 1, 32, 64] async
        }
        commitGroup
        gemm q, transpose(k[(j - bx) // 4 % 3, 0, 0; 1, 32, 64]) -> s
      }
      waitGroup 0
    `),
  );
});

test('the names that an address needs come along, renamed, what they look up one iteration earlier; the rest stays', () => {
  expect(
    planned(`for j in pipelined(0, 8, 1) stages(2) {
      let page: i32 = table[j]
      let row: i32 = page * 32
      let other: i32 = j + 1
      copy K[row, 0; 32, 64] -> k
      gemm q, transpose(k) -> s
      print "{}", other
    }`),
  ).toBe(
    dedent(`
      var page_ahead: i32 = 0
      page_ahead = table[1]
      let page_first0: i32 = table[0]
      let row_first0: i32 = page_first0 * 32
      copy K[row_first0, 0; 32, 64] -> k[0, 0, 0; 1, 32, 64] async
      commitGroup
      for j in serial(0, 8, 1) {
        waitGroup 0
        if j + 1 < 8 {
          let row_next: i32 = page_ahead * 32
          copy K[row_next, 0; 32, 64] -> k[(j + 1) % 2, 0, 0; 1, 32, 64] async
        }
        commitGroup
        if j + 2 < 8 {
          page_ahead = table[j + 2]
        }
        let page: i32 = table[j]
        let row: i32 = page * 32
        let other: i32 = j + 1
        gemm q, transpose(k[j % 2, 0, 0; 1, 32, 64]) -> s
        print "{}", other
      }
      waitGroup 0
    `),
  );
});

test('conditional copies run ahead under their condition', () => {
  const text = planned(`for j in pipelined(0, 8, 1) stages(2) {
      if j < 4 {
        copy K[j * 32, 0; 32, 64] -> k
      } else {
        parallel (r, c) in (32, 64) {
          k[r, c] = select(j * 32 + r < n, V[j * 32 + r, c], 0.0_f16)
        }
      }
      gemm q, transpose(k) -> s
    }`);
  expect(text).toContain(
    dedent(`
        if j + 1 < 8 {
          if j + 1 < 4 {
            copy K[(j + 1) * 32, 0; 32, 64] -> k[(j + 1) % 2, 0, 0; 1, 32, 64] async
          } else {
            parallel (r_next, c_next) in (32, 64) async {
              k[(j + 1) % 2, r_next, c_next] = select((j + 1) * 32 + r_next < n, V[(j + 1) * 32 + r_next, c_next], 0.0_f16)
            }
          }
        }`).replaceAll('\n', '\n  '),
  );
});

test('a loop of copies fills the tile page by page', () => {
  expect(
    isPipelined(`for j in pipelined(0, 8, 1) stages(2) {
      for p in unroll(0, 4, 1) {
        copy K[table[j * 4 + p] * 8, 0; 8, 64] -> k[p * 8, 0; 8, 64]
      }
      gemm q, transpose(k) -> s
    }`),
  ).toBe(true);
});

test('nested: the inner loop is pipelined, its tiles written anew in each outer iteration', () => {
  const text = planned(`for i in serial(0, 4, 1) {
      for j in pipelined(0, 8, 1) stages(2) {
        copy K[(i * 8 + j) * 32, 0; 32, 64] -> k
        gemm q, transpose(k) -> s
      }
    }`);
  expect(text).toContain('copy K[(i * 8 + (j + 1)) * 32, 0; 32, 64] -> k[(j + 1) % 2, 0, 0; 1, 32, 64] async');
  expect(text.split('\n').filter((l) => l.includes('waitGroup 0'))).toHaveLength(2);
});

test('bounds that may change are read once', () => {
  const text = planned(`var m: i32 = 4
    for j in pipelined(m, m + 4, m) stages(2) {
      copy K[j * 32, 0; 32, 64] -> k
      m = 1
      gemm q, transpose(k) -> s
    }`);
  expect(text).toContain('let j_start: i32 = m\nlet j_step: i32 = m\nlet j_end: i32 = m + 4');
  expect(text).toContain('for j in serial(j_start, j_end, j_step) {');
});

test('one stage, or nothing to run ahead: a plain loop', () => {
  const loop = (stages: string) => `for j in pipelined(0, 8, 1)${stages} {
  copy K[j * 32, 0; 32, 64] -> k
  gemm q, transpose(k) -> s
}`;
  expect(planned(loop(' stages(1)'))).toBe(loop('').replace('pipelined', 'serial'));
  expect(planned(loop(''))).toBe(loop('').replace('pipelined', 'serial'));
});

/** Each would compute something else if the copy ran ahead. */
describe('copies stay in place', () => {
  const around = (body: string, before = '', after = '') => `${before}
    for j in pipelined(0, 8, 1) stages(2) {
      ${body}
    }
    ${after}`;
  const USE = 'gemm q, transpose(k) -> s';
  test.each([
    ['where the tile is read before it is filled', around(`${USE}  copy K[j * 32, 0; 32, 64] -> k`)],
    [
      'where one tile is filled twice',
      around(`copy K[j * 32, 0; 32, 64] -> k  ${USE}  copy V[j * 32, 0; 32, 64] -> k  gemm q, transpose(k) -> s`),
    ],
    [
      'where a condition may leave the tile as it was',
      around(`if j % 2 == 0 { copy K[j * 32, 0; 32, 64] -> k }  ${USE}`),
    ],
    ['where only a part is new each time', around(`copy K[j * 32, 0; 8, 64] -> k[8, 0; 8, 64]  ${USE}`)],
    ['where a row is chosen at run time', around(`copy K[j, 0; 1, 64] -> k[j % 32, 0; 1, 64]  ${USE}`)],
    ['where something else writes the tile too', around(`copy K[j * 32, 0; 32, 64] -> k  ${USE}  fill 0.0_f16 -> k`)],
    ['where the tile is read after the loop', around(`copy K[j * 32, 0; 32, 64] -> k  ${USE}`, '', USE)],
    [
      'where the tile is read after the loop unless a condition holds',
      around(`copy K[j * 32, 0; 32, 64] -> k  ${USE}`, '', `if bx == 0 { fill 0.0_f16 -> k }  ${USE}`),
    ],
    [
      'where the next round of an outer loop reads what was left',
      `for i in serial(0, 4, 1) { gemm q, transpose(k) -> s ${around('copy K[j * 32, 0; 32, 64] -> k  gemm q, transpose(k) -> s')} }`,
    ],
    [
      'where the address follows a scalar that the loop changes',
      around(`copy K[t, 0; 32, 64] -> k  ${USE}  t = t + 32`, 'var t: i32 = 0'),
    ],
    [
      'where it follows it by way of a name',
      around(`let row: i32 = t * 2  copy K[row, 0; 32, 64] -> k  ${USE}  t = t + 32`, 'var t: i32 = 0'),
    ],
    ['where a break may end the loop', around(`copy K[table[j], 0; 32, 64] -> k  if table[j] < 0 { break }  ${USE}`)],
    ['behind a continue', around(`if table[j] < 0 { continue }  copy K[table[j], 0; 32, 64] -> k  ${USE}`)],
    [
      'where the source is written by the kernel',
      around(`copy K[j * 32, 0; 32, 64] -> k  copy k -> K[j * 32, 0; 32, 64]`),
    ],
    ['where the elements are converted', around(`copy O[j * 32, 0; 32, 64] -> k  ${USE}`)],
  ])('%s', (_, body) => expect(isPipelined(body)).toBe(false));
});

test.each([
  ['it is overwritten before it is read again', 'fill 0.0_f16 -> k  gemm q, transpose(k) -> s'],
  [
    'both branches overwrite it',
    'if bx == 0 { fill 0.0_f16 -> k } else { copy V[0, 0; 32, 64] -> k }  gemm q, transpose(k) -> s',
  ],
  [
    'a second pipelined loop fills it anew',
    'for i in pipelined(0, 8, 1) stages(3) { copy V[i * 32, 0; 32, 64] -> k  gemm q, transpose(k) -> s }',
  ],
])('copies run ahead although the tile serves again: %s', (_, after) => {
  const text = planned(`for j in pipelined(0, 8, 1) stages(2) {
      copy K[j * 32, 0; 32, 64] -> k
      gemm q, transpose(k) -> s
    }
    ${after}`);
  expect(text).toContain('k[(j + 1) % 2');
});

test('outside its loop, a tile with several copies is the first of them', () => {
  const text = planned(`copy V[0, 0; 32, 64] -> k
    gemm q, transpose(k) -> s
    for j in pipelined(0, 8, 1) stages(2) {
      copy K[j * 32, 0; 32, 64] -> k
      gemm q, transpose(k) -> s
    }
    parallel (r, c) in (32, 64) { k[r, c] = 0.0_f16 }
    let x: f16 = k[0, 0]`);
  expect(text).toContain(
    'copy V[0, 0; 32, 64] -> k[0, 0, 0; 1, 32, 64]\ngemm q, transpose(k[0, 0, 0; 1, 32, 64]) -> s',
  );
  expect(text).toContain('k[0, r, c] = 0.0_f16');
  expect(text).toContain('let x: f16 = k[0, 0, 0]');
});
