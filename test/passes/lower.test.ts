/** Device IR of small programs: what each statement becomes, where it matters for being right. */
import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { printDeviceStmts } from '../../src/ir/device/printer.ts';
import { TARGETS } from '../../src/ir/target.ts';
import { runPasses } from '../../src/passes/pipeline.ts';
import { lowered } from '../ir/device.ts';
import { parse } from './helpers.ts';

const HEAD = (
  dims: string,
  threads = 128,
): string => `kernel k(X: f16[n, 64], Y: f32[n, 64], F: f32[n], B: f8e4m3[n, 3]) dims(${dims}) grid(bx: ceildiv(n, 32)) threads(${threads})
  shared t: f16[32, 64]
  shared b3: f8e4m3[32, 3]
  shared q: f16[64, 64]
  fragment f: f32[32, 64]
  fragment r: f32[32]
  fragment c: f32[64]
  fragment acc: f32[64, 64]
  local tab: f32[4]`;
const code = (body: string, dims = 'n % 8', threads?: number): string =>
  printDeviceStmts(lowered(`${HEAD(dims, threads)}\n{\n${body}\n}`).roles[0]!.body);

describe('ragged tiles', () => {
  test('what may begin in front of the tensor is guarded at both ends', () => {
    const text = code('copy X[bx * 32 - 1, 0; 32, 64] -> t');
    expect(text).toContain('let X_from: i32 = 0 - (bx * 32 - 1)');
    expect(text).toContain('let X_left: i32 = n - (bx * 32 - 1)');
    expect(text).toMatch(/if .* >= X_from.* && .* < X_left/);
  });

  test('the distance from a wide origin to the edges is taken in 64 bits, and cut to what an index can reach', () => {
    const text = printDeviceStmts(
      lowered(`kernel k(X: f16[n, 64], at: i64) dims(n) grid(bx: 1) threads(32)
  shared t: f16[8, 64]
{
  copy X[at, 0; 8, 64] -> t
}`).roles[0]!.body,
    );
    expect(text).toContain('let X_left: i32 = i32(min(max(i64(n) - at, 0_i64), 2147483647_i64))');
    expect(text).toContain('let X_from: i32 = i32(min(max(0_i64 - at, 0_i64), 2147483647_i64))');
  });

  test('a single row is guarded too, unless it is one of the grid or of a loop over that very dimension', () => {
    const row = (at: string, grid: string): string =>
      printDeviceStmts(
        lowered(`kernel k(X: f16[n, 64]) dims(n) grid(bx: ${grid}) threads(32)
  shared t: f16[1, 64]
{
  ${at}
}`).roles[0]!.body,
      );
    expect(row('copy X[bx, 0; 1, 64] -> t', 'n + 1')).toMatch(/if 0 < X_left/);
    expect(row('copy X[bx - 1, 0; 1, 64] -> t', 'n')).toMatch(/if 0 >= X_from && 0 < X_left/);
    expect(row('copy X[bx, 0; 1, 64] -> t', 'n')).not.toContain('X_left');
    expect(row('for i in serial(0, n, 1) { copy X[i, 0; 1, 64] -> t }', '1')).not.toContain('X_left');
    expect(row('for i in serial(0, n + 1, 1) { copy X[i, 0; 1, 64] -> t }', '1')).toMatch(/if 0 < X_left/);
  });

  test('rows that may lie behind the tensor are guarded, columns that cannot are not', () => {
    const text = code('copy X[bx * 32, 0; 32, 64] -> t  copy t -> X[bx * 32, 0; 32, 64]');
    expect(text).toContain('let X_left: i32 = n - bx * 32');
    expect(text).toMatch(/loadVec X_v\[0 : 8\] <- global\.f16 X_tile\[.*\] if .* < X_left/);
    expect(text).toMatch(/storeVec global\.f16 X_tile_1\[.*\] <- .* if .* < /);
  });

  test('a tensor that is known to hold the box needs no guard', () => {
    const text = printDeviceStmts(
      lowered(`kernel k(X: f16[64, 64]) grid(bx: 2) threads(128)
  shared t: f16[32, 64]
{ copy X[bx * 32, 0; 32, 64] -> t  copy t -> X[bx * 32, 0; 32, 64] }`).roles[0]!.body,
    );
    expect(text).not.toContain(' if ');
  });

  test('rows whose length is a multiple of less move in narrower vectors', () => {
    const width = (multiple: number): string | undefined =>
      /loadVec \w+\[0 : (\d+)\]/.exec(
        printDeviceStmts(
          lowered(`kernel k(X: f16[64, n]) dims(n % ${multiple}) grid(bx: 1) threads(128)
  shared t: f16[32, 64]
{ copy X[0, 0; 32, 64] -> t  copy t -> X[0, 0; 32, 64] }`).roles[0]!.body,
        ),
      )?.[1];
    expect([8, 4, 2].map(width)).toEqual(['8', '4', '2']);
  });
});

describe('what one thread does', () => {
  test('a store, an atomic and a message outside parallel loops', () => {
    const text = code('t[0, 0] = 1.0_f16  Y[0, 0] = 2.0  atomic add 1.0 -> F[0]  print "{}", n');
    expect(text.match(/if tid == 0 \{/g)).toHaveLength(4);
  });

  test('each copy of an element is written in registers, one of them to memory', () => {
    const text = code('reduce sum f -> r dim(1)  parallel (i) in (32) { r[i] = r[i] * 2.0  F[bx * 32 + i] = r[i] }');
    const loop = text.slice(text.lastIndexOf('* 2.0') - 40);
    expect(loop).toMatch(/r\[.*\] = .* \* 2\.0/);
    expect(loop).toMatch(/if t\d+x\d+ == 0.*\{\n\s+store global\.f32 F/);
  });

  test('every thread fills its local array', () => {
    const text = code('copy Y[bx, 0; 1, 4] -> tab  F[bx] = tab[3]');
    expect(text).toMatch(/for (\w+): i32 in \(0, 4, 1\) unroll \{\n\s+tab\[\1\] = load\.f32 shared\.f32 Y_all\[\1\]/);
  });
});

describe('async copies', () => {
  const loop = (copy: string, use: string): string =>
    code(`for j in pipelined(0, n // 32, 1) stages(2) { ${copy}  ${use} }`);
  test('in pieces of 16 bytes, zeros behind the edge', () => {
    expect(loop('copy X[j * 32, 0; 32, 64] -> t', 'copy t -> f')).toMatch(
      /cpAsync\.16 shared\.f16 t\[.*\] <- global\.f16 X_tile\w*\[.*\] if /,
    );
  });
  test('pieces under 4 bytes go through registers', () => {
    const text = loop('copy B[j * 32, 0; 32, 3] -> b3', 'parallel (i, j2) in (32, 3) { Y[i, j2] = f32(b3[i, j2]) }');
    expect(text).not.toContain('cpAsync.');
    expect(text).toMatch(/store shared\.f8e4m3 b3/);
  });
});

describe('reductions', () => {
  test('along a row: lanes by shuffles, no barrier', () => {
    const text = code('gemm q, q -> acc clear  copy acc -> Y[0, 0; 64, 64]  reduce max acc -> c dim(1)');
    expect(text).toMatch(/max\(partial, shflXor\(partial, 1\)\)/);
    expect(text).toMatch(/max\(partial, shflXor\(partial, 2\)\)/);
    expect(text).not.toContain('shflXor(partial, 4)');
  });
  test('across warps: through the scratch tile, which all threads meet at', () => {
    const text = code('copy Y[0, 0; 32, 64] -> f  reduce sum f -> c dim(0)');
    expect(text).toMatch(
      /store shared\.f32 c_scratch\[[^\n]*\n(.*\n)*\s*barrier 0\n(.*\n)*.*load\.f32 shared\.f32 c_scratch/,
    );
  });
  test('two in a row do not share a name', () => {
    expect(() => code('reduce sum f -> r dim(1)  reduce max f -> r dim(1)', 'n', 32)).not.toThrow();
  });
});

test('the bounds of a loop are those that it began with', () => {
  const text = code('var m: i32 = n  for i in serial(0, m, 1) { m = m - 1  F[i] = 1.0 }');
  expect(text).not.toMatch(/for i: i32 in \(0, m, 1\)/);
});

test('products of run-time rows by 64 bits: no offset overflows', () => {
  const text = printDeviceStmts(
    lowered(`kernel k(X: f16[n, m]) dims(n, m) grid(bx: n) threads(128)
{ parallel (i) in (64) { if i < m { X[bx, i] = 1.0_f16 } } }`).roles[0]!.body,
  );
  expect(text).toContain('i64(bx) * i64(m)');
});

test('a copy that cannot be left to cp.async is pointed out, with what would help', () => {
  const warned = (tensor: string, dims: string, copy: string): readonly Diagnostic[] => {
    const k = parse(`kernel k(X: ${tensor}) dims(${dims}) grid(bx: 1) threads(32)
  shared a: f16[16, 16]
{
  for j in pipelined(0, n // 16, 1) stages(2) {
    ${copy}
    print "{}", a[0, 0]
  }
}`);
    const found: Diagnostic[] = [];
    runPasses(k, { target: TARGETS.sm_90a, warn: (d) => found.push(d) });
    return found;
  };
  const [d, ...more] = warned('f16[m, n]', 'm, n', 'copy X[0, j * 16; 16, 16] -> a');
  expect(more).toEqual([]);
  expect(d).toMatchObject({ code: 'TL0713', severity: 'warning', span: { line: 5 } });
  expect(d!.message).toContain('rows of `n` elements may start at any of them');
  expect(d!.hint).toContain("dim('n', { multipleOf: 8 })");
  expect(warned('f16[m, n]', 'm, n % 2', 'copy X[0, j * 16; 16, 16] -> a')).toEqual([]);
  expect(warned('f16[16, 33]', 'n', 'copy X[0, j * 16; 16, 16] -> a')[0]!.message).toContain('here are 2 in a row');
});
