// biome-ignore-all lint: these are mistakes
/**
 * Mistakes that an editor must catch: each line after a `@ts-expect-error` must be an error to `tsc`, for the reason that
 * it gives. `npm run typecheck` fails when one of them passes.
 */
import {
  bf16,
  bool,
  dim,
  type Fragment,
  f8e4m3,
  f16,
  f32,
  i8,
  i32,
  kernel,
  macro,
  type Shared,
  scalar,
  T,
  type Tile,
  tensor,
  u8,
} from 'tilec';
import type { TensorLike } from '../../src/dsl/tensor-like.ts';

const n = dim('n');

// -------------------------------------------------------------------------------------------------- the signature

// @ts-expect-error a dtype is a value of tilec's, not a string
tensor('f32', [n]);
// @ts-expect-error a shape has at least one entry
tensor(f32, []);
// @ts-expect-error a shape entry is a number or a dim
tensor(f32, ['n']);
// @ts-expect-error a promise is a number
dim('n', { multipleOf: '8' });
// @ts-expect-error a scalar's dtype is a value
scalar('f32');

// ---------------------------------------------------------------------------------------------------- in the kernel

export const mistakes = kernel(
  {
    A: tensor(f32, [n, 64]),
    H: tensor(f16, [n, 64]),
    F8: tensor(f8e4m3, [n, 64]),
    I: tensor(i32, [n]),
    P: tensor(bool, [n]),
    s: scalar(f32),
    c: scalar(i32),
  },
  ({ A, H, F8, I, P, s, c, ...rest }) => {
    // @ts-expect-error the signature has no parameter B
    rest.B;
    const [bx] = T.grid([n]);
    // @ts-expect-error the grid gives one index
    const [, by] = T.grid([n]);
    // @ts-expect-error a grid has at most three extents
    T.grid([n, n, n, n]);
    // @ts-expect-error there is no option `thread`
    T.grid([n], { thread: 128 });

    const q = T.shared(f16, [128, 64]);
    const k = T.shared(f16, [64, 64]);
    const w = T.shared(f16, [32, 64]);
    const b = T.shared(bf16, [64, 64]);
    const acc = T.fragment(f32, [128, 64]);
    const row = T.fragment(f32, [128]);
    const small = T.local(i32, [4]);
    // @ts-expect-error extents of a tile are known while compiling
    T.shared(f16, [n, 64]);
    // @ts-expect-error extents of a tile are known while compiling, and a device value is not
    T.fragment(f16, [c]);
    // @ts-expect-error a tile has a shape
    T.shared(f16);

    // Elements.
    // @ts-expect-error a tile has no property x
    q.x;
    // @ts-expect-error a row of rank 2 is no number
    A[bx] = 1;
    // @ts-expect-error a row is not a number to compute with
    s + A[bx];
    // @ts-expect-error a comma keeps only its last value
    A[(bx, 0)] = 1;
    // @ts-expect-error `A` has two dimensions
    A[bx][0][0];
    // @ts-expect-error f32 is stored to f16
    H[bx][0] = A[bx][0];
    // @ts-expect-error f16 is stored to f32: TypeScript cannot know that this one loses nothing
    A[bx][0] = H[bx][0];
    // @ts-expect-error i32 is stored to f32
    A[bx][0] = c;
    // @ts-expect-error f8 is stored to f16
    H[bx][0] = F8[bx][0];
    // @ts-expect-error a boolean is stored to f32
    A[bx][0] = s > 0;
    // @ts-expect-error a number is stored to bool
    P[bx] = 1;
    // @ts-expect-error a tile is stored to an element
    A[bx][0] = q;
    // @ts-expect-error a string is stored to an element
    A[bx][0] = '0';
    // @ts-expect-error the shape of a tile cannot be written
    A.shape[1] = 3;

    // Whole tiles.
    // @ts-expect-error [128, 64] is copied to [64, 64]
    T.copy(q, k);
    // @ts-expect-error an element is no tile
    T.copy(A[bx][0], q);
    // @ts-expect-error the source's region is [64, 64], the destination [128, 64]
    T.copy(A.tile([bx, 0], [64, 64]), q);
    // @ts-expect-error the origin lacks an entry
    A.tile([bx], [64]);
    // @ts-expect-error the extent has an entry too many
    A.tile([bx, 0], [1, 1, 64]);
    // @ts-expect-error an extent is known while compiling
    A.tile([bx, 0], [1, n]);
    // @ts-expect-error q · k without transposeB has inner extents 64 and 32
    T.gemm(q, w, acc);
    // @ts-expect-error q · wᵀ is [128, 32], not [128, 64]
    T.gemm(q, w, acc, { transposeB: true });
    // @ts-expect-error f16 · bf16
    T.gemm(q, b, acc);
    // @ts-expect-error c must be a fragment
    T.gemm(q, k, q);
    // @ts-expect-error a comes from shared memory or a fragment
    T.gemm(A, k, acc);
    // @ts-expect-error there is no option `trans_B`
    T.gemm(q, k, acc, { trans_B: true });
    // @ts-expect-error the reduced tile is [128], not [64]
    T.reduceSum(acc, row, { dim: 0 });
    // @ts-expect-error there is no dimension 2
    T.reduceMax(acc, row, { dim: 2 });
    // @ts-expect-error a reduction says along which dimension
    T.reduceMax(acc, row);
    // @ts-expect-error tensors are reduced through tiles
    T.reduceSum(A, row, { dim: 1 });
    // @ts-expect-error a value is filled in, not a tile
    T.fill(acc, row);
    // @ts-expect-error f32 is filled into f16
    T.fill(q, s);
    // @ts-expect-error i32 is added to f32
    T.atomicAdd(A[bx][0], c);
    // @ts-expect-error scans say along which dimension
    T.cumsum(acc, acc, {});

    // Loops.
    // @ts-expect-error five extents
    T.Parallel(2, 2, 2, 2, 2);
    // @ts-expect-error an extent of T.Parallel is known while compiling
    T.Parallel(n);
    // @ts-expect-error T.Parallel has one index here
    for (const [i, j] of T.Parallel(64)) I[i] = j;
    // @ts-expect-error T.Parallel gives a list of indices
    for (const i of T.Parallel(64)) I[i] = 0;
    // @ts-expect-error T.serial gives one number
    for (const [i] of T.serial(64)) I[i] = 0;
    // @ts-expect-error a float is no bound
    for (const i of T.serial(s)) I[i] = 0;
    // @ts-expect-error there is no option `num_stages`
    for (const i of T.Pipelined(c, { num_stages: 2 })) I[i] = 0;
    // @ts-expect-error an index cannot be changed
    for (const i of T.serial(4)) i += 1;

    // Expressions.
    // @ts-expect-error a condition is a boolean
    T.select(c, s, 0);
    // @ts-expect-error f32 and i32 do not meet
    T.max(s, c);
    // @ts-expect-error integers have no exp
    T.exp(c);
    // @ts-expect-error floats are not divided as integers
    T.floorDiv(s, 2);
    // @ts-expect-error floats have no bits to count
    T.popcount(s);
    // @ts-expect-error a cast takes a number
    f16(q);
    // @ts-expect-error there is no T.softmax
    T.softmax(acc);
    // @ts-expect-error a dtype comes first
    T.bitcast(s, i32);
    // @ts-expect-error a device scalar of i32 gets f32
    const wrong: i32 = s;
    // @ts-expect-error a format comes first
    T.print(s);
    // @ts-expect-error a condition is a boolean
    T.assert(c);
    small[0] = c;
    return [by, wrong];
  },
);

// ----------------------------------------------------------------------------------------------------------- macros

const scaled = macro((x: Tile<'f32', 2>, by: number) => {
  x[0][0] *= by;
});
const rows = macro((x: Fragment<'f32', 1>, y: Shared<'f16', readonly [64, 64]>) => T.fill(x, f32(y[0][0])));

export const calls = kernel({ A: tensor(f32, [n, 64]), H: tensor(f16, [n, 64]), s: scalar(f32) }, ({ A, H }) => {
  T.grid([n]);
  const s = T.shared(f16, [32, 64]);
  const f = T.fragment(f32, [64]);
  // @ts-expect-error a macro's tile is f32
  scaled(H, 2);
  // @ts-expect-error an argument is missing
  scaled(A);
  // @ts-expect-error a number, not a tile
  scaled(A, f);
  // @ts-expect-error a shared tile of another shape
  rows(f, s);
  // @ts-expect-error a tensor is no fragment
  rows(A, s);
});

// ------------------------------------------------------------------------------------------------------------ calls

declare const f32s: TensorLike<'f32'>;
declare const f16s: TensorLike<'f16'>;

export async function launch(): Promise<void> {
  await calls({ A: f32s, H: f16s, s: 1 });
  // @ts-expect-error H and s are missing
  await calls({ A: f32s });
  // @ts-expect-error H holds f16
  await calls({ A: f32s, H: f32s, s: 1 });
  // @ts-expect-error s is a number
  await calls({ A: f32s, H: f16s, s: f32s });
  // @ts-expect-error there is no parameter B
  await calls({ A: f32s, H: f16s, s: 1, B: f16s });
  // @ts-expect-error a typed array is not a tensor
  await calls({ A: new Float32Array(64), H: f16s, s: 1 });
  // @ts-expect-error there is no device `gpu`
  await calls.compile({ device: 'gpu' });
}

// @ts-expect-error the signature comes first
kernel(() => {});
// @ts-expect-error a signature holds tensors and scalars
kernel({ A: 3 }, () => {});
// @ts-expect-error the signature has no B
kernel({ A: tensor(u8, [n]) }, ({ B }) => B);
// @ts-expect-error i8 is stored to u8
kernel({ A: tensor(u8, [n]), B: tensor(i8, [n]) }, ({ A, B }) => void (A[0] = B[0]));
