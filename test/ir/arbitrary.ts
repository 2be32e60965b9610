/** Generated Tile IR: every node kind and every optional field, with names and numbers of all sorts. Well-typed enough to print and parse; not to run. */
import fc from 'fast-check';
import { DTYPES, type DType, isFloat, isInteger } from '../../src/ir/dtype.ts';
import type { Layout } from '../../src/ir/layout.ts';
import { NO_SPAN } from '../../src/ir/span.ts';
import type { Expr, Kernel, MathFn, Region, Stmt } from '../../src/ir/tile/schema.ts';
import { MATH_FNS } from '../../src/ir/tile/schema.ts';
import { binaryDType, callDType } from '../../src/ir/tile/text.ts';

const span = NO_SPAN;
export const ALL_DTYPES = Object.keys(DTYPES) as DType[];
const dtype = fc.constantFrom(...ALL_DTYPES);

/** Names no two of which clash: the index makes them unique. */
const stem = fc.oneof(
  fc.constantFrom(
    'x',
    'q',
    'acc',
    'row_max',
    '$t',
    'copy',
    'in',
    'inf',
    'true',
    'stages',
    'layout',
    'grid',
    'dims',
    'via',
    'slot',
    'transpose',
    'f32',
    'ptx',
    'max',
    'nan_f32',
    'größe',
    '数',
    'a`b',
    'a"b',
    'with space',
    '',
  ),
  fc.string({ minLength: 0, maxLength: 4 }),
);
const names = (count: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(stem, { minLength: count, maxLength: count }).filter((list) => !list.includes('__proto__'));

const value = (d: DType): fc.Arbitrary<number | bigint | boolean> => {
  if (d === 'bool') return fc.boolean();
  if (d === 'i64') return fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
  if (d === 'u64') return fc.bigInt(0n, 2n ** 64n - 1n);
  if (isFloat(d))
    return fc.oneof(
      fc.double(),
      fc.constantFrom(0, -0, 1, -1, 0.1, 1e21, -1e-7, 1e300, 5e-324, Infinity, -Infinity, NaN),
    );
  const bits = DTYPES[d].bits;
  return d.startsWith('u')
    ? fc.integer({ min: 0, max: 2 ** bits - 1 })
    : fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
};
export const constant = (d: DType): fc.Arbitrary<Expr> =>
  value(d).map((v) => ({ kind: 'const', dtype: d, value: v, span }));

interface Scope {
  readonly vars: ReadonlyMap<string, DType>;
  readonly buffers: ReadonlyMap<string, { dtype: DType; rank: number; shape?: readonly number[] }>;
}

const FLOAT_OPS = ['add', 'sub', 'mul', 'div', 'min', 'max'] as const;
const INT_OPS = [
  'add',
  'sub',
  'mul',
  'floordiv',
  'ceildiv',
  'rem',
  'min',
  'max',
  'and',
  'or',
  'xor',
  'shl',
  'shr',
] as const;
const COMPARE = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
const INT_FNS = ['abs', 'sign', 'popcount', 'clz', 'clamp'] as const satisfies readonly MathFn[];
const BOOL_FNS = ['isnan', 'isinf', 'isfinite'] as const satisfies readonly MathFn[];
const FLOAT_FNS = (Object.keys(MATH_FNS) as MathFn[]).filter((f) => !['popcount', 'clz', ...BOOL_FNS].includes(f));

const known = new WeakMap<Scope, Map<string, fc.Arbitrary<Expr>>>();

/** Made once for each scope, dtype and depth: every node refers to several of the next depth. */
export function expr(d: DType, scope: Scope, depth: number): fc.Arbitrary<Expr> {
  const made = known.get(scope) ?? new Map<string, fc.Arbitrary<Expr>>();
  known.set(scope, made);
  const key = `${d} ${depth}`;
  const arbitrary = made.get(key) ?? makeExpr(d, scope, depth);
  made.set(key, arbitrary);
  return arbitrary;
}

function makeExpr(d: DType, scope: Scope, depth: number): fc.Arbitrary<Expr> {
  const leaves: fc.Arbitrary<Expr>[] = [constant(d)];
  const vars = [...scope.vars].filter(([, t]) => t === d).map(([n]) => n);
  if (vars.length > 0) leaves.push(fc.constantFrom(...vars).map((name) => ({ kind: 'var', name, dtype: d, span })));
  if (depth <= 0) return fc.oneof(...leaves);
  const sub = (t: DType): fc.Arbitrary<Expr> => expr(t, scope, depth - 1);
  const list = (t: DType, n: number): fc.Arbitrary<Expr[]> => fc.array(sub(t), { minLength: n, maxLength: n });
  const nodes: fc.Arbitrary<Expr>[] = [
    fc.tuple(sub('bool'), sub(d), sub(d)).map(([cond, a, b]) => ({ kind: 'select', cond, a, b, dtype: d, span })),
    dtype.chain(sub).map((a) => ({ kind: 'cast', a, dtype: d, span })),
    fc
      .constantFrom(...ALL_DTYPES.filter((t) => DTYPES[t].bits === DTYPES[d].bits))
      .chain(sub)
      .map((a) => ({ kind: 'bitcast', a, dtype: d, span })),
    fc
      .tuple(fc.string(), fc.array(dtype.chain(sub), { maxLength: 2 }), fc.option(sub(d), { nil: undefined }))
      .map(([template, args, fallback]) => ({
        kind: 'ptx',
        template,
        args,
        ...(fallback ? { fallback } : {}),
        dtype: d,
        span,
      })),
  ];
  const buffers = [...scope.buffers].filter(([, b]) => b.dtype === d);
  if (buffers.length > 0)
    nodes.push(
      fc
        .constantFrom(...buffers)
        .chain(([buffer, b]) =>
          list('i32', b.rank).map((indices) => ({ kind: 'load', buffer, indices, dtype: d, span })),
        ),
    );
  const ops = d === 'bool' ? (['land', 'lor', 'xor', 'and', 'or'] as const) : isInteger(d) ? INT_OPS : FLOAT_OPS;
  nodes.push(
    fc
      .tuple(
        fc.constantFrom<(typeof INT_OPS | typeof FLOAT_OPS | readonly ['land', 'lor', 'xor', 'and', 'or'])[number]>(
          ...ops,
        ),
        sub(d),
        sub(d),
      )
      .map(([op, a, b]) => ({ kind: 'binary', op, a, b, dtype: binaryDType(op, d), span })),
    sub(d).map((a) => ({ kind: 'unary', op: d === 'bool' ? 'not' : 'neg', a, dtype: d, span })),
  );
  if (d === 'bool')
    nodes.push(
      dtype
        .chain((t) => fc.tuple(fc.constantFrom(...COMPARE), sub(t), sub(t)))
        .map(([op, a, b]) => ({ kind: 'binary', op, a, b, dtype: 'bool', span })),
      fc
        .tuple(fc.constantFrom(...BOOL_FNS), sub('f32'))
        .map(([fn, a]) => ({ kind: 'call', fn, args: [a], dtype: callDType(fn, 'f32'), span })),
    );
  else {
    const fns: readonly MathFn[] = isInteger(d) ? INT_FNS : FLOAT_FNS;
    nodes.push(
      fc
        .constantFrom(...fns)
        .chain((fn) => list(d, MATH_FNS[fn]).map((args) => ({ kind: 'call', fn, args, dtype: d, span }))),
    );
    if (isInteger(d)) nodes.push(sub(d).map((a) => ({ kind: 'unary', op: 'bitnot', a, dtype: d, span })));
  }
  return fc.oneof({ weight: 1, arbitrary: fc.oneof(...leaves) }, { weight: 2, arbitrary: fc.oneof(...nodes) });
}

const small = fc.integer({ min: 0, max: 300 });
const atoms = (...axes: ('thread' | 'reg' | 'mem')[]) =>
  fc.array(fc.record({ extent: fc.integer({ min: 1, max: 8 }), axis: fc.constantFrom(...axes), stride: small }), {
    maxLength: 3,
  });
export const layout: fc.Arbitrary<Layout> = fc
  .tuple(
    fc.array(atoms('thread', 'reg', 'mem'), { maxLength: 3 }),
    atoms('thread'),
    fc.option(fc.record({ bits: small, base: small, shift: small }), { nil: undefined }),
  )
  .map(([dims, replicate, swizzle]) => ({ dims, replicate, ...(swizzle ? { swizzle } : {}) }));

const opt = <K extends string, X>(key: K, a: fc.Arbitrary<X>): fc.Arbitrary<Partial<Record<K, X>>> =>
  fc.option(a, { nil: undefined }).map((x) => (x === undefined ? {} : { [key]: x }) as Partial<Record<K, X>>);
const flag = <K extends string>(key: K): fc.Arbitrary<Partial<Record<K, true>>> =>
  fc.boolean().map((x) => (x ? { [key]: true } : {}) as Partial<Record<K, true>>);

function region(scope: Scope, depth: number): fc.Arbitrary<Region> {
  return fc.constantFrom(...scope.buffers).chain(([buffer, b]) => {
    const part = fc
      .tuple(
        fc.array(expr('i32', scope, depth), { minLength: b.rank, maxLength: b.rank }),
        fc.array(small, { minLength: b.rank, maxLength: b.rank }),
      )
      .map(([origin, extent]) => ({ origin, extent }));
    const { shape } = b;
    const box = shape
      ? fc.oneof(
          part,
          fc.constant({
            origin: shape.map((): Expr => ({ kind: 'const', dtype: 'i32', value: 0, span })),
            extent: shape,
          }),
        )
      : part;
    return fc.tuple(box, opt('slot', expr('i32', scope, 1))).map(([x, slot]) => ({ buffer, ...x, ...slot, span }));
  });
}

function stmt(scope: Scope, depth: number, free: string[]): fc.Arbitrary<Stmt> {
  const d = 2;
  const e = (t: DType): fc.Arbitrary<Expr> => expr(t, scope, d);
  const r = region(scope, 1);
  const buffer = fc.constantFrom(...scope.buffers);
  const element = buffer.chain(([name, b]) =>
    fc.tuple(fc.constant(name), fc.array(e('i32'), { minLength: b.rank, maxLength: b.rank }), e(b.dtype)),
  );
  const scalar = [...scope.vars];
  const simple: fc.Arbitrary<Stmt>[] = [
    element.map(([buffer, indices, value]) => ({ kind: 'store', buffer, indices, value, span })),
    fc.constantFrom(...scalar).chain(([name, t]) => e(t).map((value) => ({ kind: 'assign', name, value, span }))),
    fc.constantFrom('break', 'continue', 'return', 'commitGroup', 'barrier').map((kind) => ({ kind, span })),
    small.map((pending) => ({ kind: 'waitGroup', pending, span })),
    fc.tuple(r, r, flag('async')).map(([src, dst, f]) => ({ kind: 'copy', src, dst, span, ...f })),
    fc.tuple(dtype.chain(e), r).map(([value, dst]) => ({ kind: 'fill', dst, value, span })),
    fc
      .tuple(
        r,
        r,
        r,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        opt('instr', fc.string()),
        opt('warps', fc.tuple(small, small)),
      )
      .map(([a, b, c, transposeA, transposeB, clear, i, w]) => ({
        kind: 'gemm',
        a,
        b,
        c,
        transposeA,
        transposeB,
        clear,
        span,
        ...i,
        ...w,
      })),
    fc
      .tuple(fc.constantFrom('sum', 'max', 'min', 'absmax'), r, r, small, fc.boolean(), opt('scratch', stem))
      .map(([op, src, dst, dim, clear, s]) => ({ kind: 'reduce', op, src, dst, dim, clear, span, ...s })),
    fc
      .tuple(r, r, small, fc.boolean(), opt('scratch', stem))
      .map(([src, dst, dim, reverse, s]) => ({ kind: 'cumsum', src, dst, dim, reverse, span, ...s })),
    fc
      .tuple(fc.constantFrom('add', 'max', 'min'), element)
      .map(([op, [buffer, indices, value]]) => ({ kind: 'atomic', op, buffer, indices, value, span })),
    fc
      .tuple(fc.string(), fc.array(dtype.chain(e), { maxLength: 3 }))
      .map(([format, args]) => ({ kind: 'print', format, args, span })),
    fc.tuple(e('bool'), fc.string()).map(([cond, message]) => ({ kind: 'assert', cond, message, span })),
  ];
  if (depth <= 0) return fc.oneof(...simple);
  const body = (more: readonly (readonly [string, DType])[], rest: string[]): fc.Arbitrary<readonly Stmt[]> =>
    // Made when it is chosen: all bodies of all depths would be thousands.
    fc.constant(undefined).chain(() => stmts({ ...scope, vars: new Map([...scope.vars, ...more]) }, depth - 1, rest));
  const [name = '', name2 = '', ...rest] = free;
  const nested: fc.Arbitrary<Stmt>[] = [
    fc
      .tuple(e('bool'), body([], rest), fc.oneof(fc.constant([]), body([], [])))
      .map(([cond, then, otherwise]) => ({ kind: 'if', cond, then, else: otherwise, span })),
    fc.tuple(e('bool'), body([], rest)).map(([cond, b]) => ({ kind: 'while', cond, body: b, span })),
  ];
  if (free.length >= 2)
    nested.push(
      fc
        .tuple(
          fc.constantFrom('serial', 'unroll', 'pipelined', 'persistent'),
          e('i32'),
          e('i32'),
          e('i32'),
          opt('stages', small),
          body([[name, 'i32']], rest),
        )
        .map(([loop, start, stop, step, s, b]) => ({
          kind: 'for',
          loop,
          v: name,
          start,
          stop,
          step,
          ...s,
          body: b,
          span,
        })),
      fc
        .tuple(
          small,
          small,
          body(
            [
              [name, 'i32'],
              [name2, 'i32'],
            ],
            rest,
          ),
          opt('layout', layout),
          flag('async'),
        )
        .map(([m, n, b, l, f]) => ({
          kind: 'parallel',
          vars: [name, name2],
          extents: [m, n],
          body: b,
          span,
          ...l,
          ...f,
        })),
    );
  return fc.oneof({ weight: 3, arbitrary: fc.oneof(...simple) }, { weight: 2, arbitrary: fc.oneof(...nested) });
}

/** Each statement gets its own share of the free names, so that none is bound twice. */
function stmts(scope: Scope, depth: number, free: string[]): fc.Arbitrary<readonly Stmt[]> {
  const half = free.length >> 1;
  const first = stmt(scope, depth, free.slice(1, half));
  const second = stmt(scope, depth, free.slice(half));
  if (free.length === 0) return fc.array(stmt(scope, depth, []), { maxLength: 2 });
  const name = free[0]!;
  const binding = fc.tuple(fc.constantFrom('let', 'declare'), dtype).chain(([kind, t]) =>
    expr(t, scope, 2).chain((value) => {
      const bound: Stmt = { kind, name, dtype: t, value, span };
      const inner: Scope = { ...scope, vars: new Map([...scope.vars, [name, t]]) };
      return stmt(inner, depth, free.slice(1)).map((s): readonly Stmt[] => [bound, s]);
    }),
  );
  return fc.oneof(
    binding,
    fc.tuple(first, second),
    first.map((s) => [s]),
    fc.constant([]),
  );
}

export const kernel: fc.Arbitrary<Kernel> = names(20).chain(
  ([name = '', d1 = '', d2 = '', t1 = '', s1 = '', bx = '', b1 = '', b2 = '', b3 = '', ...free]) =>
    fc.tuple(dtype, dtype, dtype, dtype, dtype, small, small).chain(([tType, sType, b1Type, b2Type, b3Type, m, n]) => {
      const vars = new Map<string, DType>([
        [d1, 'i32'],
        [d2, 'i32'],
        [s1, sType],
        [bx, 'i32'],
      ]);
      const dimVars = {
        vars: new Map([
          [d1, 'i32'],
          [d2, 'i32'],
        ] as const),
        buffers: new Map(),
      };
      const scope: Scope = {
        vars,
        buffers: new Map<string, { dtype: DType; rank: number; shape?: readonly number[] }>([
          [t1, { dtype: tType, rank: 2 }],
          [b1, { dtype: b1Type, rank: 2, shape: [m, n] }],
          [b2, { dtype: b2Type, rank: 1, shape: [m] }],
          [b3, { dtype: b3Type, rank: 3, shape: [2, m, n] }],
        ]),
      };
      const placed = fc
        .tuple(opt('layout', layout), opt('stages', small), opt('offset', small))
        .map(([l, s, o]) => ({ span, ...l, ...s, ...o }));
      return fc
        .tuple(
          fc.tuple(expr('i32', dimVars, 2), expr('i32', dimVars, 2)),
          fc.array(
            expr(
              'i32',
              {
                vars: new Map([...dimVars.vars, ...(sType === 'i32' ? ([[s1, 'i32']] as const) : [])]),
                buffers: new Map(),
              },
              2,
            ),
            { minLength: 1, maxLength: 3 },
          ),
          fc.tuple(placed, placed, placed),
          fc.tuple(small, small, opt('minBlocks', small), opt('sharedBytes', small)),
          stmts(scope, 3, free),
        )
        .map(([shape, grid, [p1, p2, p3], [threads, multipleOf, minBlocks, sharedBytes], body]) => ({
          name,
          params: [
            { kind: 'tensor', name: t1, dtype: tType, shape, span },
            { kind: 'scalar', name: s1, dtype: sType, span },
          ],
          dims: [
            { name: d1, multipleOf: 1, span },
            { name: d2, multipleOf, span },
          ],
          grid,
          blockVars: [bx],
          threads,
          buffers: [
            { name: b1, scope: 'shared', dtype: b1Type, shape: [m, n], ...p1 },
            { name: b2, scope: 'fragment', dtype: b2Type, shape: [m], ...p2 },
            { name: b3, scope: 'local', dtype: b3Type, shape: [2, m, n], ...p3 },
          ],
          body,
          ...minBlocks,
          ...sharedBytes,
          span,
        }));
    }),
);
