/** Generated programs whose statements meet in a few shared tiles: food for `insert-barriers`. */
import fc from 'fast-check';
import { NO_SPAN } from '../../src/ir/span.ts';
import type { Expr, Kernel, LoopKind, Region, Stmt } from '../../src/ir/tile/schema.ts';

const span = NO_SPAN;
const STAGES = 3;

const int = (value: number): Expr => ({ kind: 'const', dtype: 'i32', value, span });
const v = (name: string): Expr => ({ kind: 'var', name, dtype: 'i32', span });
const bin = (op: 'add' | 'sub' | 'mul' | 'rem' | 'floordiv' | 'lt' | 'eq', a: Expr, b: Expr): Expr => ({
  kind: 'binary',
  op,
  a,
  b,
  dtype: op === 'lt' || op === 'eq' ? 'bool' : 'i32',
  span,
});
const load = (buffer: string, ...indices: Expr[]): Expr => ({ kind: 'load', buffer, indices, dtype: 'i32', span });

interface Loop {
  readonly v: string;
  readonly start: number;
  readonly step: number;
}
interface Scope {
  readonly names: readonly string[];
  readonly mutable: readonly string[];
  readonly loops: readonly Loop[];
  readonly inLoop: boolean;
}

/** The copy of the ring that is meant: fixed, or rotating with one of the names in some way, right or odd. */
function slot(scope: Scope): fc.Arbitrary<Expr> {
  const fixed = fc.nat(STAGES - 1).map(int);
  const rotating = scope.names.map((n) =>
    fc.tuple(fc.nat(3), fc.constantFrom('plain', 'double', 'halved')).map(([c, how]) => {
      const count =
        how === 'double' ? bin('mul', v(n), int(2)) : how === 'halved' ? bin('floordiv', v(n), int(2)) : v(n);
      return bin('rem', c === 0 ? count : bin('add', count, int(c)), int(STAGES));
    }),
  );
  const counted = scope.loops.map((l) =>
    fc.nat(3).map((c) => {
      const offset = l.start === 0 ? v(l.v) : bin('sub', v(l.v), int(l.start));
      const count = l.step === 1 ? offset : bin('floordiv', offset, int(l.step));
      return bin('rem', c === 0 ? count : bin('add', count, int(c)), int(STAGES));
    }),
  );
  const loaded = fc.constant(bin('rem', load('A', int(0)), int(STAGES)));
  return fc.oneof(
    { weight: 2, arbitrary: fixed },
    { weight: 1, arbitrary: loaded },
    ...rotating.map((arbitrary) => ({ weight: 2, arbitrary })),
    ...counted.map((arbitrary) => ({ weight: 4, arbitrary })),
  );
}

const WIDTH = 2;
const row = (buffer: string, at: Expr): Region => ({ buffer, origin: [at, int(0)], extent: [1, WIDTH], span });
const all = (buffer: string): Region => ({ buffer, origin: [int(0)], extent: [WIDTH], span });

function region(scope: Scope): fc.Arbitrary<Region> {
  // Along Y, boxes that loops move by less or more than their width.
  const moving = [
    fc.nat(1).map(int),
    ...scope.names.map((n) =>
      fc
        .tuple(fc.integer({ min: 1, max: 3 }), fc.nat(3))
        .map(([by, c]) => bin('add', bin('mul', v(n), int(by)), int(c))),
    ),
  ];
  return fc.oneof(
    { weight: 4, arbitrary: slot(scope).map((s) => row('ring', s)) },
    { weight: 2, arbitrary: fc.constantFrom('A', 'B').map(all) },
    {
      weight: 2,
      arbitrary: fc.oneof(...moving).map((at): Region => ({ buffer: 'Y', origin: [at], extent: [WIDTH], span })),
    },
  );
}

function value(scope: Scope): fc.Arbitrary<Expr> {
  const options: fc.Arbitrary<Expr>[] = [fc.nat(3).map(int), fc.constantFrom(load('A', int(0)), load('B', int(1)))];
  if (scope.names.length > 0) options.push(fc.constantFrom(...scope.names).map((n) => bin('add', v(n), int(1))));
  return fc.oneof(...options);
}
const condition = (scope: Scope): fc.Arbitrary<Expr> =>
  fc.tuple(value(scope), fc.nat(3), fc.constantFrom('lt', 'eq')).map(([a, b, op]) => bin(op, a, int(b)));

function simple(scope: Scope, ordered: boolean): fc.Arbitrary<Stmt> {
  const options: fc.Arbitrary<Stmt>[] = [
    fc.tuple(region(scope), region(scope)).map(([src, dst]): Stmt => ({ kind: 'copy', src, dst, span })),
    region(scope).map((dst): Stmt => ({ kind: 'fill', dst, value: int(0), span })),
    slot(scope).map((s): Stmt => ({ kind: 'copy', src: { ...all('X') }, dst: row('ring', s), async: true, span })),
    fc.constant<Stmt>({ kind: 'commitGroup', span }),
    fc.nat(2).map((pending): Stmt => ({ kind: 'waitGroup', pending, span })),
    fc
      .tuple(fc.constantFrom('A', 'B'), value(scope))
      .map(([buffer, x]): Stmt => ({ kind: 'store', buffer, indices: [int(0)], value: x, span })),
    fc
      .constantFrom('A', 'Y')
      .map((buffer): Stmt => ({ kind: 'atomic', op: 'add', buffer, indices: [int(0)], value: int(1), span })),
    fc.constantFrom('s1', 's2').map(
      (scratch): Stmt => ({
        kind: 'reduce',
        op: 'sum',
        src: { buffer: 'f', origin: [int(0), int(0)], extent: [2, 2], span },
        dst: { buffer: 'g', origin: [int(0)], extent: [2], span },
        dim: 1,
        clear: true,
        scratch,
        span,
      }),
    ),
  ];
  if (scope.mutable.length > 0)
    options.push(
      fc
        .tuple(fc.constantFrom(...scope.mutable), value(scope))
        .map(([name, x]): Stmt => ({ kind: 'assign', name, value: x, span })),
    );
  if (scope.inLoop)
    options.push(
      fc
        .tuple(condition(scope), fc.constantFrom('break', 'continue'))
        .map(([cond, kind]): Stmt => ({ kind: 'if', cond, then: [{ kind, span }], else: [], span })),
    );
  if (ordered) options.push(...Array.from({ length: 12 }, () => fc.constant<Stmt>({ kind: 'barrier', span })));
  return fc.oneof(...options);
}

const lazy = <T>(make: () => fc.Arbitrary<T>): fc.Arbitrary<T> => fc.constant(null).chain(make);

function stmts(scope: Scope, depth: number, free: readonly string[], ordered: boolean): fc.Arbitrary<readonly Stmt[]> {
  const [name, ...rest] = free;
  const line = fc.array(simple(scope, ordered), { maxLength: 3 });
  if (depth === 0 || name === undefined) return line;
  const half = rest.length >> 1;
  const inner = (s: Scope): fc.Arbitrary<readonly Stmt[]> =>
    lazy(() => stmts(s, depth - 1, rest.slice(0, half), ordered));
  const behind = (s: Scope): fc.Arbitrary<readonly Stmt[]> =>
    lazy(() => stmts(s, depth - 1, rest.slice(half), ordered));
  const around = (s: fc.Arbitrary<Stmt>, after = scope): fc.Arbitrary<readonly Stmt[]> =>
    fc.tuple(line, s, behind(after)).map(([before, x, others]) => [...before, x, ...others]);
  const loop = fc
    .record({
      start: fc.nat(2),
      stop: fc.nat(6),
      step: fc.constantFrom(1, 1, 1, 2),
      kind: fc.constantFrom<LoopKind>('serial', 'serial', 'persistent'),
    })
    .chain(({ start, stop, step, kind }) =>
      inner({
        ...scope,
        names: [...scope.names, name],
        loops: kind === 'serial' ? [...scope.loops, { v: name, start, step }] : scope.loops,
        inLoop: true,
      }).map(
        (body): Stmt => ({
          kind: 'for',
          loop: kind,
          v: name,
          start: int(start),
          stop: int(stop),
          step: int(step),
          body,
          span,
        }),
      ),
    );
  return fc.oneof(
    { weight: 3, arbitrary: around(loop) },
    {
      weight: 1,
      arbitrary: around(
        fc
          .tuple(condition(scope), inner({ ...scope, inLoop: true }))
          .map(([cond, body]): Stmt => ({ kind: 'while', cond, body, span })),
      ),
    },
    {
      weight: 2,
      arbitrary: around(
        fc
          .tuple(condition(scope), inner(scope), fc.oneof(fc.constant([]), line))
          .map(([cond, a, b]): Stmt => ({ kind: 'if', cond, then: a, else: b, span })),
      ),
    },
    {
      weight: 1,
      arbitrary: around(
        value(scope).map((x): Stmt => ({ kind: 'let', name, dtype: 'i32', value: x, span })),
        { ...scope, names: [...scope.names, name] },
      ),
    },
    {
      weight: 1,
      arbitrary: around(
        value(scope).map((x): Stmt => ({ kind: 'declare', name, dtype: 'i32', value: x, span })),
        { ...scope, names: [...scope.names, name], mutable: [...scope.mutable, name] },
      ),
    },
  );
}

/** `ordered`: with barriers strewn in. */
export const barrierPrograms = (ordered: boolean, depth = 3): fc.Arbitrary<Kernel> =>
  stmts(
    { names: [], mutable: [], loops: [], inLoop: false },
    depth,
    Array.from({ length: 30 }, (_, i) => `v${i}`),
    ordered,
  ).map(
    (body): Kernel => ({
      name: 'generated',
      params: ['X', 'Y'].map((name) => ({ kind: 'tensor', name, dtype: 'i32', shape: [int(WIDTH)], span })),
      dims: [],
      grid: [],
      blockVars: [],
      threads: 32,
      buffers: [
        { name: 'ring', scope: 'shared', dtype: 'i32', shape: [STAGES, WIDTH], span },
        ...['A', 'B', 's1', 's2'].map(
          (name) => ({ name, scope: 'shared', dtype: 'i32', shape: [WIDTH], span }) as const,
        ),
        { name: 'f', scope: 'fragment', dtype: 'i32', shape: [2, 2], span },
        { name: 'g', scope: 'fragment', dtype: 'i32', shape: [2], span },
      ],
      body,
      span,
    }),
  );
