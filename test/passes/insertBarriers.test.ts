import { describe, expect, test } from 'vitest';
import type { Kernel, Stmt } from '../../src/ir/tile/schema.ts';
import { mapStmts, walkStmts } from '../../src/ir/tile/walk.ts';
import { findHazards } from '../../src/passes/insertBarriers.ts';
import { bodyOf, dedent, parse, through } from './helpers.ts';

const HEAD = `kernel k(X: f16[n, 64], Y: f16[n, 64], F: f32[n]) dims(n) grid(bx: n // 8) threads(128)
  shared a: f16[32, 64]
  shared b: f16[32, 64]
  shared ring: f16[2, 32, 64]
  shared flag: i32[4]
  fragment f: f32[32, 64]
  fragment r: f32[32]`;
const kernel = (body: string): Kernel => parse(`${HEAD}\n{\n${body}\n}`);
const ordered = (body: string): string => bodyOf(through(kernel(body), 'insert-barriers'));

test('between a write and a read, a read and a write, two writes; not between reads', () => {
  expect(
    ordered(`copy X[0, 0; 32, 64] -> a
      copy a -> Y[0, 0; 32, 64]
      copy a -> f
      copy X[32, 0; 32, 64] -> a
      fill 0.0_f16 -> a`),
  ).toBe(
    dedent(`
      copy X[0, 0; 32, 64] -> a
      barrier
      copy a -> Y[0, 0; 32, 64]
      copy a -> f
      barrier
      copy X[32, 0; 32, 64] -> a
      barrier
      fill 0.0_f16 -> a
    `),
  );
});

test('one barrier serves all that came before it', () => {
  expect(
    ordered(`copy X[0, 0; 32, 64] -> a
      copy X[0, 0; 32, 64] -> b
      parallel (i, j) in (32, 64) { f[i, j] = f32(a[i, j]) + f32(b[i, j]) }`).match(/barrier/g),
  ).toHaveLength(1);
});

test('around a loop: what its last iteration read, its next one writes', () => {
  expect(
    ordered(`for i in serial(0, 4, 1) {
        copy X[i, 0; 32, 64] -> a
        copy a -> Y[i, 0; 32, 64]
      }`),
  ).toBe(
    dedent(`
      for i in serial(0, 4, 1) {
        barrier
        copy X[i, 0; 32, 64] -> a
        barrier
        copy a -> Y[i, 0; 32, 64]
      }
    `),
  );
});

test('copies of a tile that rotate need no barrier of their own', () => {
  expect(
    ordered(`for i in serial(0, 4, 1) {
        copy X[i * 32, 0; 32, 64] -> ring[i % 2, 0, 0; 1, 32, 64]
        copy ring[i % 2, 0, 0; 1, 32, 64] -> f
      }`),
  ).toBe(
    dedent(`
      for i in serial(0, 4, 1) {
        copy X[i * 32, 0; 32, 64] -> ring[i % 2, 0, 0; 1, 32, 64]
        barrier
        copy ring[i % 2, 0, 0; 1, 32, 64] -> f
      }
    `),
  );
});

test('slots in steps of two are no rotation by one', () => {
  expect(
    ordered(`for i in serial(0, 8, 2) {
        copy X[i * 32, 0; 32, 64] -> ring[i % 2, 0, 0; 1, 32, 64]
        copy ring[i % 2, 0, 0; 1, 32, 64] -> f
      }`).match(/barrier/g),
  ).toHaveLength(2);
});

test('a slot that follows a scalar is another one when the scalar changes', () => {
  const text = ordered(`var t: i32 = 0
      fill 0.0_f16 -> ring[t % 2, 0, 0; 1, 32, 64]
      t = 1
      fill 0.0_f16 -> ring[(t + 1) % 2, 0, 0; 1, 32, 64]`);
  expect(text).toContain('barrier');
});

test('a pipelined loop: one barrier an iteration, ahead of the next copy', () => {
  const k = through(
    kernel(`for j in pipelined(0, n // 32, 1) stages(2) {
        copy X[j * 32, 0; 32, 64] -> a
        copy a -> f
      }`),
    'plan-pipeline',
  );
  expect(bodyOf(through(k, 'insert-barriers'))).toContain(
    dedent(`
      for j in serial(0, j_end, 1) {
        waitGroup 0
        barrier
        if j + 1 < j_end {`),
  );
});

test('an async copy without a wait gets one', () => {
  expect(
    ordered(`copy X[0, 0; 32, 64] -> a async
      copy a -> f`),
  ).toBe(
    dedent(`
      copy X[0, 0; 32, 64] -> a async
      commitGroup
      waitGroup 0
      barrier
      copy a -> f
    `),
  );
  expect(
    ordered(`copy X[0, 0; 32, 64] -> a async
      commitGroup
      copy X[0, 0; 32, 64] -> b async
      commitGroup
      copy a -> f
      waitGroup 1
      copy b -> f`),
  ).toContain('waitGroup 1\nbarrier\ncopy a -> f\nwaitGroup 1\nwaitGroup 0\nbarrier\ncopy b -> f');
});

test('a wait without a barrier is not enough, nor a barrier without a wait', () => {
  const hazards = (between: string) =>
    findHazards(kernel(`copy X[0, 0; 32, 64] -> a async  commitGroup  ${between}  copy a -> f`));
  expect(hazards('waitGroup 0')).toMatchObject([{ buffer: 'a', inFlight: false }]);
  expect(hazards('barrier')).toMatchObject([{ buffer: 'a', inFlight: true }]);
  expect(hazards('waitGroup 1  barrier')).toMatchObject([{ buffer: 'a', inFlight: true }]);
  expect(hazards('barrier  waitGroup 0')).toMatchObject([{ buffer: 'a', inFlight: false }]);
  expect(hazards('waitGroup 0  barrier')).toEqual([]);
});

test('conditions: the barrier stands ahead of them, and their reads count', () => {
  expect(
    ordered(`copy X[0, 0; 32, 64] -> a
      if bx == 0 {
        copy a -> f
      }`),
  ).toContain('barrier\nif bx == 0 {\n  copy a -> f\n}');
  expect(ordered('if flag[0] == 0 { flag[0] = 1 }')).toBe('if flag[0] == 0 {\n  barrier\n  flag[0] = 1\n}');
});

test('a while loop reads its condition before each round', () => {
  expect(ordered('while flag[0] < 3 { flag[0] = flag[0] + 1 }')).toBe(
    dedent(`
      while flag[0] < 3 {
        barrier
        flag[0] = flag[0] + 1
        barrier
      }
    `),
  );
  expect(ordered('while flag[0] < 3 { if bx == 0 { flag[0] = 4  continue } }')).toContain(
    'flag[0] = 4\n    barrier\n    continue',
  );
});

test('what a break carries out is ordered behind the loop', () => {
  expect(ordered('for i in serial(0, 4, 1) { if i == 2 { fill 0.0_f16 -> a  break } }  copy a -> f')).toContain(
    '}\nbarrier\ncopy a -> f',
  );
});

test('behind a return nothing is left to order', () => {
  expect(
    ordered('copy X[0, 0; 32, 64] -> a  if bx == 0 { copy X[0, 0; 32, 64] -> b  return }  copy X[0, 0; 32, 64] -> b'),
  ).not.toContain('barrier');
});

test('a reduction through a scratch tile holds a barrier of its own', () => {
  const tail = ' layout(32=32:t1 | 64=4:t32,16:r1)';
  const k = parse(
    `${HEAD}\n  fragment g: f32[32, 64]${tail}\n  shared s: f32[128]\n{\nfor i in serial(0, 4, 1) {\nreduce sum g -> r dim(1) scratch(s)\n}\ncopy X[0, 0; 32, 64] -> a\nreduce sum g -> r dim(1) scratch(s)\ncopy a -> f\n}`,
  );
  expect(bodyOf(through(k, 'insert-barriers'))).toBe(
    dedent(`
      for i in serial(0, 4, 1) {
        barrier
        reduce sum g -> r dim(1) scratch(s)
      }
      copy X[0, 0; 32, 64] -> a
      barrier
      reduce sum g -> r dim(1) scratch(s)
      copy a -> f
    `),
  );
});

test('tiles that share bytes are one another’s rivals', () => {
  const k = parse(
    `kernel k(X: f32[n], Y: f32[n]) dims(n) grid() threads(32)
       shared p: f32[32] layout(32=32:m1) offset(0)
       shared q: f32[32] layout(32=32:m1) offset(64)
       shared z: f32[32] layout(32=32:m1) offset(256)
     {
       copy X[0; 32] -> p
       copy X[0; 32] -> z
       copy X[0; 32] -> q
     }`,
  );
  expect(bodyOf(through(k, 'insert-barriers'))).toBe(
    'copy X[0; 32] -> p\ncopy X[0; 32] -> z\nbarrier\ncopy X[0; 32] -> q',
  );
});

describe('tensors that the kernel writes', () => {
  test('are ordered where two statements meet', () => {
    expect(ordered('fill 0.0_f16 -> Y[0, 0; 32, 64]  copy f -> Y[0, 0; 32, 64]')).toContain('barrier\ncopy f');
    expect(ordered('copy f -> Y[0, 0; 32, 64]  copy Y[0, 0; 32, 64] -> f')).toContain('barrier\ncopy Y');
    expect(ordered('copy X[0, 0; 32, 64] -> f  copy X[0, 0; 32, 64] -> f')).not.toContain('barrier');
  });
  test('need no barrier where each iteration writes boxes of its own', () => {
    expect(ordered('for i in serial(0, 4, 1) { copy f -> Y[bx * 128 + i * 32, 0; 32, 64] }')).not.toContain('barrier');
    expect(ordered('for i in serial(0, 4, 1) { copy f -> Y[bx * 128 + i * 16, 0; 32, 64] }')).toContain('barrier');
    const inPlace =
      'for i in serial(0, 4, 1) { let row: i32 = i * 2  parallel (p, q) in (2, 64) { Y[row + p, q] = Y[row + p, q] + 1.0_f16 } }';
    expect(ordered(inPlace)).not.toContain('barrier');
    expect(ordered(inPlace.replace('i * 2', 'i'))).toContain('barrier');
    const nested =
      'for i in serial(0, 4, 1) { for j in serial(0, n, 1) { copy f[0, 0; 32, 64] -> Y[i * 32, j * 64; 32, 64] } }';
    expect(ordered(nested)).not.toContain('barrier');
  });
  test('atomics are ordered against the rest, not among themselves', () => {
    expect(ordered('atomic add 1.0 -> F[0]  atomic add 2.0 -> F[0]')).not.toContain('barrier');
    expect(ordered('F[0] = 0.0  atomic add 2.0 -> F[0]')).toContain('barrier');
    expect(ordered('atomic add 2.0 -> F[0]  let x: f32 = F[0]')).toContain('barrier');
  });
});

describe('parts of a shared tile', () => {
  test('need no barrier between writes that share no element', () => {
    const halves = (rows: number): string =>
      `parallel (p, q) in (16, 64) { a[p, q] = X[p, q] }  parallel (p2, q2) in (16, 64) { a[p2 + ${rows}, q2] = X[p2, q2] }`;
    expect(ordered(halves(16))).not.toContain('barrier');
    expect(ordered(halves(15))).toContain('barrier');
    expect(ordered('copy X[0, 0; 16, 64] -> a[0, 0; 16, 64]  copy X[0, 0; 16, 64] -> a[16, 0; 16, 64]')).not.toContain(
      'barrier',
    );
    expect(ordered('copy X[0, 0; 16, 64] -> a[0, 0; 16, 64]  copy X[0, 0; 16, 64] -> a[8, 0; 16, 64]')).toContain(
      'barrier',
    );
  });
  test('copies of parts run ahead together', () => {
    const parts =
      'for j in pipelined(0, n // 32, 1) stages(2) { copy X[j * 32, 0; 16, 64] -> a[0, 0; 16, 64]  copy X[j * 32 + 16, 0; 16, 64] -> a[16, 0; 16, 64]  copy a -> f }';
    expect(bodyOf(through(kernel(parts), 'plan-pipeline', 'insert-barriers')).match(/waitGroup/g)).toHaveLength(2);
  });
});

// --------------------------------------------------------------------------------- each barrier and wait is needed

const isFence = (s: Stmt): boolean => s.kind === 'barrier' || s.kind === 'waitGroup';

function* withoutOne(k: Kernel): Generator<readonly [Stmt, Kernel]> {
  const fences: Stmt[] = [];
  walkStmts(k.body, (s) => {
    if (isFence(s)) fences.push(s);
  });
  for (const f of fences) yield [f, { ...k, body: mapStmts(k.body, (s) => (s === f ? [] : s)) }];
}

const PROGRAMS: Readonly<Record<string, string>> = {
  'a copy through shared memory': 'copy X[0, 0; 32, 64] -> a  copy a -> Y[0, 0; 32, 64]',
  'a loop': 'for i in serial(0, 4, 1) { copy X[i * 32, 0; 32, 64] -> a  copy a -> Y[i * 32, 0; 32, 64] }',
  'two stages': 'for j in pipelined(0, n // 32, 1) stages(2) { copy X[j * 32, 0; 32, 64] -> a  copy a -> f }',
  'three stages':
    'for j in pipelined(0, n // 32, 1) stages(3) { copy X[j * 32, 0; 32, 64] -> a  copy X[j * 32, 0; 32, 64] -> b  parallel (p, q) in (32, 64) { f[p, q] = f32(a[p, q] + b[p, q]) } }',
  'a pipelined loop that also converts':
    'for j in pipelined(0, n // 32, 1) stages(2) { copy X[j * 32, 0; 32, 64] -> a  parallel (p, q) in (32, 64) { b[p, q] = a[p, q] * 2.0_f16 }  copy b -> f }',
  'pipelined in a loop':
    'for i in serial(0, 4, 1) { for j in pipelined(0, n // 32, 1) stages(2) { copy X[j * 32, 0; 32, 64] -> a  copy a -> f } }',
  'two pipelined loops over one tile':
    'for j in pipelined(0, 4, 1) stages(2) { copy X[j * 32, 0; 32, 64] -> a  copy a -> f }  for j2 in pipelined(0, 4, 1) stages(2) { copy Y[j2 * 32, 0; 32, 64] -> a  copy a -> f }',
  'a condition': 'copy X[0, 0; 32, 64] -> a  if bx == 0 { copy a -> f } else { fill 0.0_f16 -> a }',
  'a while loop': 'while flag[0] < 3 { flag[0] = flag[0] + 1 }',
  'tiles that share bytes': 'copy X[0, 0; 32, 64] -> a  copy a -> f  copy X[0, 0; 32, 64] -> b  copy b -> f',
};

test.each(Object.entries(PROGRAMS))('%s: without any of its barriers and waits it has a hazard', (_, body) => {
  const layouts = through(kernel(body), 'legalize', 'plan-shared');
  const k = through(layouts, 'insert-barriers');
  expect(findHazards(k)).toEqual([]);
  let removed = 0;
  for (const [fence, less] of withoutOne(k)) {
    // Behind a loop the wait closes groups that later readers of the tile would meet; without one nothing depends on it.
    const closing = fence.kind === 'waitGroup' && less.body.length < k.body.length;
    if (!closing) expect(findHazards(less), `${fence.kind} of\n${bodyOf(k)}`).not.toEqual([]);
    removed++;
  }
  expect(removed).toBeGreaterThan(0);
});
