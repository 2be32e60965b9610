/** The emitted CUDA as people read it: whole kernels, then single rows where a detail matters. */
import { describe, expect, test } from 'vitest';
import { identifier } from '../../../src/codegen/cuda/names.ts';
import { kernelSymbol, printCuda } from '../../../src/codegen/cuda/printer.ts';
import type { DExpr, DeviceKernel, DStmt } from '../../../src/ir/device/schema.ts';
import { verifyDevice } from '../../../src/ir/device/verify.ts';
import { TARGETS } from '../../../src/ir/target.ts';
import { dedent } from '../../passes/helpers.ts';
import { at, bin, buffer, call, cast, dim, kernel, num, ref, reg, scalar, shared, tensor, un, v } from './build.ts';

const TID: DExpr = { kind: 'special', name: 'threadIdx.x', dtype: 'i32' };
const let_ = (name: string, value: DExpr, line?: number): DStmt => ({
  kind: 'declare',
  name,
  dtype: value.dtype,
  const: true,
  value,
  ...place(line),
});
const place = (line?: number) => (line === undefined ? {} : { span: { file: '/home/u/k.ts', line, column: 5 } });

/** The text from the kernel's head on; what stands before it is the prelude. */
function text(k: DeviceKernel): string {
  expect(verifyDevice(k, TARGETS.sm_90a)).toEqual([]);
  const all = printCuda(k, TARGETS.sm_90a);
  return all.slice(all.indexOf('extern "C"')).trimEnd();
}

describe('kernels', () => {
  test('element-wise: names, lines and vectors', () => {
    const at4 = bin('mul', v('i'), num(4));
    const k = kernel(
      [
        let_('i', bin('add', bin('mul', v('bx'), num(128)), v('tid')), 12),
        {
          kind: 'if',
          cond: bin('lt', at4, v('n')),
          then: [
            { kind: 'registers', name: 'x_v', dtype: 'f32', length: 4 },
            { kind: 'loadVec', dst: ref('x_v'), addr: at('x', at4), count: 4, ...place(13) },
            {
              kind: 'for',
              v: 'e',
              start: num(0),
              stop: num(4),
              step: num(1),
              unroll: true,
              body: [
                {
                  kind: 'setReg',
                  array: 'x_v',
                  index: v('e'),
                  value: bin('mul', reg('x_v', v('e')), v('scale', 'f32')),
                  ...place(14),
                },
              ],
            },
            { kind: 'storeVec', src: ref('x_v'), addr: at('out', at4), count: 4, ...place(14) },
          ],
          else: [],
          ...place(13),
        },
      ],
      {
        name: 'scale_by',
        params: [tensor('x', 'f32'), tensor('out', 'f32'), scalar('scale', 'f32')],
        dims: [{ ...dim('n'), multipleOf: 4 }],
        writes: ['out'],
        prologue: [let_('tid', TID), let_('bx', { kind: 'special', name: 'blockIdx.x', dtype: 'i32' })],
      },
    );
    expect(text(k)).toBe(
      dedent(`
        extern "C" __global__ void __launch_bounds__(128)
        scale_by(const float* __restrict__ x, float* out, float scale, int n) {
          const int tid = threadIdx.x;
          const int bx = blockIdx.x;
          // k.ts:12
          const int i = bx * 128 + tid;
          // k.ts:13
          if (i * 4 < n) {
            __align__(16) float x_v[4];
            load_vec<4>(x_v, &x[i * 4]);
            #pragma unroll
            for (int e = 0; e < 4; ++e) {
              // k.ts:14
              x_v[e] *= scale;
            }
            store_vec<4>(&out[i * 4], x_v);
          }
        }
      `),
    );
  });

  test('through shared memory: buffers, async copies, barriers', () => {
    const k = kernel(
      [
        {
          kind: 'cpAsync',
          dst: shared('tile', bin('mul', v('tid'), num(8))),
          src: at('x', bin('mul', v('tid'), num(8)), 'f16'),
          bytes: 16,
          pred: bin('lt', v('tid'), v('n')),
        },
        { kind: 'cpAsyncCommit' },
        { kind: 'cpAsyncWait', pending: 0 },
        { kind: 'barrier', id: 0 },
        let_('lowest', cast('f32', { kind: 'load', addr: shared('tile', bin('xor', v('tid'), num(7))), dtype: 'f16' })),
        let_('other', { kind: 'shflXor', a: v('lowest', 'f32'), lanes: 16, dtype: 'f32' }),
        {
          kind: 'atomic',
          op: 'max',
          addr: at('most', 0),
          value: call('abs', bin('max', v('lowest', 'f32'), v('other', 'f32'))),
        },
      ],
      {
        name: 'most_of',
        threads: 128,
        params: [tensor('x', 'f16'), tensor('most', 'f32')],
        dims: [dim('n')],
        writes: ['most'],
        minBlocks: 2,
        shared: [{ ...buffer('tile', 'f16', 1024, '[128, 8]'), length: 1024 }],
        sharedBytes: 3072,
        prologue: [let_('tid', TID)],
      },
    );
    expect(text(k)).toBe(
      dedent(`
        extern "C" __global__ void __launch_bounds__(128, 2)
        most_of(const half_t* __restrict__ x, float* most, int n) {
          extern __shared__ __align__(1024) unsigned char shared_memory[];
          half_t* const tile = reinterpret_cast<half_t*>(shared_memory + 1024);  // [128, 8]

          const int tid = threadIdx.x;
          cp_async<16>(&tile[tid * 8], &x[tid * 8], tid < n);
          cp_async_commit();
          cp_async_wait<0>();
          __syncthreads();
          const float lowest = float(tile[tid ^ 7]);
          const float other = __shfl_xor_sync(0xffffffff, lowest, 16);
          atomic_max(most, fabsf(fmaxf(lowest, other)));
        }
      `),
    );
  });

  test('matrices: fragments by ldmatrix, products by mma', () => {
    const k = kernel(
      [
        { kind: 'registers', name: 'acc', dtype: 'f32', length: 8, init: num(0, 'f32') },
        { kind: 'registers', name: 'a', dtype: 'f16', length: 8 },
        { kind: 'registers', name: 'b', dtype: 'f16', length: 8 },
        {
          kind: 'ldmatrix',
          dst: ref('a'),
          matrices: 4,
          transpose: false,
          addr: shared('q', bin('mul', v('lane'), num(16))),
          ...place(31),
        },
        {
          kind: 'ldmatrix',
          dst: ref('b'),
          matrices: 4,
          transpose: true,
          addr: shared('q', bin('mul', v('lane'), num(16))),
          ...place(31),
        },
        ...[0, 1].map(
          (j): DStmt => ({
            kind: 'mma',
            shape: 'm16n8k16',
            a: ref('a'),
            aType: 'f16',
            b: ref('b', 4 * j),
            bType: 'f16',
            c: ref('acc', 4 * j),
            cType: 'f32',
            ...place(31),
          }),
        ),
        { kind: 'registers', name: 'narrow', dtype: 'f16', length: 8 },
        { kind: 'convert', dst: ref('narrow'), to: 'f16', src: ref('acc'), from: 'f32', count: 8, ...place(32) },
        {
          kind: 'storeVec',
          src: ref('narrow'),
          addr: at('out', bin('mul', v('lane'), num(8)), 'f16'),
          count: 8,
          pred: bin('eq', v('warp'), num(0)),
          ...place(32),
        },
      ],
      {
        name: 'product',
        params: [tensor('out', 'f16')],
        writes: ['out'],
        shared: [{ ...buffer('q', 'f16', 0), length: 1024 }],
        sharedBytes: 2048,
        prologue: [let_('lane', bin('rem', TID, num(32))), let_('warp', bin('div', TID, num(32)))],
      },
    );
    expect(text(k)).toBe(
      dedent(`
        extern "C" __global__ void __launch_bounds__(128)
        product(half_t* out) {
          extern __shared__ __align__(1024) unsigned char shared_memory[];
          half_t* const q = reinterpret_cast<half_t*>(shared_memory);

          const int lane = int(threadIdx.x) % 32;
          const int warp_ = int(threadIdx.x) / 32;
          __align__(16) float acc[8] = {};
          __align__(16) half_t a[8];
          __align__(16) half_t b[8];
          // k.ts:31
          ldmatrix_x4(a, &q[lane * 16]);
          ldmatrix_x4_trans(b, &q[lane * 16]);
          mma_m16n8k16(acc, a, b);
          mma_m16n8k16(&acc[4], a, &b[4]);
          __align__(16) half_t narrow[8];
          // k.ts:32
          convert<8>(narrow, acc);
          if (warp_ == 0) store_vec<8>(&out[lane * 8], narrow);
        }
      `),
    );
  });

  test('control flow, and roles', () => {
    const i = v('i');
    const k = kernel([], {
      name: 'roles',
      params: [tensor('out', 'i32')],
      dims: [dim('n')],
      writes: ['out'],
      roles: [
        {
          name: 'producer',
          warps: [0, 1],
          body: [
            {
              kind: 'for',
              v: 'i',
              start: num(0),
              stop: v('n'),
              step: num(2),
              unroll: 1,
              body: [
                {
                  kind: 'if',
                  cond: bin('eq', i, num(3)),
                  then: [{ kind: 'continue' }],
                  else: [
                    {
                      kind: 'if',
                      cond: bin('gt', i, num(7)),
                      then: [{ kind: 'break' }],
                      else: [{ kind: 'barrier', id: 1, threads: 32 }],
                    },
                  ],
                },
              ],
            },
          ],
        },
        { name: 'consumer', warps: [1, 4], body: [{ kind: 'comment', text: 'nothing to do' }, { kind: 'return' }] },
      ],
    });
    expect(text(k)).toBe(
      dedent(`
        extern "C" __global__ void __launch_bounds__(128)
        roles(int* out, int n) {
          const int warp = threadIdx.x / 32;
          // producer
          if (warp < 1) {
            #pragma unroll 1
            for (int i = 0; i < n; i += 2) {
              if (i == 3) {
                continue;
              } else if (i > 7) {
                break;
              } else {
                barrier_sync(1, 32);
              }
            }
          }
          // consumer
          if (warp >= 1 && warp < 4) {
            // nothing to do
            return;
          }
        }
      `),
    );
  });
});

/** The C of one expression, stored. */
function c(e: DExpr): string {
  const names = ['a', 'b', 'c', 'n'];
  const k = kernel([{ kind: 'store', addr: at('out', 0, e.dtype), value: e }], {
    params: [
      tensor('out', e.dtype),
      ...['x', 'y'].map((n) => scalar(n, 'f32')),
      ...['p', 'q'].map((n) => scalar(n, 'bool')),
      scalar('h', 'f16'),
      scalar('l', 'i64'),
      scalar('u', 'u32'),
      scalar('s', 'i8'),
    ],
    dims: names.map(dim),
    writes: ['out'],
  });
  return /out\[0\] = (.*);/.exec(printCuda(k, TARGETS.sm_90a))![1]!;
}
const [a, b, x, y, p, q] = [v('a'), v('b'), v('x', 'f32'), v('y', 'f32'), v('p', 'bool'), v('q', 'bool')];

describe('expressions have as few parentheses as read well', () => {
  test.each([
    [bin('mul', bin('add', a, num(1)), b), '(a + 1) * b'],
    [bin('add', a, num(-1)), 'a - 1'],
    [bin('sub', a, bin('sub', b, num(1))), 'a - (b - 1)'],
    [bin('xor', bin('shr', a, num(4)), num(3)), '(a >> 4) ^ 3'],
    [bin('lor', bin('land', p, q), p), '(p && q) || p'],
    [bin('add', bin('shl', a, num(2)), b), '(a << 2) + b'],
    [{ kind: 'select', cond: bin('lt', a, b), a: x, b: y, dtype: 'f32' } as const, 'a < b ? x : y'],
    [un('neg', un('neg', x)), '-(-x)'],
    [un('not', bin('lt', a, b)), '!(a < b)'],
    [bin('mul', v('h', 'f16'), v('h', 'f16')), 'half_t(float(h) * float(h))'],
    [bin('add', v('s', 'i8'), num(1, 'i8')), 'i8(s + i8(1))'],
    [bin('max', x, y), 'fmaxf(x, y)'],
    [bin('floordiv', a, b), 'floor_div(a, b)'],
    [bin('floordiv', v('u', 'u32'), num(3, 'u32')), 'u / 3u'],
    [bin('rem', x, y), 'fmodf(x, y)'],
    [call('exp2', x), 'exp2_fast(x)'],
    [call('rcpApprox', x), 'rcp_fast(x)'],
    [bin('div', v('d', 'f64'), call('rcpApprox', bin('add', v('d', 'f64'), v('e', 'f64')))), 'd / (1.0 / (d + e))'],
    [call('fma', x, y, num(0.5, 'f32')), 'fmaf(x, y, 0.5f)'],
    [cast('f16', x), 'half_t(x)'],
    [cast('i32', x), 'truncate_to<int>(x)'],
    [num(-(2 ** 31)), '(-2147483647 - 1)'],
    [num(-Infinity, 'f32'), '-INFINITY'],
    [num(0.1, 'f32'), '0.1f'],
    [num(1e-7, 'f32'), '1e-7f'],
    [num(16777216, 'f32'), '16777216.0f'],
    [num(7n, 'i64'), '7ll'],
    [num(1.5, 'bf16'), 'bfloat16_t(1.5f)'],
  ])('%#: %s', (e, expected) => expect(c(e)).toBe(expected));

  test('floats keep their value through the shortest literal', () => {
    for (const value of [1 / 3, Math.PI, 1e30, 3.4028234663852886e38, 1.401298464324817e-45, 123456.789])
      expect(Math.fround(Number(c(num(value, 'f32')).replace(/f$/, '')))).toBe(Math.fround(value));
  });

  test('load of another dtype, and inline PTX', () => {
    expect(c({ kind: 'load', addr: at('out', a, 'f32'), dtype: 'f32' })).toBe('out[a]');
    expect(c({ kind: 'ptx', template: 'ex2.approx.f32 $0, $1;', args: [x], dtype: 'f32' })).toBe('inline_ptx_0(x)');
  });
});

test('names become C identifiers, and a kernel keeps a symbol to be found by', () => {
  expect(['x', 'rowMax', 'float', 'min', '__x', '2nd', '$t', 'größe', 'warp', 'main', '_'].map(identifier)).toEqual([
    'x',
    'rowMax',
    'float_',
    'min_',
    'v__x',
    '_2nd',
    '_t',
    'gruf6udfe',
    'warp_',
    'main_',
    'v_',
  ]);
  expect(kernelSymbol(kernel([], { name: 'double' }))).toBe('double_');
});

test('without a place of its own a statement says none', () => {
  const k = kernel([let_('z', num(1)), { kind: 'store', addr: at('out', 0, 'i32'), value: v('z') }], {
    params: [tensor('out', 'i32')],
    writes: ['out'],
  });
  expect(text(k)).not.toContain('//');
});
