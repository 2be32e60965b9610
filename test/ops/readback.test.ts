/** Index tensors of any size come back in one wait, after what their stream had queued before. */
import { afterEach, expect, test, vi } from 'vitest';
import { f32, i32 } from '../../src/dsl/dtypes.ts';
import { readBack } from '../../src/ops/readback.ts';
import type { Device } from '../../src/runtime/device.ts';
import { CHUNK_BYTES } from '../../src/runtime/pinned.ts';
import { Stream } from '../../src/runtime/stream.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import { withSimulatedGpu } from '../runtime/simulated.ts';

let device: Device;

withSimulatedGpu((now) => {
  device = now.device;
});
afterEach(() => {
  vi.restoreAllMocks();
});

const ramp = (n: number, first: number): Int32Array<ArrayBuffer> => Int32Array.from({ length: n }, (_, i) => first + i);

test.each([
  ['together less than a chunk', [3, 1000, 0, 5]],
  ['together more than a chunk', [CHUNK_BYTES / 4 - 3, 7, 0, CHUNK_BYTES / 4]],
  ['one of several chunks', [5, CHUNK_BYTES, 1]],
  ['whole chunks', [CHUNK_BYTES / 4, CHUNK_BYTES / 2]],
])('%s', async (_, lengths) => {
  const wanted = lengths.map((n, i) => ramp(n, 1000 * i));
  const tensors = await Promise.all(wanted.map((v) => Tensor.from(v, i32).to(device)));
  const marks = vi.spyOn(Stream.prototype, 'mark');
  const raws = await readBack(tensors);
  expect(marks).toHaveBeenCalledTimes(1);
  raws.forEach((raw, i) => {
    expect(raw).toBeInstanceOf(Int32Array);
    expect(Buffer.compare(Buffer.from(raw.buffer), Buffer.from(wanted[i]!.buffer)), `tensor ${i}`).toBe(0);
  });
});

test.each([4, CHUNK_BYTES / 4 + 1])('%d elements as the given stream leaves them', async (n) => {
  const stream = new Stream(device);
  const table = await Tensor.from(ramp(n, 0), i32).to(device);
  const scale = await Tensor.from([0.5], f32).to(device);
  // Each stream of the simulated GPU does a step at a time: many steps on this one, and few on the device's own.
  for (let i = 1; i <= 50; i++) table.fill(i, { stream });
  const [raw, one] = await readBack([table, scale], stream);
  expect(raw!.length).toBe(n);
  expect((raw as Int32Array).every((v) => v === 50)).toBe(true);
  expect(one).toEqual(Float32Array.of(0.5));
});

test('tensors on the CPU are not copied', async () => {
  const t = Tensor.from([1, 2], i32);
  expect((await readBack([t]))[0]).toBe(t.data);
});
