import { describe, expect, test } from 'vitest';
import { NO_SPAN as span } from '../../src/ir/span.ts';
import type { BinaryOp, Expr } from '../../src/ir/tile/schema.ts';
import { compileExpr } from '../../src/runtime/grid.ts';

const num = (value: number | bigint): Expr => ({
  kind: 'const',
  dtype: typeof value === 'bigint' ? 'i64' : 'i32',
  value,
  span,
});
const v = (name: string): Expr => ({ kind: 'var', name, dtype: 'i32', span });
const bin = (op: BinaryOp, a: Expr, b: Expr): Expr => ({ kind: 'binary', op, a, b, dtype: 'i32', span });
const run = (e: Expr, env: Record<string, number> = {}): number => {
  const names = Object.keys(env);
  return compileExpr(e, (n) => names.indexOf(n))(Object.values(env));
};

describe('grid extents', () => {
  test('are evaluated over dims and scalars', () => {
    const e = bin('mul', bin('ceildiv', v('n'), num(64)), bin('max', v('heads'), num(1n)));
    expect(run(e, { n: 130, heads: 4 })).toBe(12);
    expect(run(e, { n: 0, heads: 4 })).toBe(0);
  });

  test.each([
    ['floordiv', -7, 2, -4],
    ['ceildiv', -7, 2, -3],
    ['rem', -7, 2, -1],
    ['shr', -8, 1, -4],
    ['shl', 3, 4, 48],
    ['and', 12, 10, 8],
    ['xor', 12, 10, 6],
    ['lt', 1, 2, 1],
    ['ne', 2, 2, 0],
    ['land', 1, 0, 0],
    ['min', 3, -2, -2],
  ] as const)('%s(%i, %i) = %i', (op, a, b, expected) => expect(run(bin(op, num(a), num(b)))).toBe(expected));

  test('choose and convert', () => {
    const cond: Expr = bin('gt', v('n'), num(10));
    const half: Expr = { kind: 'cast', a: bin('div', v('n'), num(2)), dtype: 'i32', span };
    const e: Expr = { kind: 'select', cond, a: half, b: num(1), dtype: 'i32', span };
    expect(run(e, { n: 13 })).toBe(6);
    expect(run(e, { n: 10 })).toBe(1);
  });

  test('cannot need the device', () => {
    const e: Expr = { kind: 'load', buffer: 'x', indices: [num(0)], dtype: 'i32', span };
    expect(() => compileExpr(e, () => 0)).toThrow('a grid extent holds a load');
  });
});
