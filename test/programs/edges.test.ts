/** Boxes over the edges of tensors: zeros where there is nothing, and nothing written there. */
import { f32, Tensor } from 'tilec';
import { describe, expect, test } from 'vitest';
import { DEVICES } from '../ops/paged.ts';
import { window } from './kernels/window.ts';

const M = 9;
const N = 16;
const POISON = -7;

describe.each(DEVICES)('on %s', (device) => {
  test.each([
    [4, 8],
    [1, 8],
    [4, 1],
    [1, 1],
    [3, 5],
    [12, 32],
  ])('%d × %d', async (rows, columns) => {
    const box = window({ rows, columns });
    // Memory around the tensors that must be neither read nor written.
    const around = 64;
    const make = async (value: (i: number) => number, length: number) => {
      const all = Float32Array.from({ length: length + 2 * around }, (_, i) =>
        i < around || i >= around + length ? POISON : value(i - around),
      );
      const t = Tensor.from(all, f32, [all.length]);
      const on = device === 'cpu' ? t : await t.to(device);
      return { on, inner: on.slice(around, around + length) };
    };
    for (const r of [-13, -4, -3, -1, 0, 2, 6, 8, 9, 20])
      for (const c of [-33, -8, -5, -1, 0, 3, 8, 12, 15, 16, 40]) {
        const x = await make((i) => i + 1, M * N);
        const y = await make(() => 0, M * N);
        const shared = await make(() => POISON, rows * columns);
        const regs = await make(() => POISON, rows * columns);
        await box({
          x: x.inner.reshape([M, N]),
          r,
          c,
          shared: shared.inner.reshape([rows, columns]),
          regs: regs.inner.reshape([rows, columns]),
          y: y.inner.reshape([M, N]),
        } as never);
        const inside = (i: number, j: number): boolean => i >= 0 && i < M && j >= 0 && j < N;
        const want = Array.from({ length: rows * columns }, (_, e) => {
          const [i, j] = [r + Math.floor(e / columns), c + (e % columns)];
          return inside(i, j) ? i * N + j + 1 : 0;
        });
        const written = Array.from({ length: M * N }, (_, e) => {
          const [i, j] = [Math.floor(e / N) - r, (e % N) - c];
          return i >= 0 && i < rows && j >= 0 && j < columns ? e + 2 : 0;
        });
        const poison = Array.from({ length: around }, () => POISON);
        const at = `from (${r}, ${c})`;
        expect(await shared.on.toArray(), at).toEqual([...poison, ...want, ...poison]);
        expect(await regs.on.toArray(), at).toEqual([...poison, ...want, ...poison]);
        expect(await y.on.toArray(), at).toEqual([...poison, ...written, ...poison]);
        for (const t of [x, y, shared, regs]) t.on.dispose();
      }
  });
});
