/** Legal uses that TypeScript must accept; `legal.test.ts` compiles them too. */
import {
  bf16,
  bool,
  dim,
  type Fragment,
  f8e4m3,
  f16,
  f32,
  i32,
  i64,
  kernel,
  macro,
  type Operand,
  scalar,
  T,
  type Tile,
  tensor,
  u8,
} from 'tilec';

const n = dim('n');
const m = dim('m', { multipleOf: 8 });

/** Literals and arithmetic flow into every flavour; casts say the rest. */
export const scalars = kernel(
  {
    A: tensor(f32, [n]),
    H: tensor(f16, [n]),
    Q: tensor(f8e4m3, [n]),
    I: tensor(i32, [n]),
    L: tensor(i64, [n]),
    P: tensor(bool, [n]),
    s: scalar(f32),
    on: scalar(bool),
  },
  ({ A, H, Q, I, L, P, s, on }) => {
    const [bx] = T.grid([n], { threads: 32 });
    A[bx] = 1;
    A[bx] = A[bx] * 2 + s;
    A[bx] += s;
    A[bx]++;
    H[bx] = H[bx] * 2;
    H[bx] = f16(A[bx]);
    Q[bx] = f8e4m3(H[bx]);
    A[bx] = f32(Q[bx]) + f32(I[bx]);
    I[bx] = T.floorDiv(I[bx], 2) + (I[bx] % 3) + (I[bx] << 1);
    L[bx] = i64(I[bx]) * 2;
    P[bx] = on && A[bx] > 0 && !P[bx];
    let x: f32 = 0;
    x = x + A[bx];
    x += 1;
    const y: f32 = x;
    A[bx] = on ? y : 0;
    A[bx] = T.select(on, x, 0);
    A[bx] = T.max(x, y, 0) + T.min(x, 1) + Math.max(x, 0) + Math.abs(x) + T.exp2(x);
    A[bx] = T.fma(x, y, 1) + T.clamp(x, 0, 1) + T.pow(x, 2);
    I[bx] = T.clamp(I[bx], 0, 7) + T.popcount(I[bx]) + T.bitcast(i32, x);
    if (T.isNaN(x)) A[bx] = T.infinity;
  },
);

/** Shapes known, half known and unknown. */
export function shapes({ BM = 64, BN = 32 } = {}) {
  return kernel({ A: tensor(f16, [n, m, 128]), B: tensor(bf16, [m.times(2), 128]) }, ({ A, B }) => {
    const [bx, by] = T.grid([T.ceilDiv(n, BM), m]);
    const a = T.shared(f16, [BM, 128]);
    const b = T.shared(bf16, [BN, 128]);
    const half = T.fragment(f16, [BM, 128]);
    const row = T.fragment(f32, [BM]);
    const wide = T.fragment(f32, [BM, 128]);
    T.copy(A.tile([bx * BM, by, 0], [BM, 1, 128]), a);
    T.copy(B.tile([by * 2, 0], [BN, 128]), b);
    T.copy(a, half);
    T.copy(half, wide);
    T.fill(row, -T.infinity);
    T.reduceMax(wide, row, { dim: 1, clear: false });
    T.cumsum(wide, wide, { dim: 0 });
    for (const [i, j] of T.Parallel(BM, 128)) wide[i][j] = T.exp(wide[i][j] - row[i]);
    const [rows, cols] = wide.shape;
    const copyOfIt = T.fragment(wide.dtype, [rows, cols]);
    T.copy(wide, copyOfIt);
    T.copy(copyOfIt, A.tile([bx * BM, by, 0], [BM, 1, 128]));
  });
}

/** All transposes of a product. */
export const products = kernel({ A: tensor(f16, [64, 64]) }, ({ A }) => {
  T.grid([1]);
  const a = T.shared(f16, [64, 32]);
  const at = T.shared(f16, [32, 64]);
  const b = T.shared(f16, [32, 16]);
  const bt = T.shared(f16, [16, 32]);
  const c = T.fragment(f32, [64, 16]);
  for (const t of [a, at, b, bt]) T.clear(t);
  T.gemm(a, b, c, { clear: true });
  T.gemm(at, b, c, { transposeA: true });
  T.gemm(a, bt, c, { transposeB: true });
  T.gemm(at, bt, c, { transposeA: true, transposeB: true });
  T.copy(c, A.tile([0, 0], [64, 16]));
});

/** Loops of every kind. */
export const loops = kernel({ A: tensor(f32, [n, 64]), I: tensor(i32, [n]), c: scalar(i32) }, ({ A, I, c }) => {
  const [bx] = T.grid([n]);
  for (const i of T.serial(c)) A[bx][i] = 0;
  for (const i of T.serial(1, c, 2)) A[bx][i] = 0;
  for (const i of T.unroll(8)) A[bx][i * 2] = 0;
  for (const i of T.Pipelined(T.ceilDiv(n, 2), { numStages: 3 })) A[i][0] = 0;
  for (const i of T.Persistent(n)) A[i][0] = 0;
  for (const [i, j] of T.Parallel(4, 64)) A[i][j] = T.select(j > c, 1.0, 0.0);
  for (const x of [1, 2, 3]) I[x] = x;
  for (let i = 0; i < 4; i++) I[i] = i;
  let steps: i32 = 0;
  while (steps < c) {
    steps += 1;
    if (steps === 3) continue;
    if (steps > 7) break;
  }
  I[bx] = steps;
  T.atomicAdd(A[bx][0], 1);
  T.print('{} {}', c, A[bx][0]);
  T.assert(c > 0, 'c is positive');
});

const zero = macro((t: Operand<'f32'>) => T.clear(t));
const normalise = macro((t: Tile<'f32', 2, 'fragment' | 'shared'>, sums: Fragment<'f32', 1>) => {
  T.reduceSum(t, sums, { dim: 1 });
  for (const [i, j] of T.Parallel(t.shape[0], t.shape[1])) t[i][j] /= sums[i];
});
const gelu = macro((x: number): number => 0.5 * x * (1 + T.erf(x / Math.SQRT2)));

/** Tiles, regions and numbers as arguments of macros. */
export const macros = kernel({ A: tensor(f32, [n, 64]), U: tensor(u8, [n]) }, ({ A, U }) => {
  const [bx] = T.grid([n]);
  const f = T.fragment(f32, [16, 64]);
  const s = T.shared(f32, [16, 64]);
  const sums = T.fragment(f32, [16]);
  zero(f);
  zero(s.tile([0, 0], [8, 64]));
  T.copy(A.tile([bx * 16, 0], [16, 64]), f);
  normalise(f, sums);
  for (const [i, j] of T.Parallel(16, 64)) f[i][j] = gelu(f[i][j]);
  T.copy(f, A.tile([bx * 16, 0], [16, 64]));
  U[bx] = U[bx] + 1;
});
