import { f32, i32 } from 'tilec';
import { describe, expect, test } from 'vitest';
import { compileToCubin } from '../../src/compile.ts';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import { rowNumbers, scaled } from './kernels.ts';

describe('kernels on the CPU', () => {
  test('a call computes, at a length that is no multiple of the block', async () => {
    const k = scaled();
    const a = Tensor.random([300], f32);
    const out = Tensor.full([300], Number.NaN, f32);
    await k({ a, scale: 3, out });
    expect([...out.data]).toEqual([...a.data].map((x) => Math.fround(Math.fround(x * 3) + 1)));
  });

  test('products of dims, scalars and a second grid dimension', async () => {
    const out = Tensor.zeros([12], i32);
    await rowNumbers()({ first: 5, out, like: Tensor.zeros([3, 8], f32) });
    expect([...out.data]).toEqual([5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7]);
  });
});

describe.skipIf(findNvrtc().length === 0)('cubins without a GPU', () => {
  test.each(['sm_80', 'sm_90a'] as const)('for %s', async (arch) => {
    const made = await compileToCubin(scaled().def, { arch, cache: false });
    expect(Buffer.from(made.cubin.subarray(0, 4)).toString('latin1')).toBe('\x7fELF');
    expect(made.source).toContain('scaled');
    expect(made.ptx).toContain('.visible .entry scaled');
    expect(made.record.resources?.registers).toBeGreaterThan(3);
    expect(made.record.resources?.spillBytes).toBe(0);
    expect(made.record.threads).toBe(128);
    expect(Object.keys(made.timings)).toEqual(expect.arrayContaining(['frontend', 'passes', 'print', 'nvrtc']));
  });
});
