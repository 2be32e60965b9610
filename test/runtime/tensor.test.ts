import { bf16, bool, cpu, f8e4m3, f16, f32, i32, i64, Tensor } from 'tilec';
import { describe, expect, test } from 'vitest';

describe('tensors on the CPU', () => {
  test('from nested arrays, with their shape', async () => {
    const t = Tensor.from(
      [
        [1, 2.5, -3],
        [4, 5, 6],
      ],
      f16,
    );
    expect(t.shape).toEqual([2, 3]);
    expect(t.data).toBeInstanceOf(Uint16Array);
    expect(t.data[1]).toBe(0x4100);
    expect(await t.toArray()).toEqual([
      [1, 2.5, -3],
      [4, 5, 6],
    ]);
    expect([t.size, t.bytes, String(t.device)]).toEqual([6, 12, 'cpu']);
  });

  test('from a typed array of values, in a shape of its own', async () => {
    const t = Tensor.from(Float64Array.of(1, 2, 3, 4), bf16, [2, 2]);
    expect(await t.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await t.toFloat64Array()).toEqual(Float64Array.of(1, 2, 3, 4));
    expect(() => Tensor.from([1, 2, 3], f32, [2, 2])).toThrow('3 values for shape [2, 2]');
  });

  test('ragged nesting is refused', () => {
    expect(() => Tensor.from([[1, 2], [3]], f32)).toThrow(RangeError);
    expect(() => Tensor.from([[1, 2], 3], f32)).toThrow(RangeError);
    expect(() => Tensor.from([[1], [[2]]], f32)).toThrow(RangeError);
  });

  test('fromRaw takes codes, and the array itself', async () => {
    const codes = Uint8Array.of(0x38, 0xb8);
    const t = Tensor.fromRaw(codes, f8e4m3);
    expect(await t.toArray()).toEqual([1, -1]);
    expect(t.data).toBe(codes);
  });

  test('64-bit integers are bigints, booleans booleans', async () => {
    expect(await Tensor.from([1n, -5], i64).toArray()).toEqual([1n, -5n]);
    expect(await Tensor.from([3, 0], bool).toArray()).toEqual([true, false]);
  });

  test('full, zeros, fill', async () => {
    expect(await Tensor.full([2, 2], -1.5, f16).toArray()).toEqual([
      [-1.5, -1.5],
      [-1.5, -1.5],
    ]);
    expect(await Tensor.zeros([3], i64).toArray()).toEqual([0n, 0n, 0n]);
    expect(await Tensor.empty([2], i32).fill(7).toArray()).toEqual([7, 7]);
  });

  test('random: in range, the same for a seed, spread out', async () => {
    const t = await Tensor.random([10_000], f32, { low: 2, high: 4, seed: 9 }).toFloat64Array();
    const again = await Tensor.random([10_000], f32, { low: 2, high: 4, seed: 9 }).toFloat64Array();
    const other = await Tensor.random([10_000], f32, { low: 2, high: 4, seed: 10 }).toFloat64Array();
    expect(t).toEqual(again);
    expect(t).not.toEqual(other);
    expect(Math.min(...t)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...t)).toBeLessThanOrEqual(4);
    const mean = t.reduce((a, b) => a + b) / t.length;
    expect(Math.abs(mean - 3)).toBeLessThan(0.03);
    const variance = t.reduce((a, b) => a + (b - mean) ** 2, 0) / t.length;
    expect(Math.abs(variance - 4 / 12)).toBeLessThan(0.02);
  });

  test('views share memory', async () => {
    const t = Tensor.from(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      f32,
    );
    const rows = t.slice(1, 3);
    rows.data[0] = 30;
    expect(await t.toArray()).toEqual([
      [1, 2],
      [30, 4],
      [5, 6],
    ]);
    expect(await t.reshape([2, -1]).toArray()).toEqual([
      [1, 2, 30],
      [4, 5, 6],
    ]);
    expect(await t.slice(2).reshape([2]).toArray()).toEqual([5, 6]);
    expect(t.slice(3).shape).toEqual([0, 2]);
    expect(() => t.slice(2, 4)).toThrow(RangeError);
    expect(() => t.reshape([4])).toThrow(RangeError);
    expect(() => t.reshape([-1, 4])).toThrow(RangeError);
  });

  test('copies are copies', async () => {
    const t = Tensor.from([1, 2, 3], f32);
    const copy = await t.to('cpu');
    copy.data[0] = 9;
    expect(t.data[0]).toBe(1);
    await t.copyFrom(copy);
    expect(t.data[0]).toBe(9);
    await t.copyFrom([7, 8, 9]);
    expect([...t.data]).toEqual([7, 8, 9]);
    const raw = await t.toRaw();
    raw[0] = 0;
    expect(t.data[0]).toBe(7);
    await expect(t.copyFrom(Tensor.zeros([2], f32))).rejects.toThrow('copyFrom');
    await expect(t.copyFrom(Tensor.zeros([3], f16) as unknown as typeof t)).rejects.toThrow(
      'a tensor of f16 into one of f32',
    );
  });

  test('a disposed tensor is not used', async () => {
    const t = Tensor.zeros([2], f32);
    const view = t.slice(0, 1);
    t.dispose();
    t.dispose();
    expect(t.disposed).toBe(true);
    expect(() => t.data).toThrow('disposed');
    await expect(t.toArray()).rejects.toThrow('disposed');
    expect(await view.toArray()).toEqual([0]);
  });

  test('shapes and devices that are none', () => {
    expect(() => Tensor.zeros([2, -1], f32)).toThrow('-1 is not a size');
    expect(() => Tensor.zeros([1.5], f32)).toThrow(RangeError);
    expect(() => Tensor.zeros([2], f32, { device: 'gpu' as 'cpu' })).toThrow("there is no device 'gpu'");
    expect(Tensor.zeros([2], f32, { device: cpu }).device).toBe(cpu);
    expect(Tensor.zeros([0, 4], f32).size).toBe(0);
  });
});
