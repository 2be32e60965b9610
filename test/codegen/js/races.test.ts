/** Random parallel loops: a race is reported exactly where an exhaustive list of all accesses has one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KernelRuntimeError } from '../../../src/codegen/js/index.ts';
import { run } from './run.ts';

interface Index {
  readonly i: number;
  readonly j: number;
  readonly c: number;
  /** Wraps around at this size. */
  readonly modulo: number;
  readonly form: 'plain' | 'modulo' | 'cast' | 'loaded' | 'byte';
}
type Statement =
  | { readonly kind: 'store'; readonly to: Index; readonly from: Index | undefined; readonly only: number | undefined }
  | { readonly kind: 'atomic'; readonly to: Index };

const [I, J, SIZE] = [4, 5, 64];
const small = fc.integer({ min: 0, max: 5 });
const index: fc.Arbitrary<Index> = fc.record({
  i: small,
  j: small,
  c: small,
  modulo: fc.integer({ min: 10, max: 40 }),
  form: fc.constantFrom('plain', 'plain', 'plain', 'modulo', 'cast', 'loaded', 'byte'),
});
const statement: fc.Arbitrary<Statement> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      to: index,
      from: fc.option(index, { nil: undefined }),
      only: fc.option(small, { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('atomic' as const), to: index }) },
);
/** Often the same place in all statements: else hardly any loop is free of races. */
const statements = fc.oneof(
  fc.array(statement, { minLength: 1, maxLength: 3 }),
  fc
    .tuple(fc.array(statement, { minLength: 1, maxLength: 3 }), index)
    .map(([list, at]) =>
      list.map((s): Statement => (s.kind === 'store' ? { ...s, to: at, from: s.from && at } : { ...s, to: at })),
    ),
);

const at = (x: Index, i: number, j: number): number => {
  const n = x.i * i + x.j * j + x.c;
  return x.form === 'modulo' || x.form === 'byte' ? n % x.modulo : n;
};

function text(x: Index): string {
  const n = `i * ${x.i} + j * ${x.j} + ${x.c}`;
  switch (x.form) {
    case 'plain':
      return n;
    case 'modulo':
      return `(${n}) % ${x.modulo}`;
    case 'cast':
      return `i64(${n})`;
    case 'loaded':
      return `Table[${n}]`;
    case 'byte':
      return `i32(u8((${n}) % ${x.modulo}))`;
  }
}

function races(list: readonly Statement[]): boolean {
  const touched = new Map<number, Map<number, Set<string>>>();
  const touch = (element: number, t: number, how: string): void => {
    const by = touched.get(element) ?? new Map<number, Set<string>>();
    touched.set(element, by.set(t, (by.get(t) ?? new Set()).add(how)));
  };
  for (let i = 0; i < I; i++)
    for (let j = 0; j < J; j++)
      for (const s of list) {
        const t = i * J + j;
        if (s.kind === 'atomic') touch(at(s.to, i, j), t, 'atomic');
        else if (s.only === undefined || s.only === i) {
          touch(at(s.to, i, j), t, 'write');
          if (s.from) touch(at(s.from, i, j), t, 'read');
        }
      }
  return [...touched.values()].some((by) => {
    if (by.size < 2) return false;
    const all = [...by.values()];
    if (all.some((how) => how.has('write'))) return true;
    return all.some((how, k) => how.has('atomic') && all.some((other, l) => l !== k && other.has('read')));
  });
}

test('found where they are, and nowhere else', () => {
  const seen = { racy: 0, fine: 0 };
  fc.assert(
    fc.property(statements, (list) => {
      const body = list.map((s) => {
        if (s.kind === 'atomic') return `atomic add 1 -> Y[${text(s.to)}]`;
        const store = `Y[${text(s.to)}] = ${s.from ? `Y[${text(s.from)}] + 1` : 'i'}`;
        return s.only === undefined ? store : `if i == ${s.only} { ${store} }`;
      });
      const kernel = `kernel k(Y: i32[${SIZE}], Table: i32[${SIZE}]) grid(1) threads(32) {
        parallel (i, j) in (${I}, ${J}) { ${body.join('\n')} } }`;
      const identity = Array.from({ length: SIZE }, (_, i) => i);
      const call = { tensors: { Y: { shape: [SIZE], data: identity }, Table: { shape: [SIZE], data: identity } } };
      let found = false;
      try {
        run(kernel, call, {});
      } catch (e) {
        if (!(e instanceof KernelRuntimeError)) throw e;
        expect(e.diagnostic.code).toMatch(/TL090[34]/);
        found = true;
      }
      const expected = races(list);
      seen[expected ? 'racy' : 'fine']++;
      expect(found).toBe(expected);
    }),
    { numRuns: 600 },
  );
  expect(Math.min(seen.racy, seen.fine)).toBeGreaterThan(50);
});
