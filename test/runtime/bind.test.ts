import { bool, dim, f16, f32, i32, i64, KernelCallError, kernel, type Sig, scalar, Tensor, tensor, u8 } from 'tilec';
import { describe, expect, test } from 'vitest';
import { Binder, type CallArgs } from '../../src/runtime/bind.ts';
import { checkCall } from '../../src/runtime/check-call.ts';
import { cpu } from '../../src/runtime/cpu-device.ts';
import { signatureOfSig } from '../../src/runtime/signature.ts';

const binder = (sig: Sig): Binder => new Binder(signatureOfSig('op', sig));
const zeros = (...shape: number[]): Tensor => Tensor.zeros(shape, f32);

/** Sizes of the dims, by name, of a call with tensors of f32 in these shapes. */
function solve(
  sig: Record<string, Parameters<typeof tensor>[1]>,
  shapes: Record<string, number[]>,
): Record<string, number> {
  const b = binder(Object.fromEntries(Object.entries(sig).map(([k, s]) => [k, tensor(f32, s)])));
  b.bind(Object.fromEntries(Object.entries(shapes).map(([k, s]) => [k, zeros(...s)])), cpu);
  return Object.fromEntries(b.signature.dims.map((d, i) => [d.name, b.dims[i]!]));
}

describe('dimensions', () => {
  const [m, n, k] = [dim('m'), dim('n'), dim('k')];

  test('stand alone', () => {
    expect(solve({ a: [m, k], b: [k, n] }, { a: [3, 5], b: [5, 7] })).toEqual({ m: 3, k: 5, n: 7 });
  });

  test('come out of products with constants and with other dims', () => {
    expect(solve({ a: [m.times(64), 2] }, { a: [192, 2] })).toEqual({ m: 3 });
    expect(solve({ a: [m.times(n)], b: [n.times(4)] }, { a: [15], b: [20] })).toEqual({ m: 3, n: 5 });
    expect(solve({ a: [m.times(n).times(k)], b: [n, 1], c: [k] }, { a: [30], b: [3, 1], c: [5] })).toEqual({
      m: 2,
      n: 3,
      k: 5,
    });
  });

  test('may be 0', () => {
    expect(solve({ a: [m, 4] }, { a: [0, 4] })).toEqual({ m: 0 });
    expect(solve({ a: [m.times(n)], b: [n] }, { a: [0], b: [0] })).toEqual({ m: 0, n: 0 });
  });

  test('that no shape determines are refused at once', () => {
    expect(() => binder({ a: tensor(f32, [m.times(n)]) })).toThrow("the size of dimension 'm' cannot be found");
  });

  test('that do not divide are refused', () => {
    expect(() => solve({ a: [m.times(64)] }, { a: [100] })).toThrow(
      'op: `a` is of shape [100], not [64·m]: dimension 0 is 100, which is not a multiple of 64',
    );
  });

  test('that disagree are refused, with both sides', () => {
    expect(() => solve({ a: [m, k], b: [k, n] }, { a: [3, 5], b: [6, 7] })).toThrow(
      'op: `b` is of shape [6, 7], not [k, n]: dimension 0 is 6, not 5, since k is 5 by `a`',
    );
    expect(() => solve({ a: [m, 128] }, { a: [3, 64] })).toThrow('dimension 1 is 64, not 128');
  });

  test('that break a promise are refused', () => {
    const even = dim('even', { multipleOf: 8 });
    expect(solve({ a: [even] }, { a: [16] })).toEqual({ even: 16 });
    expect(() => solve({ a: [even] }, { a: [12] })).toThrow(
      'op: `even` is 12 (from the shape of a), not a multiple of 8, as the kernel was promised',
    );
  });
});

describe('arguments', () => {
  const sig = {
    a: tensor(f16, [dim('n'), 4]),
    s: scalar(f32),
    i: scalar(i32),
    big: scalar(i64),
    flag: scalar(bool),
  } satisfies Sig;
  const fine = (): CallArgs => ({ a: Tensor.zeros([2, 4], f16), s: 0.5, i: -3, big: 2n ** 40n, flag: true });

  test('that fit are taken, in the order of the signature', () => {
    const b = binder(sig);
    const { a, ...rest } = fine();
    b.bind({ ...rest, a }, cpu);
    expect(b.tensors).toEqual([a]);
    expect(b.scalars).toEqual([0.5, -3, 2n ** 40n, true]);
    expect(() => checkCall('op', sig, fine())).not.toThrow();
  });

  test.each([
    [{ a: undefined }, 'op: `a` is missing, not a tensor of f16'],
    [{ a: 3 }, 'op: `a` is the number 3, not a tensor of f16'],
    [{ a: [1, 2] }, 'op: `a` is of type object, not a tensor of f16'],
    [{ a: Tensor.zeros([2, 4], f32) }, 'op: `a` is a tensor of f32, not a tensor of f16'],
    [{ a: Tensor.zeros([8], f16) }, 'op: `a` is of shape [8], not [n, 4]: it has 1 dimensions, not 2'],
    [{ s: 'x' }, 'op: `s` is of type string, not a scalar of f32'],
    [{ s: 2n }, 'op: `s` is the bigint 2, not a scalar of f32'],
    [{ i: 1.5 }, 'op: `i` is the number 1.5, not a scalar of i32'],
    [{ i: 2 ** 31 }, 'op: `i` is the number 2147483648, not a scalar of i32'],
    [{ big: 2n ** 63n }, 'not a scalar of i64'],
    [{ flag: 1 }, 'op: `flag` is the number 1, not a scalar of bool'],
    [{ extra: 1 }, 'op: `extra` is no parameter of this kernel. Its parameters are a, s, i, big, flag'],
  ])('%o is refused', (change, message) => {
    let error: unknown;
    try {
      binder(sig).bind({ ...fine(), ...change }, cpu);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(KernelCallError);
    expect((error as KernelCallError).message).toContain(message);
    expect((error as KernelCallError).mismatch?.argument).toBe(Object.keys(change)[0]);
  });

  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [3, 'the number 3'],
    [Tensor.zeros([2, 4], f16), 'a tensor'],
  ])('a call with %o in place of its arguments is refused', (args, got) => {
    const message = `op: it is called with one object that names its arguments, \`op({ a, s, i, big, flag })\`, not with ${got}`;
    expect(() => binder(sig).bind(args as never, cpu)).toThrow(new KernelCallError(message));
    expect(() => checkCall('op', sig, args as never)).toThrow(new KernelCallError(message));
  });

  test('a kernel called with nothing says so', async () => {
    const k = kernel(sig, () => {}) as unknown as () => Promise<void>;
    await expect(k()).rejects.toThrow(KernelCallError);
  });

  test('a disposed tensor is refused', () => {
    const args = fine();
    (args.a as Tensor).dispose();
    expect(() => binder(sig).bind(args, cpu)).toThrow('`a` is a tensor that was disposed of');
  });

  test('unsigned scalars have no negative values', () => {
    const b = binder({ x: scalar(u8) });
    b.bind({ x: 255 }, cpu);
    expect(() => b.bind({ x: -1 }, cpu)).toThrow('not a scalar of u8');
    expect(() => b.bind({ x: 256 }, cpu)).toThrow('not a scalar of u8');
  });
});
