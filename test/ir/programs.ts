/** Generated Tile IR that is well-formed: names in scope, dtypes and shapes that fit, statements where they may stand. */
import fc from 'fast-check';
import type { DType } from '../../src/ir/dtype.ts';
import { NO_SPAN } from '../../src/ir/span.ts';
import type { Expr, Kernel, Region, Stmt } from '../../src/ir/tile/schema.ts';
import { constant, expr } from './arbitrary.ts';

const span = NO_SPAN;
const M = 32;
const N = 16;
const K = 48;

interface Array {
  readonly dtype: DType;
  readonly rank: number;
  readonly shape?: readonly number[];
}
const TILES: Readonly<Record<string, Array & { shape: readonly number[]; scope: 'shared' | 'fragment' | 'local' }>> = {
  a: { scope: 'shared', dtype: 'f16', rank: 2, shape: [M, K] },
  b: { scope: 'shared', dtype: 'f16', rank: 2, shape: [N, K] },
  bT: { scope: 'shared', dtype: 'f16', rank: 2, shape: [K, N] },
  out: { scope: 'shared', dtype: 'f32', rank: 2, shape: [M, N] },
  acc: { scope: 'fragment', dtype: 'f32', rank: 2, shape: [M, N] },
  rows: { scope: 'fragment', dtype: 'f32', rank: 1, shape: [M] },
  columns: { scope: 'fragment', dtype: 'f32', rank: 1, shape: [N] },
  flags: { scope: 'local', dtype: 'i32', rank: 1, shape: [4] },
};
const TENSORS: Readonly<Record<string, Array>> = { X: { dtype: 'f16', rank: 2 }, Y: { dtype: 'f32', rank: 2 } };

interface Scope {
  readonly vars: ReadonlyMap<string, DType>;
  readonly mutable: readonly string[];
  readonly loop: boolean;
  readonly parallel: boolean;
}
const bind = (s: Scope, name: string, dtype: DType, mutable = false): Scope => ({
  ...s,
  vars: new Map([...s.vars, [name, dtype]]),
  mutable: mutable ? [...s.mutable, name] : s.mutable,
});

const ARRAYS = new Map<string, Array>(Object.entries({ ...TILES, ...TENSORS }));
const i32 = (value: number): Expr => ({ kind: 'const', dtype: 'i32', value, span });

/** Built when it is needed: the tree of all choices would be large. */
const lazy = <T>(make: () => fc.Arbitrary<T>): fc.Arbitrary<T> => fc.constant(null).chain(make);

const exprOf = (scope: Scope, d: DType, depth = 2): fc.Arbitrary<Expr> =>
  lazy(() => expr(d, { vars: scope.vars, buffers: ARRAYS }, depth));

/** A box of `extent` somewhere in the array; at zero in tiles, which must hold it. */
function region(scope: Scope, name: string, extent: readonly number[]): fc.Arbitrary<Region> {
  const tile = TILES[name];
  const origins = extent.map((n, d) =>
    tile ? fc.integer({ min: 0, max: tile.shape[d]! - n }).map(i32) : exprOf(scope, 'i32', 1),
  );
  return fc.tuple(...origins).map((origin) => ({ buffer: name, origin, extent, span }));
}
const whole = (scope: Scope, name: string): fc.Arbitrary<Region> => region(scope, name, TILES[name]!.shape);

function simple(scope: Scope): fc.Arbitrary<Stmt> {
  const scalar = fc.constantFrom<DType>('f32', 'i32', 'bool');
  const element = fc.constantFrom('X', 'Y', 'a', 'out', ...(scope.parallel ? ['acc', 'rows'] : [])).chain((buffer) => {
    const { rank, dtype } = ARRAYS.get(buffer)!;
    return fc
      .tuple(fc.array(exprOf(scope, 'i32', 1), { minLength: rank, maxLength: rank }), exprOf(scope, dtype))
      .map(([indices, value]) => ({ buffer, indices, value }));
  });
  const options: fc.Arbitrary<Stmt>[] = [
    element.map((e): Stmt => ({ kind: 'store', ...e, span })),
    element.map((e): Stmt => ({ kind: 'atomic', op: 'add', ...e, span })),
    fc
      .array(
        scalar.chain((d) => exprOf(scope, d)),
        { maxLength: 2 },
      )
      .map((args): Stmt => ({ kind: 'print', format: args.map(() => 'x = {}').join(), args, span })),
    exprOf(scope, 'bool').map((cond): Stmt => ({ kind: 'assert', cond, message: 'it holds', span })),
  ];
  if (scope.mutable.length > 0)
    options.push(
      fc
        .constantFrom(...scope.mutable)
        .chain((name) =>
          exprOf(scope, scope.vars.get(name)!).map((value): Stmt => ({ kind: 'assign', name, value, span })),
        ),
    );
  if (scope.loop) options.push(fc.constantFrom('break', 'continue').map((kind): Stmt => ({ kind, span })));
  if (scope.parallel) return fc.oneof(...options);
  options.push(
    fc.constantFrom('return', 'barrier', 'commitGroup').map((kind): Stmt => ({ kind, span })),
    fc.nat(3).map((pending): Stmt => ({ kind: 'waitGroup', pending, span })),
    fc
      .constantFrom(['X', 'a'], ['a', 'X'], ['Y', 'out'], ['acc', 'out'], ['out', 'acc'])
      .chain(([from, to]) => {
        const extent = (TILES[from!] ?? TILES[to!])!.shape;
        return fc.tuple(region(scope, from!, extent), region(scope, to!, extent));
      })
      .map(([src, dst]): Stmt => ({ kind: 'copy', src, dst, span })),
    fc
      .tuple(region(scope, 'X', [M, K]), whole(scope, 'a'))
      .map(([src, dst]): Stmt => ({ kind: 'copy', src, dst, async: true, span })),
    fc
      .constantFrom('a', 'acc', 'rows', 'out')
      .chain((name) =>
        fc
          .tuple(exprOf(scope, TILES[name]!.dtype), whole(scope, name))
          .map(([value, dst]): Stmt => ({ kind: 'fill', dst, value, span })),
      ),
    fc
      .boolean()
      .chain((transposeB) =>
        fc
          .tuple(whole(scope, 'a'), whole(scope, transposeB ? 'b' : 'bT'), whole(scope, 'acc'), fc.boolean())
          .map(([a, b, c, clear]): Stmt => ({ kind: 'gemm', a, b, c, transposeA: false, transposeB, clear, span })),
      ),
    fc
      .tuple(fc.nat(1), fc.constantFrom('sum', 'max', 'min', 'absmax'), fc.boolean(), whole(scope, 'acc'))
      .chain(([dim, op, clear, src]) =>
        whole(scope, dim === 1 ? 'rows' : 'columns').map(
          (dst): Stmt => ({ kind: 'reduce', op, src, dst, dim, clear, span }),
        ),
      ),
    fc
      .tuple(whole(scope, 'acc'), whole(scope, 'out'), fc.nat(1), fc.boolean())
      .map(([src, dst, dim, reverse]): Stmt => ({ kind: 'cumsum', src, dst, dim, reverse, span })),
  );
  return fc.oneof(...options);
}

/** `free`: names not used yet, shared out among the statements so that none is declared twice. */
function stmts(scope: Scope, depth: number, free: readonly string[]): fc.Arbitrary<readonly Stmt[]> {
  const [name, name2, ...rest] = free;
  if (depth === 0 || name === undefined || name2 === undefined)
    return fc.array(simple(scope), { minLength: 1, maxLength: 2 });
  const half = rest.length >> 1;
  const [left, right] = [rest.slice(0, half), rest.slice(half)];
  const inner = (s: Scope, names = left): fc.Arbitrary<readonly Stmt[]> => lazy(() => stmts(s, depth - 1, names));
  const then = (first: fc.Arbitrary<Stmt>, s: Scope = scope): fc.Arbitrary<readonly Stmt[]> =>
    fc
      .tuple(
        first,
        lazy(() => stmts(s, depth - 1, right)),
      )
      .map(([x, others]) => [x, ...others]);
  const options: fc.Arbitrary<readonly Stmt[]>[] = [
    then(simple(scope)),
    fc.constantFrom<DType>('f32', 'i32', 'bool', 'f16').chain((d) =>
      fc.constantFrom('let', 'declare').chain((kind) =>
        then(
          exprOf(scope, d).map((value): Stmt => ({ kind, name, dtype: d, value, span })),
          bind(scope, name, d, kind === 'declare'),
        ),
      ),
    ),
    then(
      fc
        .tuple(
          exprOf(scope, 'bool'),
          inner(scope),
          fc.oneof(
            fc.constant([]),
            lazy(() => stmts(scope, depth - 1, [])),
          ),
        )
        .map(([cond, a, b]): Stmt => ({ kind: 'if', cond, then: a, else: b, span })),
    ),
    then(
      fc
        .tuple(exprOf(scope, 'bool'), inner({ ...scope, loop: true }))
        .map(([cond, body]): Stmt => ({ kind: 'while', cond, body, span })),
    ),
    then(
      fc
        .tuple(
          fc.constantFrom('serial', 'unroll', ...(scope.parallel ? [] : (['pipelined', 'persistent'] as const))),
          exprOf(scope, 'i32', 1),
          exprOf(scope, 'i32', 1),
          constant('i32'),
          inner({ ...bind(scope, name, 'i32'), loop: true }),
        )
        .map(([loop, start, stop, step, body]): Stmt => {
          const stages = loop === 'pipelined' ? { stages: 2 } : {};
          return { kind: 'for', loop, v: name, start, stop, step, ...stages, body, span };
        }),
    ),
  ];
  if (!scope.parallel)
    options.push(
      then(
        inner({ ...bind(bind(scope, name, 'i32'), name2, 'i32'), parallel: true, loop: false }).map(
          (body): Stmt => ({ kind: 'parallel', vars: [name, name2], extents: [M, N], body, span }),
        ),
      ),
    );
  return fc.oneof(...options);
}

/** Programs that the verifier must accept. They need not be what a frontend would make, or end. */
export const wellFormed: fc.Arbitrary<Kernel> = stmts(
  {
    vars: new Map<string, DType>([
      ['n', 'i32'],
      ['scale', 'f32'],
      ['bx', 'i32'],
    ]),
    mutable: [],
    loop: false,
    parallel: false,
  },
  4,
  Array.from({ length: 60 }, (_, i) => `v${i}`),
).map((body) => ({
  name: 'generated',
  params: [
    ...Object.entries(TENSORS).map(([name, t]) => ({
      kind: 'tensor' as const,
      name,
      dtype: t.dtype,
      shape: [{ kind: 'var' as const, name: 'n', dtype: 'i32' as const, span }, i32(64)],
      span,
    })),
    { kind: 'scalar', name: 'scale', dtype: 'f32', span },
  ],
  dims: [{ name: 'n', multipleOf: 8, span }],
  grid: [i32(4)],
  blockVars: ['bx'],
  threads: 64,
  buffers: Object.entries(TILES).map(([name, t]) => ({ name, scope: t.scope, dtype: t.dtype, shape: t.shape, span })),
  body,
  span,
}));
