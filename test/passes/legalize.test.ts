import { expect, test } from 'vitest';
import { bodyOf, dedent, parse, refusal, through, tilesOf } from './helpers.ts';

const HEAD = `kernel k(X: f16[n, 64], Y: f32[n, 64]) dims(n) grid(i: n // 8) threads(64)
  shared t: f32[8, 64]
  shared rows: f32[8]
  fragment f: f32[8, 64]
  fragment r: f32[8]
  local tab: f32[2, 4]`;
const legal = (body: string) => through(parse(`${HEAD}\n{\n${body}\n}`), 'legalize');
const added = (k: ReturnType<typeof legal>): string => tilesOf(k).split('\n').slice(5).join('\n');

test('a prefix sum is a row a thread, through shared memory', () => {
  const k = legal('cumsum f -> f dim(1)');
  expect(added(k)).toBe('shared f_sums: f32[8, 64]');
  expect(bodyOf(k)).toBe(
    dedent(`
      copy f -> f_sums
      parallel (row) in (8) {
        for step in serial(1, 64, 1) {
          f_sums[row, step] = f_sums[row, step - 1] + f_sums[row, step]
        }
      }
      copy f_sums -> f
    `),
  );
});

test('a reverse one runs from the end', () => {
  expect(bodyOf(legal('cumsum t -> t dim(0) reverse'))).toContain(
    't_sums[7 - step, row] = t_sums[8 - step, row] + t_sums[7 - step, row]',
  );
});

test('of one dimension: one thread does it', () => {
  expect(bodyOf(legal('cumsum rows -> rows dim(0)'))).toContain(
    'parallel (row) in (1) {\n  for step in serial(1, 8, 1)',
  );
});

test('reductions of shared tiles, and into them, go through fragments', () => {
  const k = legal('reduce max t -> rows dim(1)');
  expect(added(k)).toBe('fragment t_regs: f32[8, 64]\nfragment rows_regs: f32[8]');
  expect(bodyOf(k)).toBe(
    dedent(`
      copy t -> t_regs
      copy rows -> rows_regs
      reduce max t_regs -> rows_regs dim(1)
      copy rows_regs -> rows
    `),
  );
  expect(bodyOf(legal('reduce max t -> rows dim(1) clear'))).not.toContain('copy rows -> rows_regs');
  expect(bodyOf(legal('reduce max f -> r dim(1)'))).toBe('reduce max f -> r dim(1)');
});

test('a part of a shared tile is reduced alone', () => {
  const k = legal('reduce sum t[4, 8; 4, 16] -> rows[2; 4] dim(1) clear');
  expect(added(k)).toBe('fragment t_regs: f32[4, 16]\nfragment rows_regs: f32[4]');
  expect(bodyOf(k)).toContain('copy t[4, 8; 4, 16] -> t_regs');
  expect(bodyOf(k)).toContain('copy rows_regs -> rows[2; 4]');
});

test('every thread fills its local array whole', () => {
  const k = legal('copy X[i, 8; 2, 4] -> tab');
  expect(added(k)).toBe('shared X_all: f16[2, 4]');
  expect(bodyOf(k)).toBe(
    dedent(`
      copy X[i, 8; 2, 4] -> X_all
      for i_1 in unroll(0, 2, 1) {
        for i_2 in unroll(0, 4, 1) {
          tab[i_1, i_2] = f32(X_all[i_1, i_2])
        }
      }
    `),
  );
  expect(bodyOf(legal('copy t[1, 8; 1, 4] -> tab[1, 0; 1, 4]'))).toContain('tab[1, i_1] = t[1, 8 + i_1]');
  expect(bodyOf(legal('copy f -> t  copy tab -> t[0, 0; 2, 4]'))).toBe('copy f -> t\ncopy tab -> t[0, 0; 2, 4]');
});

test('one element of a fragment is stored by the thread that holds it', () => {
  expect(bodyOf(legal('f[3, i % 4] = 1.0'))).toBe(
    dedent(`
      parallel (i_1, i_2) in (8, 64) {
        if i_1 == 3 && i_2 == i % 4 {
          f[i_1, i_2] = 1.0
        }
      }
    `),
  );
});

test('inside loops and conditions too', () => {
  expect(
    bodyOf(
      legal(
        'for j in serial(0, 4, 1) { if j == 2 { reduce max t -> r dim(1) } else { while true { reduce max t -> r dim(1) } } }',
      ),
    ).split('reduce max t_regs'),
  ).toHaveLength(3);
});

test.each(['let x: f32 = f[0, 0]', 'Y[0, 0] = f[0, 0]', 'print "{}", r[0]', 'if i == 0 { var x: f32 = r[i] }'])(
  'an element of a fragment cannot be read by all: %s',
  (body) => {
    expect(refusal(() => legal(body))).toMatchObject({ code: 'TL0503', span: { file: 'k.tir', line: 8 } });
  },
);
