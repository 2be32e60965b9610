import { describe, expect, test } from 'vitest';
import { Device } from '../../src/runtime/device.ts';
import { Bench, json } from './tilec.ts';

const bench = new Bench();
bench.write(
  'axpy.ts',
  `
import { bool, dim, f32, i32, kernel, scalar, T, tensor } from 'tilec';
const n = dim('n', { multipleOf: 96 });
export const axpy = kernel(
  { alpha: scalar(f32), x: tensor(f32, [n]), i: tensor(i32, [n]), b: tensor(bool, [n]), y: tensor(f32, [n, 2]), untouched: tensor(f32, [1]) },
  ({ alpha, x, i, b, y, untouched }) => {
    const [bx] = T.grid([T.ceilDiv(n, 32)], { threads: 32 });
    for (const [t] of T.Parallel(32)) {
      y[bx * 32 + t][0] = alpha * x[bx * 32 + t];
      y[bx * 32 + t][1] = f32(i[bx * 32 + t]);
    }
  },
);
export const far = kernel({ a: tensor(f32, [n]) }, ({ a }) => {
  T.grid([1], { threads: 32 });
  a[n] = 1;
});
export const nan = kernel({ a: tensor(f32, [n]) }, ({ a }) => {
  T.grid([1], { threads: 32 });
  for (const [t] of T.Parallel(32)) a[t] = t < 4 ? T.sqrt(-1.0) : t < 6 ? T.infinity : 1;
});
`,
);
const run = async (...args: string[]) =>
  json(await bench.tilec(['run', 'axpy.ts', '--device', 'cpu', '--json', ...args]));

test('outputs are summed up, inputs are random by the seed, sizes keep promises', async () => {
  const first = await run('-k', 'axpy');
  expect(first.dims).toEqual({ n: 288 });
  expect(first.outputs).toHaveLength(1);
  const y = first.outputs[0]!;
  expect(y).toMatchObject({ name: 'y', dtype: 'f32', shape: [288, 2], nan: 0, infinite: 0 });
  expect(y.max).toBe(7);
  expect(y.min).toBeLessThan(-0.9);
  expect((await run('-k', 'axpy')).outputs).toEqual(first.outputs);
  expect((await run('-k', 'axpy', '--seed', '2')).outputs).not.toEqual(first.outputs);
});

test('scalars, tensors and sizes as asked', async () => {
  const done = await run('-k', 'axpy', '--shape', 'n=96', '--set', 'alpha=3', '--set', 'x=-2', '--set', 'i=0');
  expect(done.outputs[0]).toMatchObject({ shape: [96, 2], min: -6, max: 0, mean: -3 });
});

test('NaN and infinities are counted and left out of the rest', async () => {
  const done = await run('-k', 'nan', '--shape', 'n=96', '--set', 'a=1');
  expect(done.outputs[0]).toMatchObject({ nan: 4, infinite: 2, min: 1, max: 1, mean: 1 });
  const text = await bench.tilec(['run', 'axpy.ts', '-k', 'nan', '--device', 'cpu', '--shape', 'n=96']);
  expect(text.stdout).toMatch(/^nan on cpu, n = 96\n/);
  expect(text.stdout).toMatch(/^ {2}a +f32 \[96\] .* 4 +2$/m);
});

test('an access out of bounds is shown at its line', async () => {
  const { code, stderr } = await bench.tilec(['run', 'axpy.ts', '-k', 'far', '--device', 'cpu']);
  expect(code).toBe(1);
  expect(stderr).toContain('outside its bounds');
  expect(stderr).toContain('--> axpy.ts:16:3');
});

test('a size that breaks a promise is refused', async () => {
  const { code, stderr } = await bench.tilec(['run', 'axpy.ts', '-k', 'axpy', '--device', 'cpu', '--shape', 'n=97']);
  expect(stderr).toContain('a multiple of 96');
  expect(code).toBe(1);
});

describe.runIf(!Device.available())('without a GPU', () => {
  test('asking for it ends with 3', async () => {
    const { code, stderr } = await bench.tilec(['run', 'axpy.ts', '-k', 'axpy', '--device', 'cuda']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/libcuda|no GPU/);
  });
});
