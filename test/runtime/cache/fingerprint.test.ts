import { dim, f16, f32, kernel, macro, T, type Tile, tensor } from 'tilec';
import { describe, expect, test } from 'vitest';
import type { KernelDef } from '../../../src/dsl/kernel.ts';
import { fingerprint } from '../../../src/runtime/cache/fingerprint.ts';

/** A kernel that closes over `value`, and nothing else that may differ. */
function over(value: unknown): KernelDef {
  const closed = value as number;
  return kernel({ x: tensor(f32, [16]) }, ({ x }) => {
    T.grid([1], { threads: 32 });
    for (const [i] of T.Parallel(16)) x[i] = closed;
  }).def;
}

function throughMacro(factor: number): KernelDef {
  const inner = macro((t: Tile<'f32', 1>) => {
    for (const [i] of T.Parallel(16)) t[i]! *= factor;
  });
  const outer = macro((t: Tile<'f32', 1>) => inner(t));
  return kernel({ x: tensor(f32, [16]) }, ({ x }) => {
    T.grid([1], { threads: 32 });
    outer(x);
  }).def;
}

function withShape(entry: Parameters<typeof tensor>[1][number]): KernelDef {
  return kernel({ x: tensor(f32, [entry]) }, () => {
    T.grid([1], { threads: 32 });
  }).def;
}

const same = (a: unknown, b: unknown): boolean => {
  const [x, y] = [fingerprint(over(a)), fingerprint(over(b))];
  expect(x).toBeDefined();
  expect(y).toBeDefined();
  return x === y;
};

describe('fingerprints', () => {
  test('equal values give equal ones', () => {
    expect(same(1.5, 1.5)).toBe(true);
    expect(same({ a: [1, 2n, 'x', null, undefined] }, { a: [1, 2n, 'x', null, undefined] })).toBe(true);
    expect(fingerprint(throughMacro(2))).toBe(fingerprint(throughMacro(2)));
  });

  test.each([
    [1, 2],
    [0, -0],
    [1, 1n],
    [1, '1'],
    [1, true],
    [Number.NaN, Infinity],
    [null, undefined],
    [[1, 2], [12]],
    [
      [1, [2]],
      [[1], 2],
    ],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: undefined }, {}],
    [f16, f32],
    [T.exp, T.exp2],
    [Math.max, Math.min],
    [dim('n'), dim('m')],
    [dim('n'), dim('n', { multipleOf: 8 })],
    [dim('n').times(2), dim('n').times(3)],
    [new Float32Array([1]), new Float64Array([1])],
    [new Map([[1, 2]]), new Map([[2, 1]])],
  ])('%o and %o differ', (a, b) => expect(same(a, b)).toBe(false));

  test('a value inside a macro inside a macro counts', () => {
    expect(fingerprint(throughMacro(2))).not.toBe(fingerprint(throughMacro(3)));
  });

  test('the signature counts', () => {
    expect(fingerprint(withShape(16))).not.toBe(fingerprint(withShape(32)));
    expect(fingerprint(withShape(dim('n')))).not.toBe(fingerprint(withShape(dim('n', { multipleOf: 4 }))));
  });

  test('cycles end', () => {
    const ring: { me?: unknown } = {};
    ring.me = ring;
    expect(fingerprint(over(ring))).toBeDefined();
  });

  test('what may hide state has none', () => {
    const scale = (by: number) => (x: number) => x * by;
    expect(fingerprint(over(scale(2)))).toBeUndefined();
    expect(fingerprint(over({ f: scale(2) }))).toBeUndefined();
    expect(
      fingerprint(
        over(
          new (class Config {
            size = 3;
          })(),
        ),
      ),
    ).toBeUndefined();
    expect(
      fingerprint(
        over({
          get size() {
            return 3;
          },
        }),
      ),
    ).toBeUndefined();
  });
});
