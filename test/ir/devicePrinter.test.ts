import { describe, expect, test } from 'vitest';
import { printDevice, printDeviceExpr, printDeviceStmts } from '../../src/ir/device/printer.ts';
import type { DStmt } from '../../src/ir/device/schema.ts';
import { TARGETS } from '../../src/ir/target.ts';
import { at, bin, bitcast, call, cast, kernel, num, ref, reg, shared, un, v } from '../codegen/cuda/build.ts';
import { programs } from '../codegen/cuda/programs.ts';
import { dedent } from '../passes/helpers.ts';
import { lowered } from './device.ts';

test.each([
  [bin('mul', bin('add', v('a'), num(1)), v('b')), '(a + 1) * b'],
  [bin('xor', bin('shr', v('a'), num(4)), num(3)), '(a >> 4) ^ 3'],
  [bin('sub', v('a'), bin('sub', v('b'), v('c'))), 'a - (b - c)'],
  [bin('div', v('a'), num(4)), 'a / 4'],
  [bin('max', v('a'), num(-1)), 'max(a, -1)'],
  [un('neg', num(5)), '-(5)'],
  [un('not', bin('lt', v('a'), v('b'))), '!(a < b)'],
  [cast('f16', v('x', 'f32')), 'f16(x)'],
  [bitcast('u32', v('x', 'f32')), 'bitcast.u32(x)'],
  [call('fma', v('x', 'f32'), v('y', 'f32'), num(0.5, 'f32')), 'fma(x, y, 0.5)'],
  [reg('acc', bin('add', v('i'), num(1))), 'acc[i + 1]'],
  [{ kind: 'special', name: 'blockIdx.x', dtype: 'i32' } as const, 'blockIdx.x'],
  [{ kind: 'load', addr: at('A', v('i'), 'f16'), dtype: 'f16' } as const, 'load.f16 global.f16 A[i]'],
  [{ kind: 'shflXor', a: v('x', 'f32'), lanes: 4, dtype: 'f32' } as const, 'shflXor(x, 4)'],
  [{ kind: 'shflUp', a: v('x', 'f32'), lanes: 1, dtype: 'f32' } as const, 'shflUp(x, 1)'],
  [{ kind: 'shfl', a: v('x', 'f32'), lane: num(0), dtype: 'f32' } as const, 'shfl(x, 0)'],
  [
    { kind: 'ptx', template: 'ex2.approx.f32 $0, $1;', args: [v('x', 'f32')], dtype: 'f32' } as const,
    'ptx.f32("ex2.approx.f32 $0, $1;", x)',
  ],
])('expression %#', (e, text) => expect(printDeviceExpr(e)).toBe(text));

const i = v('i');
test.each<[DStmt, string]>([
  [{ kind: 'comment', text: 'a\nb' }, '// a\n// b'],
  [{ kind: 'declare', name: 'x', dtype: 'f32', const: true, value: num(1, 'f32') }, 'let x: f32 = 1.0'],
  [{ kind: 'declare', name: 'x', dtype: 'i64', const: false, value: num(1n, 'i64') }, 'var x: i64 = 1_i64'],
  [{ kind: 'assign', name: 'x', value: i }, 'x = i'],
  [{ kind: 'pointer', name: 'p', addr: at('A', i, 'f16'), readonly: true }, 'pointer p = global.f16 A[i]'],
  [{ kind: 'pointer', name: 'p', addr: shared('t', 0), readonly: false }, 'mutable pointer p = shared.f16 t[0]'],
  [{ kind: 'registers', name: 'r', dtype: 'f32', length: 8, init: num(0, 'f32') }, 'registers r: f32[8] = 0.0'],
  [{ kind: 'setReg', array: 'r', index: i, value: num(0, 'f32') }, 'r[i] = 0.0'],
  [{ kind: 'store', addr: at('A', i), value: num(0, 'f32') }, 'store global.f32 A[i] = 0.0'],
  [
    { kind: 'loadVec', dst: ref('r', 4), addr: at('A', i), count: 4, pred: bin('lt', i, num(9)), cache: 'nc' },
    'loadVec.nc r[4 : 4] <- global.f32 A[i] if i < 9',
  ],
  [{ kind: 'storeVec', src: ref('r'), addr: at('A', i), count: 4 }, 'storeVec global.f32 A[i] <- r[0 : 4]'],
  [
    { kind: 'convert', dst: ref('h'), to: 'f16', src: ref('r', i), from: 'f32', count: 2 },
    'convert h[0 : 2]: f16 <- r[i : 2]: f32',
  ],
  [
    { kind: 'cpAsync', dst: shared('t', i), src: at('A', i, 'f16'), bytes: 16 },
    'cpAsync.16 shared.f16 t[i] <- global.f16 A[i]',
  ],
  [{ kind: 'cpAsyncCommit' }, 'cpAsyncCommit'],
  [{ kind: 'cpAsyncWait', pending: 1 }, 'cpAsyncWait 1'],
  [{ kind: 'barrier', id: 0 }, 'barrier 0'],
  [{ kind: 'barrier', id: 2, threads: 64 }, 'barrier 2 over 64'],
  [{ kind: 'warpSync' }, 'warpSync'],
  [
    { kind: 'ldmatrix', dst: ref('h', 8), matrices: 4, transpose: true, addr: shared('t', i) },
    'ldmatrix.x4.trans h[8] <- shared.f16 t[i]',
  ],
  [
    {
      kind: 'mma',
      shape: 'm16n8k16',
      a: ref('a'),
      aType: 'f16',
      b: ref('b', 4),
      bType: 'f16',
      c: ref('c', i),
      cType: 'f32',
    },
    'mma.m16n8k16 c[i]: f32 += a[0]: f16 * b[4]: f16',
  ],
  [{ kind: 'atomic', op: 'max', addr: at('A', i), value: num(1, 'f32') }, 'atomic.max global.f32 A[i], 1.0'],
  [
    { kind: 'for', v: 'i', start: num(0), stop: num(4), step: num(1), unroll: true, body: [{ kind: 'continue' }] },
    'for i: i32 in (0, 4, 1) unroll {\n  continue\n}',
  ],
  [
    { kind: 'for', v: 'i', start: num(0), stop: num(4), step: num(1), unroll: 1, body: [] },
    'for i: i32 in (0, 4, 1) rolled {\n}',
  ],
  [{ kind: 'while', cond: bin('lt', i, num(4)), body: [{ kind: 'break' }] }, 'while i < 4 {\n  break\n}'],
  [
    {
      kind: 'if',
      cond: bin('lt', i, num(4)),
      then: [{ kind: 'return' }],
      else: [{ kind: 'if', cond: bin('eq', i, num(9)), then: [], else: [{ kind: 'warpSync' }] }],
    },
    'if i < 4 {\n  return\n} else if i == 9 {\n} else {\n  warpSync\n}',
  ],
  [{ kind: 'print', format: 'i = {}', args: [i] }, 'print "i = {}", i'],
  [{ kind: 'assert', cond: bin('lt', i, num(4)), message: 'no "four"' }, 'assert i < 4, "no \\"four\\""'],
])('statement %#', (s, text) => expect(printDeviceStmts([s])).toBe(text));

describe('kernels', () => {
  test('as a whole', () => {
    const k = lowered(`kernel k(X: f16[n, 64], Y: f32[n, 64], s: f32) dims(n % 32)
  grid(bx: n // 32) threads(128) minBlocks(2)
  shared t: f16[32, 64]
{
  copy X[bx * 32, 0; 32, 64] -> t
  parallel (i, j) in (32, 64) { Y[bx * 32 + i, j] = f32(t[i, j]) * s }
}`);
    const text = printDevice(k);
    expect(text.split('\n').slice(0, 7).join('\n')).toBe(
      dedent(`
        device k(X: f16*, mutable Y: f32*, s: f32, n: i32 % 32)
          grid(n // 32) threads(128) minBlocks(2)
          sharedBytes(4096)
          shared t: f16[2048] at 0  // [32, 64]
        {
          let tid: i32 = threadIdx.x
          let bx: i32 = blockIdx.x
      `),
    );
    expect(text).toContain('role main warps(0 … 3) {');
    expect(text).toContain('    barrier 0\n');
    expect(text).not.toContain('k.tir');
    expect(printDevice(k, { places: true })).toContain('// k.tir:5');
  });

  test('several roles', () => {
    const k = kernel([], {
      roles: [
        { name: 'producer', warps: [0, 1], body: [{ kind: 'return' }] },
        { name: 'consumer', warps: [1, 4], body: [] },
      ],
    });
    expect(printDevice(k)).toContain(
      '  role producer warps(0 … 0) {\n    return\n  }\n  role consumer warps(1 … 3) {\n  }\n}\n',
    );
  });

  test.each(programs(TARGETS.sm_90a).map((k) => [k.name, k] as const))(
    '%s prints, each statement on its line',
    (_, k) => {
      const text = printDevice(k);
      expect(text).not.toMatch(/undefined|\[object|NaN(?!_)/);
      expect(text.split('\n').length).toBeGreaterThan(k.roles.flatMap((r) => r.body).length);
    },
  );
});
