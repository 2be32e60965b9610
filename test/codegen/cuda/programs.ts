/** Kernels that together use every row of the printer and every piece of the prelude. They are compiled, not run. */
import type { DExpr, DeviceKernel, DStmt } from '../../../src/ir/device/schema.ts';
import { bytesOf, DTYPES, type DType, isFloat, isInteger } from '../../../src/ir/dtype.ts';
import type { Target } from '../../../src/ir/target.ts';
import { type BinaryOp, MATH_FNS, type MathFn } from '../../../src/ir/tile/schema.ts';
import {
  at,
  bin,
  bitcast,
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
} from './build.ts';

const ALL = Object.keys(DTYPES) as DType[];
const FLOATS = ALL.filter(isFloat);
const INTEGERS = ALL.filter(isInteger);
const NUMBERS = [...FLOATS, ...INTEGERS];

/** A kernel over one read-only tensor `in_d` and one written `out_d` a dtype. */
const overAll = (name: string, body: readonly DStmt[]): DeviceKernel =>
  kernel(body, {
    name,
    params: ALL.flatMap((d) => [tensor(`in_${d}`, d), tensor(`out_${d}`, d)]),
    writes: ALL.map((d) => `out_${d}`),
    dims: [dim('n')],
  });

const input = (d: DType, i = 0): DExpr => ({
  kind: 'load',
  addr: at(`in_${d}`, bin('add', v('n'), num(i)), d),
  dtype: d,
});
const output = (d: DType, value: DExpr): DStmt => ({ kind: 'store', addr: at(`out_${d}`, v('n'), d), value });

const casts = overAll(
  'casts',
  ALL.flatMap((from) => ALL.map((to) => output(to, cast(to, input(from))))),
);

const bitcasts = overAll(
  'bitcasts',
  NUMBERS.flatMap((from) =>
    NUMBERS.filter((to) => bytesOf(to) === bytesOf(from)).map((to) => output(to, bitcast(to, input(from)))),
  ),
);

const ARITHMETIC: readonly BinaryOp[] = ['add', 'sub', 'mul', 'div', 'rem', 'min', 'max'];
const BITS: readonly BinaryOp[] = ['and', 'or', 'xor', 'shl', 'shr', 'floordiv', 'ceildiv'];
const COMPARE: readonly BinaryOp[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];

const operators = overAll('operators', [
  ...NUMBERS.flatMap((d) => [
    ...ARITHMETIC.map((op) => output(d, bin(op, input(d), input(d, 1)))),
    ...COMPARE.map((op) => output('bool', bin(op, input(d), input(d, 1)))),
    output(d, un('neg', input(d))),
    output(d, { kind: 'select', cond: input('bool'), a: input(d), b: input(d, 1), dtype: d }),
    output(d, num(d === 'i64' || d === 'u64' ? 7n : 7, d)),
  ]),
  ...INTEGERS.flatMap((d) => [
    ...BITS.map((op) => output(d, bin(op, input(d), input(d, 1)))),
    output(d, un('bitnot', input(d))),
  ]),
  ...FLOATS.flatMap((d) => [Number.NaN, Infinity, -Infinity, -0, 1e-3].map((x) => output(d, num(x, d)))),
  output('bool', bin('lor', input('bool'), bin('land', un('not', input('bool')), input('bool', 1)))),
]);

const INTEGER_FNS: readonly MathFn[] = ['abs', 'sign', 'clamp', 'popcount', 'clz', 'isnan', 'isinf', 'isfinite'];
const math = overAll(
  'math',
  NUMBERS.flatMap((d) =>
    (Object.keys(MATH_FNS) as MathFn[])
      .filter((fn) => (isFloat(d) ? fn !== 'popcount' && fn !== 'clz' : INTEGER_FNS.includes(fn)))
      .map((fn) => {
        const value = call(fn, ...Array.from({ length: MATH_FNS[fn] }, (_, i) => input(d, i)));
        return output(value.dtype, value);
      }),
  ),
);

const zero = (d: DType): DExpr => num(d === 'bool' ? false : 0, d);
const one = (d: DType): DExpr => num(d === 'bool' ? true : 1, d);

const conversions = overAll(
  'conversions',
  [5, 8].flatMap((count) => [
    ...ALL.map((d): DStmt => ({ kind: 'registers', name: `x${count}_${d}`, dtype: d, length: 16, init: zero(d) })),
    ...ALL.map((d): DStmt => ({ kind: 'registers', name: `y${count}_${d}`, dtype: d, length: 16, init: one(d) })),
    ...ALL.flatMap((from) =>
      ALL.filter((to) => to !== from).flatMap((to): DStmt[] => [
        { kind: 'loadVec', dst: ref(`x${count}_${from}`), addr: at(`in_${from}`, v('n'), from), count: 1 },
        { kind: 'convert', dst: ref(`y${count}_${to}`, 2), to, src: ref(`x${count}_${from}`, 4), from, count },
        output(to, reg(`y${count}_${to}`, 3, to)),
      ]),
    ),
  ]),
);

const vectors = overAll(
  'vectors',
  ALL.flatMap((d) =>
    [1, 2, 4, 8, 16]
      .filter((bytes) => bytes >= bytesOf(d))
      .flatMap((bytes): DStmt[] => {
        const count = bytes / bytesOf(d);
        const name = `x${bytes}_${d}`;
        const addr = at(`in_${d}`, bin('mul', v('n'), num(count)), d);
        const pred = bin('lt', v('n'), num(9));
        return [
          { kind: 'registers', name, dtype: d, length: count },
          { kind: 'loadVec', dst: ref(name), addr, count },
          { kind: 'storeVec', src: ref(name), addr: { ...addr, base: `out_${d}` }, count },
          { kind: 'loadVec', dst: ref(name), addr, count, pred },
          { kind: 'storeVec', src: ref(name), addr: { ...addr, base: `out_${d}` }, count, pred },
          { kind: 'loadVec', dst: ref(name), addr, count, cache: 'nc' },
          { kind: 'storeVec', src: ref(name), addr: { ...addr, base: `out_${d}` }, count, pred },
          { kind: 'loadVec', dst: ref(name), addr, count, cache: 'nc', pred },
          { kind: 'storeVec', src: ref(name), addr: { ...addr, base: `out_${d}` }, count },
        ];
      }),
  ),
);

const warp = overAll('warp', [
  ...ALL.flatMap((d): DStmt[] => [
    output(d, { kind: 'shflXor', a: input(d), lanes: 4, dtype: d }),
    output(d, { kind: 'shflUp', a: input(d), lanes: 1, dtype: d }),
    output(d, { kind: 'shfl', a: input(d), lane: num(0), dtype: d }),
  ]),
  { kind: 'warpSync' },
]);

const ptx = overAll(
  'ptx',
  ALL.map((d) => {
    const bits = bytesOf(d) === 1 ? 32 : DTYPES[d].bits;
    return output(d, { kind: 'ptx', template: `mov.b${bits} $0, $1;`, args: [input(d)], dtype: d });
  }),
);

const atomics = overAll(
  'atomics',
  NUMBERS.flatMap((d) =>
    (['add', 'max', 'min'] as const).map(
      (op): DStmt => ({ kind: 'atomic', op, addr: at(`out_${d}`, v('n'), d), value: input(d) }),
    ),
  ),
);

const asynchronous = kernel(
  [
    ...([4, 8, 16] as const).flatMap((bytes): DStmt[] => [
      { kind: 'cpAsync', dst: shared('tile', 8), src: at('A', bin('mul', v('n'), num(8)), 'f16'), bytes },
      {
        kind: 'cpAsync',
        dst: shared('tile', 8),
        src: at('A', bin('mul', v('n'), num(8)), 'f16'),
        bytes,
        pred: bin('lt', v('n'), num(4)),
      },
    ]),
    { kind: 'cpAsyncCommit' },
    { kind: 'cpAsyncWait', pending: 1 },
    { kind: 'barrier', id: 0 },
    { kind: 'barrier', id: 1, threads: 64 },
    { kind: 'atomic', op: 'add', addr: shared('tile', 0), value: num(1, 'f16') },
  ],
  {
    name: 'asynchronous',
    params: [tensor('A', 'f16')],
    dims: [dim('n')],
    shared: [buffer('tile', 'f16', 0)],
    sharedBytes: 128,
  },
);

const LOADS = ([1, 2, 4] as const).flatMap((matrices) => [false, true].map((transpose) => ({ matrices, transpose })));

type Mma = Extract<DStmt, { kind: 'mma' }>;
type MmaTypes = Pick<Mma, 'shape' | 'aType' | 'bType' | 'cType'>;
const sixteen = (shape: Mma['shape']): MmaTypes[] => [
  { shape, aType: 'f16', bType: 'f16', cType: 'f32' },
  { shape, aType: 'f16', bType: 'f16', cType: 'f16' },
  { shape, aType: 'bf16', bType: 'bf16', cType: 'f32' },
];
const pairs = (types: readonly DType[], cType: DType): MmaTypes[] =>
  types.flatMap((aType) => types.map((bType) => ({ shape: 'm16n8k32', aType, bType, cType }) as const));

/** Matrix instructions of a target. */
export const mmas = (target: Target): readonly MmaTypes[] => [
  ...sixteen('m16n8k8'),
  ...sixteen('m16n8k16'),
  ...pairs(['i8', 'u8'], 'i32'),
  ...(target.hasFp8 ? pairs(['f8e4m3', 'f8e5m2'], 'f32') : []),
];

const matrices = (target: Target): DeviceKernel =>
  kernel(
    [
      {
        kind: 'declare',
        name: 'lane',
        dtype: 'i32',
        const: true,
        value: bin('rem', { kind: 'special', name: 'threadIdx.x', dtype: 'i32' }, num(32)),
      },
      ...mmas(target).flatMap((types, i): DStmt[] => {
        const [a, b, c] = [`a${i}`, `b${i}`, `c${i}`];
        const addr = shared(`tile_${types.aType}`, bin('mul', bin('rem', v('lane'), num(4)), num(16)), types.aType);
        return [
          { kind: 'registers', name: a, dtype: types.aType, length: 16 },
          { kind: 'registers', name: b, dtype: types.bType, length: 16 },
          { kind: 'registers', name: c, dtype: types.cType, length: 4, init: num(0, types.cType) },
          ...LOADS.flatMap((load): DStmt[] => [
            { kind: 'ldmatrix', dst: ref(a), ...load, addr },
            { kind: 'ldmatrix', dst: ref(b), ...load, addr },
            { kind: 'mma', ...types, a: ref(a), b: ref(b), c: ref(c) },
          ]),
          { kind: 'store', addr: at(`out_${types.cType}`, v('n'), types.cType), value: reg(c, 3, types.cType) },
        ];
      }),
    ],
    {
      name: 'matrices',
      params: [tensor('out_f32', 'f32'), tensor('out_f16', 'f16'), tensor('out_i32', 'i32')],
      writes: ['out_f32', 'out_f16', 'out_i32'],
      dims: [dim('n')],
      shared: (['f16', 'bf16', 'f8e4m3', 'f8e5m2', 'i8', 'u8'] as const).map((d, i) =>
        buffer(`tile_${d}`, d, 1024 * i),
      ),
      sharedBytes: 6 * 1024,
    },
  );

const x = reg('x', v('i'));
const control = kernel(
  [
    { kind: 'registers', name: 'x', dtype: 'f32', length: 8, init: num(-Infinity, 'f32') },
    {
      kind: 'for',
      v: 'i',
      start: num(0),
      stop: num(8),
      step: num(1),
      unroll: true,
      body: [{ kind: 'setReg', array: 'x', index: v('i'), value: bin('mul', x, v('scale', 'f32')) }],
    },
    {
      kind: 'for',
      v: 'j',
      start: { kind: 'special', name: 'blockIdx.x', dtype: 'i32' },
      stop: v('n'),
      step: { kind: 'special', name: 'gridDim.x', dtype: 'i32' },
      unroll: 1,
      body: [
        {
          kind: 'if',
          cond: bin('eq', v('j'), num(3)),
          then: [{ kind: 'continue' }],
          else: [{ kind: 'if', cond: bin('gt', v('j'), num(7)), then: [{ kind: 'break' }], else: [] }],
        },
        { kind: 'print', format: 'j = {} of {}%', args: [v('j'), v('scale', 'f32')] },
      ],
    },
    { kind: 'declare', name: 'left', dtype: 'i64', const: false, value: num(9n, 'i64') },
    {
      kind: 'while',
      cond: bin('gt', v('left', 'i64'), num(0n, 'i64')),
      body: [{ kind: 'assign', name: 'left', value: bin('sub', v('left', 'i64'), num(2n, 'i64')) }],
    },
    { kind: 'assert', cond: bin('lt', v('left', 'i64'), num(1n, 'i64')), message: 'left "over"' },
    { kind: 'pointer', name: 'tail', addr: at('out', bin('mul', v('n'), num(2))), readonly: false },
    { kind: 'store', addr: at('tail', 1), value: reg('x', 0) },
    { kind: 'return' },
  ],
  { name: 'control', params: [tensor('out', 'f32'), scalar('scale', 'f32')], writes: ['out'], dims: [dim('n')] },
);

const roles = kernel([], {
  name: 'roles',
  params: [tensor('out', 'f32')],
  writes: ['out'],
  prologue: [
    {
      kind: 'declare',
      name: 'tid',
      dtype: 'i32',
      const: true,
      value: { kind: 'special', name: 'threadIdx.x', dtype: 'i32' },
    },
  ],
  roles: [
    { name: 'producer', warps: [0, 1], body: [{ kind: 'store', addr: at('out', v('tid')), value: num(1, 'f32') }] },
    { name: 'consumer', warps: [1, 4], body: [{ kind: 'store', addr: at('out', v('tid')), value: num(2, 'f32') }] },
  ],
});

export const programs = (target: Target): readonly DeviceKernel[] => [
  casts,
  bitcasts,
  operators,
  math,
  conversions,
  vectors,
  warp,
  ptx,
  atomics,
  asynchronous,
  matrices(target),
  control,
  roles,
];
