import { describe, expect, test } from 'vitest';
import type { DExpr, DeviceKernel, DStmt } from '../../src/ir/device/schema.ts';
import { verifyDevice } from '../../src/ir/device/verify.ts';
import { TARGETS } from '../../src/ir/target.ts';
import {
  at,
  bin,
  buffer,
  call,
  cast,
  dim,
  kernel,
  num,
  ref,
  reg,
  scalar,
  shared,
  tensor,
  un,
  v,
} from '../codegen/cuda/build.ts';
import { programs } from '../codegen/cuda/programs.ts';

describe('sound programs', () => {
  test.each(programs(TARGETS.sm_90a).map((k) => [k.name, k] as const))('%s', (_, k) => {
    expect(verifyDevice(k, TARGETS.sm_90a)).toEqual([]);
  });
});

const TID: DExpr = { kind: 'special', name: 'threadIdx.x', dtype: 'i32' };
const let_ = (name: string, value: DExpr): DStmt => ({ kind: 'declare', name, dtype: value.dtype, const: true, value });
const var_ = (name: string, value: DExpr): DStmt => ({
  kind: 'declare',
  name,
  dtype: value.dtype,
  const: false,
  value,
});
const regs = (name: string, dtype: 'f32' | 'f16' | 'i32', length: number): DStmt => ({
  kind: 'registers',
  name,
  dtype,
  length,
});
const when = (cond: DExpr, ...then: DStmt[]): DStmt => ({ kind: 'if', cond, then, else: [] });
const loop = (vName: string, stop: DExpr, unroll: true | number | undefined, ...body: DStmt[]): DStmt => ({
  kind: 'for',
  v: vName,
  start: num(0),
  stop,
  step: num(1),
  unroll,
  body,
});
const set = (array: string, index: number | DExpr, value: DExpr = num(0, 'f32')): DStmt => ({
  kind: 'setReg',
  array,
  index: typeof index === 'number' ? num(index) : index,
  value,
});
const barrier: DStmt = { kind: 'barrier', id: 0 };
const shfl = (a: DExpr): DExpr => ({ kind: 'shflXor', a, lanes: 1, dtype: a.dtype });

const inside = (body: readonly DStmt[], more: Partial<DeviceKernel> = {}): DeviceKernel =>
  kernel([let_('tid', TID), regs('r', 'f32', 8), regs('h', 'f16', 16), ...body], {
    params: [tensor('A', 'f32'), tensor('H', 'f16'), tensor('out', 'f32'), scalar('x', 'f32')],
    dims: [dim('n')],
    writes: ['out'],
    shared: [buffer('t', 'f16', 0), buffer('odd', 'f16', 132)],
    sharedBytes: 1024,
    ...more,
  });
const faults = (k: DeviceKernel) => verifyDevice(k, TARGETS.sm_80).map((d) => `${d.code} ${d.message}`);

const n8 = bin('mul', v('n'), num(8));

/** Each breaks one rule. */
describe.each<[code: string, cases: readonly (readonly [words: string, ...body: DStmt[]])[]]>([
  [
    'TL0850',
    [
      ['`a` is declared again', let_('a', num(1)), let_('a', num(2))],
      ['`a` is declared again', let_('a', num(1)), when(bin('lt', v('n'), num(1)), let_('a', num(2)))],
      ['`n` is declared again', loop('n', num(3), undefined)],
      ['`t` is declared again', regs('t', 'f32', 4)],
    ],
  ],
  [
    'TL0851',
    [
      ['the name `a` is not declared', let_('b', v('a'))],
      ['the name `a` is not declared', when(bin('lt', v('n'), num(1)), let_('a', num(2))), let_('b', v('a'))],
      ['the name `i` is not declared', loop('i', num(3), undefined), let_('b', v('i'))],
      ['the name `a` is not declared', { kind: 'assign', name: 'a', value: num(1) }],
      ['the register array `q` is not declared', set('q', 0)],
      ['the register array `t` is not declared', set('t', 0)],
      ['the base `Z` is not declared', let_('b', { kind: 'load', addr: at('Z', 0), dtype: 'f32' })],
    ],
  ],
  [
    'TL0852',
    [
      [
        'the value of `b`, `1`, is i32, not f32',
        { kind: 'declare', name: 'b', dtype: 'f32', const: true, value: num(1) },
      ],
      ['a name, `x`, is i32, not f32', let_('b', v('x'))],
      ['the right operand of `add`, `n`, is i32, not f32', let_('b', bin('add', v('x', 'f32'), v('n')))],
      ['an operation', let_('b', { kind: 'binary', op: 'add', a: num(1n, 'i64'), b: v('n'), dtype: 'i32' })],
      ['a condition, `n`, is i32, not bool', when(v('n'))],
      ['what goes into `r`, `1`, is i32, not f32', set('r', 0, num(1))],
      ['what goes to `out`, `n`, is i32, not f32', { kind: 'store', addr: at('out', 0), value: v('n') }],
      ['an argument', let_('b', call('fma', v('x', 'f32'), v('x', 'f32'), v('n')))],
      ['the registers of a load of 4 from `A`', { kind: 'loadVec', dst: ref('h'), addr: at('A', 0), count: 4 }],
      ['what is converted in `r`', { kind: 'convert', dst: ref('r'), to: 'f16', src: ref('r'), from: 'f32', count: 2 }],
      ['a shuffle', let_('b', { kind: 'shflXor', a: v('n'), lanes: 1, dtype: 'f32' })],
      ['the left operand of `land`', let_('b', bin('land', v('n'), v('n')))],
    ],
  ],
  [
    'TL0854',
    [
      ['registers 8 … 8 of `r`, which has 8', set('r', 8)],
      ['registers -1 … 7 of `r`', loop('i', num(9), true, set('r', bin('sub', v('i'), num(1))))],
      ['registers 6 … 9 of `r`', { kind: 'loadVec', dst: ref('r', 6), addr: at('A', 0), count: 4 }],
      ['registers 8 … 8 of `r`', let_('b', reg('r', 8))],
      [
        'registers 12 … 19 of `h`',
        { kind: 'ldmatrix', dst: ref('h', 12), matrices: 4, transpose: false, addr: shared('t', 0) },
      ],
    ],
  ],
  [
    'TL0855',
    [
      ['moves 12 bytes at once', { kind: 'loadVec', dst: ref('r'), addr: at('A', 0), count: 3 }],
      ['moves 32 bytes at once', { kind: 'storeVec', src: ref('r'), addr: at('out', 0), count: 8 }],
    ],
  ],
  [
    'TL0856',
    [
      [
        'multiple of 16 bytes, and is known to lie at one of 4',
        { kind: 'loadVec', dst: ref('r'), addr: at('A', v('n')), count: 4 },
      ],
      [
        'multiple of 16 bytes, and is known to lie at one of 8',
        { kind: 'loadVec', dst: ref('r'), addr: at('A', bin('mul', v('n'), num(2))), count: 4 },
      ],
      ['`r[2]` must lie at a multiple of 16 bytes', { kind: 'loadVec', dst: ref('r', 2), addr: at('A', n8), count: 4 }],
      [
        'an async copy to `odd` must lie at a multiple of 16',
        { kind: 'cpAsync', dst: shared('odd', 0), src: at('H', n8, 'f16'), bytes: 16 },
      ],
      [
        'a row of `t` must lie at a multiple of 16',
        { kind: 'ldmatrix', dst: ref('h'), matrices: 4, transpose: false, addr: shared('t', v('tid')) },
      ],
      [
        '`h[1]` must lie at a multiple of 4',
        { kind: 'convert', dst: ref('h', 1), to: 'f16', src: ref('r'), from: 'f32', count: 2 },
      ],
    ],
  ],
  [
    'TL0857',
    [
      [
        '`barrier` needs all of its threads, and stands where single lanes may miss it',
        when(bin('lt', v('tid'), num(7)), barrier),
      ],
      ['where whole warps may miss it', when(bin('lt', bin('div', v('tid'), num(32)), num(2)), barrier)],
      ['single lanes', let_('a', bin('rem', v('tid'), num(2))), when(bin('eq', v('a'), num(0)), barrier)],
      [
        'single lanes',
        var_('a', num(0)),
        when(bin('lt', v('tid'), num(3)), { kind: 'assign', name: 'a', value: num(1) }),
        when(bin('eq', v('a'), num(0)), barrier),
      ],
      ['single lanes', set('r', 0, cast('f32', v('tid'))), when(bin('lt', reg('r', 0), num(0, 'f32')), barrier)],
      ['single lanes', loop('i', v('tid'), undefined, barrier)],
      ['single lanes', loop('i', v('n'), undefined, barrier, when(bin('lt', v('tid'), v('i')), { kind: 'break' }))],
      [
        'single lanes',
        {
          kind: 'while',
          cond: bin('lt', { kind: 'load', addr: at('A', v('tid')), dtype: 'f32' }, num(1, 'f32')),
          body: [barrier],
        },
      ],
      ['single lanes', when(bin('lt', v('tid'), num(7)), { kind: 'return' }), barrier],
      [
        '`mma` needs',
        when(bin('lt', v('tid'), num(7)), {
          kind: 'mma',
          shape: 'm16n8k16',
          a: ref('h'),
          aType: 'f16',
          b: ref('h', 8),
          bType: 'f16',
          c: ref('r'),
          cType: 'f32',
        }),
      ],
      [
        '`ldmatrix` needs',
        when(bin('lt', v('tid'), num(7)), {
          kind: 'ldmatrix',
          dst: ref('h'),
          matrices: 1,
          transpose: false,
          addr: shared('t', 0),
        }),
      ],
      ['`shflXor` needs', when(bin('lt', v('tid'), num(7)), let_('b', shfl(v('x', 'f32'))))],
      ['`warpSync` needs', when(bin('lt', v('tid'), num(7)), { kind: 'warpSync' })],
    ],
  ],
  [
    'TL0858',
    [
      ['`A` is written and is read-only', { kind: 'store', addr: at('A', 0), value: num(1, 'f32') }],
      ['`A` is written', { kind: 'atomic', op: 'add', addr: at('A', 0), value: num(1, 'f32') }],
      ['`A` is written', { kind: 'pointer', name: 'p', addr: at('A', 0), readonly: false }],
      [
        '`p` is written',
        { kind: 'pointer', name: 'p', addr: at('out', 0), readonly: true },
        { kind: 'store', addr: at('p', 0), value: num(1, 'f32') },
      ],
      ['`tid` is written', { kind: 'assign', name: 'tid', value: num(1) }],
    ],
  ],
  [
    'TL0859',
    [
      [
        '`A` lies in global memory, not shared',
        let_('b', { kind: 'load', addr: at('A', 0, 'f32', 'shared'), dtype: 'f32' }),
      ],
      [
        '`t` lies in shared memory, not global',
        { kind: 'cpAsync', dst: shared('t', 0), src: shared('t', 0), bytes: 16 },
      ],
    ],
  ],
  ['TL0860', [['`break` stands outside a loop', when(bin('lt', v('n'), num(7)), { kind: 'break' })]]],
  [
    'TL0863',
    [
      ['is to be unrolled, and its length is not known', loop('i', v('n'), true)],
      ['does not step forwards', { kind: 'for', v: 'i', start: num(0), stop: num(4), step: num(0), body: [] }],
    ],
  ],
  [
    'TL0864',
    [
      ['the number of a barrier is 16', { kind: 'barrier', id: 16 }],
      ['the threads of a barrier is 48', { kind: 'barrier', id: 1, threads: 48 }],
      ['the number of pending groups is -1', { kind: 'cpAsyncWait', pending: -1 }],
      [
        'the bytes of an async copy is 2',
        { kind: 'cpAsync', dst: shared('t', 0), src: at('H', 0, 'f16'), bytes: 2 as 4 },
      ],
      ['the distance of a shuffle is 32', let_('b', { kind: 'shflUp', a: v('x', 'f32'), lanes: 32, dtype: 'f32' })],
      ['the number of printed values is 0', { kind: 'print', format: '{}', args: [] }],
      ['a constant of i32 is 0.5', let_('b', num(0.5))],
      ['the length of `q` is 0', regs('q', 'f32', 0)],
    ],
  ],
  [
    'TL0865',
    [
      [
        '`mma.m16n8k32` of f8e4m3 and f8e4m3 into f32 on sm_80',
        {
          kind: 'mma',
          shape: 'm16n8k32',
          a: ref('h'),
          aType: 'f8e4m3',
          b: ref('h'),
          bType: 'f8e4m3',
          c: ref('r'),
          cType: 'f32',
        },
      ],
      [
        '`mma.m16n8k16` of bf16 and f16',
        {
          kind: 'mma',
          shape: 'm16n8k16',
          a: ref('h'),
          aType: 'bf16',
          b: ref('h', 8),
          bType: 'f16',
          c: ref('r'),
          cType: 'f32',
        },
      ],
      [
        '`ldmatrix` for f32',
        { kind: 'ldmatrix', dst: ref('r'), matrices: 1, transpose: false, addr: shared('t', 0, 'f32') },
      ],
    ],
  ],
  [
    'TL0866',
    [
      [
        'element 64 or later of `t` is used, which has 64',
        let_('b', { kind: 'load', addr: shared('t', 64), dtype: 'f16' }),
      ],
    ],
  ],
])('%s', (code, cases) => {
  test.each(cases)('%s', (...given) => {
    const [words, ...body] = given as [string, ...DStmt[]];
    const found = faults(inside(body));
    expect(
      found.filter((f) => f.startsWith(code) && f.includes(words)),
      found.join('\n'),
    ).not.toEqual([]);
  });
});

test.each<[what: string, more: Partial<DeviceKernel>]>([
  [
    'TL0861',
    {
      roles: [
        { name: 'a', warps: [0, 2], body: [] },
        { name: 'b', warps: [1, 4], body: [] },
      ],
    },
  ],
  ['TL0861', { roles: [{ name: 'a', warps: [0, 2], body: [] }] }],
  ['TL0861', { roles: [{ name: 'a', warps: [0, 5], body: [] }] }],
  ['TL0862', { sharedBytes: 128 }],
  ['TL0862', { shared: [buffer('u', 'f16', 3)] }],
  ['TL0851', { writes: ['nobody'] }],
])('%s: %j', (code, more) => expect(faults(inside([], more)).some((f) => f.startsWith(code))).toBe(true));

test('a role that waits for the whole block waits for ever', () => {
  const k = inside([], {
    roles: [
      { name: 'a', warps: [0, 2], body: [barrier] },
      { name: 'b', warps: [2, 4], body: [{ kind: 'barrier', id: 1, threads: 64 }] },
    ],
  });
  expect(faults(k)).toEqual([expect.stringContaining('TL0857')]);
});

test('registers that are indexed at run time are a warning', () => {
  const found = verifyDevice(inside([loop('i', num(8), undefined, set('r', v('i')))]));
  expect(found).toMatchObject([{ code: 'TL0853', severity: 'warning' }]);
  expect(
    verifyDevice(inside([loop('i', num(8), true, let_('j', bin('sub', num(7), v('i'))), set('r', v('j')))])),
  ).toEqual([]);
});

test('alignment is proved through names, loops, divisions, masks and swizzles', () => {
  const load = (offset: DExpr): DStmt => ({ kind: 'loadVec', dst: ref('h'), addr: shared('t', offset), count: 8 });
  const ok = (...body: DStmt[]) => expect(faults(inside(body))).toEqual([]);
  ok(let_('a', bin('mul', bin('rem', v('tid'), num(2)), num(16))), load(bin('add', v('a'), num(8))));
  ok({ kind: 'for', v: 'i', start: num(8), stop: num(48), step: num(8), body: [load(v('i'))] });
  ok(load(bin('and', v('tid'), num(8))));
  ok(
    load(
      bin('xor', bin('mul', bin('rem', v('tid'), num(4)), num(8)), bin('shl', bin('and', v('tid'), num(1)), num(3))),
    ),
  );
  ok(
    { kind: 'pointer', name: 'p', addr: shared('t', 16), readonly: true },
    { kind: 'loadVec', dst: ref('h'), addr: shared('p', 8), count: 8 },
  );
  ok({
    kind: 'cpAsync',
    dst: shared('t', 0),
    src: at('H', bin('add', cast('i64', n8), bin('mul', v('tid'), num(16))), 'f16'),
    bytes: 16,
    pred: un('not', bin('lt', v('n'), num(0))),
  });
});
