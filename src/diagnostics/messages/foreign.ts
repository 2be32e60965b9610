/** What TileLang, Triton and CUDA call what kernels have here by another name, or do without. */

const BARRIERS = 'barriers are inserted by the compiler, where threads have to wait for each other';
const COPY = 'use T.copy with a region, `A.tile(origin, extent)`; single elements are `A[i][j]`';
const ATOMICS = 'the atomics are T.atomicAdd, T.atomicMax and T.atomicMin';
const INFERRED = 'leave it out: layouts, swizzles and vector widths are inferred';
const PARALLEL = 'there are no threads to index: `for (const [i] of T.Parallel(n))` spreads iterations over them';
const CAST = 'casts are calls of a dtype: `f16(x)`, with f16 imported from tilec';

/** Members that people look for in `T`. */
const MEMBERS: Readonly<Record<string, string>> = {
  alloc_shared: 'it is `T.shared(f16, [M, N])`: the dtype comes first',
  alloc_fragment: 'it is `T.fragment(f32, [M, N])`: the dtype comes first',
  alloc_local: 'it is `T.local(f32, [n])`: the dtype comes first',
  alloc_var: 'a scalar is declared with its dtype: `let x: f32 = 0`',
  alloc_barrier: BARRIERS,
  Kernel: 'it is `const [bx, by] = T.grid([blocksX, blocksY], { threads: 128 })`',
  thread_binding: PARALLEL,
  get_thread_binding: PARALLEL,
  program_id: 'block indices come from the grid: `const [bx] = T.grid([blocks])`',
  num_programs: 'the extents of T.grid are the numbers of blocks',
  arange: PARALLEL,
  vectorized: 'use T.Parallel: vector widths are inferred',
  sync_threads: BARRIERS,
  syncthreads: BARRIERS,
  __syncthreads: BARRIERS,
  barrier: BARRIERS,
  debug_barrier: BARRIERS,
  mbarrier_wait_parity: BARRIERS,
  mbarrier_arrive: BARRIERS,
  use_swizzle: INFERRED,
  annotate_layout: INFERRED,
  load: COPY,
  store: COPY,
  async_copy: 'use T.copy: in a loop of T.Pipelined it runs ahead',
  dot: 'it is `T.gemm(a, b, acc)`, which adds to acc',
  matmul: 'it is `T.gemm(a, b, acc)`, which adds to acc',
  zeros: 'make the tile, then T.clear it',
  full: 'make the tile, then T.fill it',
  where: 'it is `T.select(c, a, b)`, or `c ? a : b`',
  if_then_else: 'it is `T.select(c, a, b)`, or `c ? a : b`',
  sum: 'it is `T.reduceSum(src, dst, { dim })`',
  reduce: 'it is T.reduceSum, T.reduceMax, T.reduceMin or T.reduceAbsMax',
  cdiv: 'it is `T.ceilDiv(a, b)`',
  atomicOr: ATOMICS,
  atomicAnd: ATOMICS,
  atomicXor: ATOMICS,
  atomicSub: `${ATOMICS}; to subtract, add the negative`,
  atomicCas: ATOMICS,
  atomicExch: ATOMICS,
  cast: CAST,
  Cast: CAST,
  reinterpret: 'it is `T.bitcast(dtype, x)`',
  symbolic: "a run-time size is `const n = dim('n')`, outside the kernel",
  dynamic: "a run-time size is `const n = dim('n')`, outside the kernel",
  Tensor: 'tensors stand in the signature: `kernel({ A: tensor(f16, [n, 64]) }, ({ A }) => …)`',
  Buffer: 'tensors stand in the signature: `kernel({ A: tensor(f16, [n, 64]) }, ({ A }) => …)`',
  prim_func: "it is `kernel(signature, body)`, imported from 'tilec'",
  macro: "it is imported by itself: `import { macro } from 'tilec'`",
};

const asWritten = (name: string): string => name.replace(/_+([a-z0-9])/g, (_, c: string) => c.toUpperCase());

const BY_SPELLING = new Map(Object.entries(MEMBERS).map(([k, v]) => [asWritten(k).toLowerCase(), v]));

/** What to write instead of `T.name`; snake case, camel case and capitals are all one. */
export const memberElsewhere = (name: string): string | undefined => BY_SPELLING.get(asWritten(name).toLowerCase());

/** `reduce_max` as it would be written here. */
export const inCamelCase = asWritten;

const CUDA_INDEX =
  'block indices come from `const [bx] = T.grid([blocks])`; threads are not indexed, T.Parallel spreads over them';
const DTYPE = 'dtypes are imported from tilec: f32, f16, bf16, …';

/** Names that stand for themselves elsewhere. */
const NAMES: Readonly<Record<string, string>> = {
  tl: 'that is Triton. Here T.copy with `A.tile(origin, extent)` loads and stores, T.gemm is dot, T.grid gives block indices',
  tilelang: "everything is imported from 'tilec'",
  __syncthreads: BARRIERS,
  __syncwarp: BARRIERS,
  threadIdx: CUDA_INDEX,
  blockIdx: CUDA_INDEX,
  blockDim: CUDA_INDEX,
  gridDim: CUDA_INDEX,
  ceildiv: 'it is `T.ceilDiv(a, b)`',
  cdiv: 'it is `T.ceilDiv(a, b)`',
  range: 'it is `for (const i of T.serial(n))`, or T.unroll',
  print: "it is `T.print('x {}', x)`",
  printf: "it is `T.print('x {}', x)`",
  atomicAdd: 'it is `T.atomicAdd(A[i], x)`',
  float: DTYPE,
  half: DTYPE,
  float16: DTYPE,
  float32: DTYPE,
  bfloat16: DTYPE,
  int32: DTYPE,
};

/** What to write instead of a name that is not defined. */
export const nameElsewhere = (name: string): string | undefined =>
  Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
