import { expect, test } from 'vitest';
import { dedent, parse, refusal, through, tilesOf } from './helpers.ts';

const HEAD = `kernel k(X: f16[n, 64], Y: f16[n, 64]) dims(n) grid(i: n // 8) threads(128)
  shared a: f16[64, 64] layout(64=64:m64 | 64=64:m1)
  shared b: f16[32, 64] layout(32=32:m64 | 64=64:m1)
  shared c: f16[32, 64] layout(32=32:m64 | 64=64:m1)
  shared d: f32[10] layout(10=10:m1)`;
const planned = (body: string, head = HEAD) => through(parse(`${head}\n{\n${body}\n}`), 'plan-shared');
const offsets = (body: string): Record<string, number | undefined> =>
  Object.fromEntries(planned(body).buffers.map((b) => [b.name, b.offset]));

const A = 'copy X[0, 0; 64, 64] -> a  copy a -> Y[0, 0; 64, 64]';
const B = 'copy X[0, 0; 32, 64] -> b  copy b -> Y[0, 0; 32, 64]';
const C = 'copy X[0, 0; 32, 64] -> c  copy c -> Y[0, 0; 32, 64]';

test('tiles that live together stand side by side, the largest first', () => {
  const k = planned(
    'copy X[0, 0; 64, 64] -> a  copy X[0, 0; 32, 64] -> b  copy a -> Y[0, 0; 64, 64]  copy b -> Y[0, 0; 32, 64]',
  );
  expect(tilesOf(k)).toBe(
    'shared a: f16[64, 64] layout(64=64:m64 | 64=64:m1) offset(0)\nshared b: f16[32, 64] layout(32=32:m64 | 64=64:m1) offset(8192)',
  );
  expect(k.sharedBytes).toBe(12288);
});

test('tiles that are dead give their place to others', () => {
  expect(offsets(`${A}  ${B}`)).toEqual({ a: 0, b: 0 });
  expect(offsets(`copy X[0, 0; 32, 64] -> b  ${A}  copy b -> Y[0, 0; 32, 64]  ${C}`)).toEqual({ a: 0, b: 8192, c: 0 });
  expect(planned(`${A}  ${B}`).sharedBytes).toBe(8192);
});

test('offsets and the total are whole lines of 128 bytes', () => {
  const k = planned('d[0] = 1.0  copy X[0, 0; 32, 64] -> b  copy b -> Y[0, 0; 32, 64]  let x: f32 = d[0]');
  expect(k.buffers.map((b) => b.offset)).toEqual([0, 4096]);
  expect(k.sharedBytes).toBe(4224);
});

test('a tile that a loop touches lives through the whole loop', () => {
  expect(offsets(`for j in serial(0, 4, 1) { ${B}  ${C} }`)).toEqual({ b: 0, c: 4096 });
  expect(offsets(`while true { ${B}  if i == 0 { ${C} } }`)).toEqual({ b: 0, c: 4096 });
  expect(offsets(`for j in serial(0, 4, 1) { ${B} }  for j2 in serial(0, 4, 1) { ${C} }`)).toEqual({ b: 0, c: 0 });
});

test('branches of a condition may share; what lives across it may not', () => {
  expect(offsets(`if i == 0 { ${B} } else { ${C} }`)).toEqual({ b: 0, c: 0 });
  expect(offsets(`copy X[0, 0; 32, 64] -> b  if i == 0 { ${C} }  copy b -> Y[0, 0; 32, 64]`)).toEqual({
    b: 0,
    c: 4096,
  });
});

test('the scratch tile of a reduction lives where it is used', () => {
  const head = `${HEAD}\n  fragment f: f32[32, 64] layout(32=32:t1,1:r1 | 64=4:t32,16:r1)\n  fragment r: f32[32] layout(32=32:t1 | rep 4:t32)`;
  const k = through(parse(`${head}\n{\n${B}\nreduce sum f -> r dim(1) scratch(d)\n${C}\n}`), 'plan-shared');
  expect(Object.fromEntries(k.buffers.map((b) => [b.name, b.offset]))).toMatchObject({ b: 0, c: 0, d: 0 });
  const together = through(
    parse(`${head}\n{\nfor j in serial(0, 4, 1) { ${B}\nreduce sum f -> r dim(1) scratch(d) }\n}`),
    'plan-shared',
  );
  expect(Object.fromEntries(together.buffers.map((b) => [b.name, b.offset]))).toMatchObject({ b: 0, d: 4096 });
});

test('a tile that nothing touches takes no memory', () => {
  expect(offsets(B)).toEqual({ b: 0 });
});

test('too much: the budget a tile, and where each is allocated', () => {
  const head = `kernel k(X: f32[n, 64]) dims(n) grid(i: n // 8) threads(128)
  shared big: f32[1024, 64] layout(1024=1024:m64 | 64=64:m1)
  shared ring: f32[3, 128, 64] layout(3=3:m8192 | 128=128:m64 | 64=64:m1)`;
  const body =
    'copy X[0, 0; 1024, 64] -> big  copy X[0, 0; 128, 64] -> ring[0, 0, 0; 1, 128, 64]  copy big -> X[0, 0; 1024, 64]';
  const d = refusal(() => planned(body, head));
  expect(d).toMatchObject({ code: 'TL0601', span: { line: 2 }, notes: [{ span: { line: 3 } }] });
  expect(d.message).toBe(
    dedent(`
      the kernel needs 352.0 KiB of shared memory, but a block on sm_90a has 227.0 KiB:
        big           256.0 KiB
        ring           96.0 KiB  (3 stages)
    `),
  );
  expect(d.hint).toContain('smaller tiles or fewer stages');
});
