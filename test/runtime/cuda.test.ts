/** The part of the runtime that drives a GPU, over a simulated driver. */
import { Device, f16, f32, f64, i32, i64, KernelCallError, Stream, Tensor } from 'tilec';
import { describe, expect, test } from 'vitest';
import { compileForDevice } from '../../src/compile.ts';
import { roundUp } from '../../src/runtime/allocator.ts';
import { CudaError } from '../../src/runtime/errors.ts';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';
import { replaceDriver } from '../../src/runtime/ffi/driver.ts';
import { Graph } from '../../src/runtime/graph.ts';
import { CHUNK_BYTES } from '../../src/runtime/pinned.ts';
import { profile } from '../../src/runtime/profiler.ts';
import type { FakeGpu } from './fake-driver.ts';
import { rowNumbers, scaled } from './kernels.ts';
import { withSimulatedGpu } from './simulated.ts';

let gpu: FakeGpu;
let device: Device;

withSimulatedGpu((now) => {
  ({ gpu, device } = now);
});

describe('devices', () => {
  test('are made once and describe themselves', () => {
    expect(Device.get(0)).toBe(device);
    expect(device.name).toBe('Simulated GPU 0');
    expect([device.arch, String(device), device.multiprocessors, device.sharedBytesPerBlock]).toEqual([
      'sm_90a',
      'cuda:0',
      132,
      232448,
    ]);
    expect(gpu.calls.get('cuDevicePrimaryCtxRetain')).toBe(1);
    expect(() => Device.get(2)).toThrow(expect.objectContaining({ code: 'NO_GPU' }));
  });
});

describe('tensors', () => {
  test('there and back again, larger than a chunk, with the event loop turning meanwhile', async () => {
    const host = Tensor.random([3 * CHUNK_BYTES + 17], f16);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const there = await host.to('cuda');
    const back = await there.to('cpu');
    clearInterval(timer);
    expect(Buffer.compare(Buffer.from(back.data.buffer), Buffer.from(host.data.buffer))).toBe(0);
    expect(turns).toBeGreaterThan(0);
    expect(String(there.device)).toBe('cuda:0');
    expect(() => there.data).toThrow("await t.to('cpu')");
  });

  test('fills of every width', async () => {
    expect(await Tensor.full([3], 1.5, f16, { device }).toArray()).toEqual([1.5, 1.5, 1.5]);
    expect(await Tensor.zeros([3], f64, { device }).toArray()).toEqual([0, 0, 0]);
    expect(await Tensor.full([5], 0.1, f64, { device }).toArray()).toEqual([0.1, 0.1, 0.1, 0.1, 0.1]);
    expect(await Tensor.full([3], -1n, i64, { device }).toArray()).toEqual([-1n, -1n, -1n]);
    expect(await Tensor.full([2, 2], true, { dtype: 'bool' } as never, { device }).toArray()).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  test('views address the parts', async () => {
    const t = await Tensor.from(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      f32,
    ).to(device);
    expect(t.slice(1).address - t.address).toBe(8n);
    expect(await t.slice(1, 2).toArray()).toEqual([[3, 4]]);
    await t.slice(2).copyFrom([7, 8]);
    await t.slice(0, 1).copyFrom(t.slice(2));
    expect(await t.toArray()).toEqual([
      [7, 8],
      [3, 4],
      [7, 8],
    ]);
  });

  test('between GPUs', async () => {
    const t = await Tensor.from([1, 2, 3], f32).to('cuda:1');
    expect(String(t.device)).toBe('cuda:1');
    expect(await (await t.to('cuda:0')).toArray()).toEqual([1, 2, 3]);
  });

  test('failed work is reported to whoever waits', async () => {
    const t = Tensor.zeros([4], f32, { device });
    gpu.failure = 700;
    await expect(t.toArray()).rejects.toThrow(
      'cuEventQuery: CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access',
    );
    await expect(device.stream.synchronize()).rejects.toBeInstanceOf(CudaError);
  });
});

describe('memory', () => {
  test('sizes are rounded so that at most an eighth is wasted', () => {
    for (const n of [1, 512, 513, 4096, 5000, 1e6, 2 ** 20, 2 ** 20 + 1, 123456789]) {
      expect(roundUp(n)).toBeGreaterThanOrEqual(n);
      expect(roundUp(n) % 512).toBe(0);
      if (n >= 4096) expect(roundUp(n) / n).toBeLessThanOrEqual(1.13);
      expect(roundUp(roundUp(n))).toBe(roundUp(n));
    }
  });

  test('a block that was given back is had again by its stream', () => {
    const a = Tensor.empty([1000], f32, { device });
    const { address } = a;
    a.dispose();
    const b = Tensor.empty([1000], f32, { device });
    expect(b.address).toBe(address);
    expect(gpu.calls.get('cuMemAlloc_v2')).toBe(1);
    expect(device.allocator.stats.cached).toBe(0);
  });

  test('views keep the memory until the last one is gone', () => {
    const a = Tensor.empty([1000], f32, { device });
    const view = a.slice(10, 20);
    a.dispose();
    expect(device.allocator.stats.cached).toBe(0);
    view.dispose();
    expect(device.allocator.stats.cached).toBe(4096);
  });

  test('what another stream uses is not reused before that stream is done', () => {
    const other = new Stream(device);
    const a = Tensor.empty([1000], f32, { device });
    const { address } = a;
    a.fill(1, { stream: other });
    a.dispose();
    const b = Tensor.empty([1000], f32, { device });
    expect(b.address).not.toBe(address);
    while (gpu.waiting > 0) gpu.step();
    const c = Tensor.empty([1000], f32, { device });
    expect(c.address).toBe(address);
  });

  test('a stream keeps its blocks to itself, and leaves them to the device', () => {
    const stream = new Stream(device);
    const a = Tensor.empty([1000], f32, { device, stream });
    const { address } = a;
    a.dispose();
    expect(Tensor.empty([1000], f32, { device }).address).not.toBe(address);
    stream.dispose();
    while (gpu.waiting > 0) gpu.step();
    expect(Tensor.empty([1000], f32, { device }).address).toBe(address);
  });

  test('when memory runs out, what is cached is given back first', () => {
    gpu.capacity = 100 * 2 ** 20;
    Tensor.empty([60 * 2 ** 20], { dtype: 'u8' } as never, { device }).dispose();
    const big = Tensor.empty([80 * 2 ** 20], { dtype: 'u8' } as never, { device });
    expect(gpu.live.blocks).toBe(1);
    expect(() => Tensor.empty([80 * 2 ** 20], { dtype: 'u8' } as never, { device })).toThrow(
      expect.objectContaining({ code: 'CUDA_ERROR_OUT_OF_MEMORY' }),
    );
    big.dispose();
    device.allocator.trim();
    expect(gpu.allocated).toBe(0);
    expect(device.allocator.stats).toEqual({ reserved: 0, cached: 0 });
  });

  test('an abandoned tensor is freed by the garbage collector', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    (() => Tensor.empty([1000], f32, { device }))();
    for (let i = 0; i < 50 && device.allocator.stats.cached === 0; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(device.allocator.stats.cached).toBe(4096);
  });

  test('copies leave no events behind', async () => {
    const before = gpu.live.events;
    const t = await Tensor.random([CHUNK_BYTES], f32).to(device);
    await t.toArray();
    await device.stream.synchronize();
    expect(gpu.live.events).toBe(before);
  });
});

describe('streams and events', () => {
  test('one stream waits for another', async () => {
    const other = new Stream(device);
    const a = Tensor.zeros([4], i32, { device });
    a.fill(5);
    other.waitFor(device.stream);
    const b = Tensor.empty([4], i32, { device, stream: other });
    await b.copyFrom(a, { stream: other });
    await other.synchronize();
    expect(await b.toArray()).toEqual([5, 5, 5, 5]);
  });

  test('a disposed stream says so', () => {
    const stream = new Stream(device);
    stream.dispose();
    stream.dispose();
    expect(() => stream.handle).toThrow('the stream was used after it was disposed of');
    expect(gpu.live.streams).toBe(1);
  });
});

/** What the kernel `scaled` does, done by the simulated GPU. */
function simulateScaled(): void {
  gpu.parameterCount.set('scaled', 4);
  gpu.kernels.set('scaled', (launch, on) => {
    const n = Number(launch.param(3, 'int32_t'));
    const floats = (i: number): Float32Array => {
      const bytes = on.bytesAt(BigInt(launch.param(i, 'uint64_t')), 4 * n)!;
      return new Float32Array(bytes.buffer, bytes.byteOffset, n);
    };
    const [a, out] = [floats(0), floats(2)];
    for (let i = 0; i < n; i++) out[i] = a[i]! * Number(launch.param(1, 'float')) + 1;
  });
}

describe.skipIf(findNvrtc().length === 0)('kernels', () => {
  test('a call passes pointers, scalars and dims in order, over the right grid', async () => {
    simulateScaled();
    const a = await Tensor.from([1, 2, 3], f32).to(device);
    const out = Tensor.zeros([3], f32, { device });
    await scaled({ block: 64 })({ a, scale: 0.5, out });
    expect(await out.toArray()).toEqual([1.5, 2, 2.5]);
    expect(gpu.launches[0]).toMatchObject({
      grid: [1, 1, 1],
      threads: 64,
      sharedBytes: 0,
      stream: device.stream.handle,
    });
  });

  test('grids, other streams, and nothing to launch', async () => {
    const k = rowNumbers();
    const executable = await k.compile({ device: 'cuda' });
    expect(executable.info).toMatchObject({ name: 'rowNumbers', arch: 'sm_90a', threads: 32 });
    const stream = new Stream(device);
    const tensors = (r: number) => ({
      out: Tensor.zeros([4 * r], i32, { device }),
      like: Tensor.zeros([r, 8], f32, { device }),
    });
    executable.launch({ first: 1, ...tensors(7) }, { stream });
    executable.launch({ first: 1, ...tensors(0) });
    await stream.synchronize();
    await device.stream.synchronize();
    expect(gpu.launches.map((l) => [l.grid, l.stream])).toEqual([[[7, 4, 1], stream.handle]]);
  });

  test('calls launch in the order in which they are made, also while the first compiles', async () => {
    gpu.parameterCount.set('scaled', 4);
    const order: number[] = [];
    gpu.kernels.set('scaled', (l) => order.push(Number(l.param(1, 'float'))));
    const k = scaled();
    const args = { a: Tensor.zeros([3], f32, { device }), out: Tensor.zeros([3], f32, { device }) };
    const calls = [1, 2, 3].map((scale) => k({ ...args, scale }));
    await calls[0];
    calls.push(k({ ...args, scale: 4 }));
    await Promise.all(calls);
    await k({ ...args, scale: 5 });
    await device.stream.synchronize();
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  test('a whole call costs the host less than 10 µs', async () => {
    const k = scaled();
    const args = { a: Tensor.zeros([300], f32, { device }), scale: 2, out: Tensor.zeros([300], f32, { device }) };
    const executable = await compileForDevice(k.def, 'cuda');
    const free = { ...gpu.driver(), cuLaunchKernel: (() => 0) as never };
    replaceDriver(free);
    await k(args);
    const times: number[] = [];
    for (let i = 0; i < 10_000; i++) {
      const start = performance.now();
      await k(args);
      times.push(performance.now() - start);
    }
    executable.launch(args);
    const median = times.sort((a, b) => a - b)[5000]! * 1000;
    // Less the driver's own 3 µs.
    expect(median).toBeLessThan(6);
  });

  test('a refused launch names the kernel', async () => {
    const executable = await scaled().compile({ device: 'cuda' });
    replaceDriver({ ...gpu.driver(), cuLaunchKernel: (() => 1) as never });
    const args = { a: Tensor.zeros([3], f32, { device }), scale: 2, out: Tensor.zeros([3], f32, { device }) };
    expect(() => executable.launch(args)).toThrow(
      'cuLaunchKernel of scaled: CUDA_ERROR_INVALID_VALUE (1): invalid argument',
    );
  });

  test('tensors elsewhere are refused', async () => {
    const k = scaled();
    const here = Tensor.zeros([3], f32);
    const there = Tensor.zeros([3], f32, { device });
    await expect(k({ a: there, scale: 1, out: here })).rejects.toThrow(KernelCallError);
    await expect(k({ a: there, scale: 1, out: here })).rejects.toThrow('`out` is on cpu, not on cuda:0');
  });

  test('a graph is recorded once and replayed', async () => {
    simulateScaled();
    const k = scaled();
    const a = await Tensor.from([1, 2, 3], f32).to(device);
    const out = Tensor.zeros([3], f32, { device });
    await k.compile({ device: 'cuda' });
    const graph = await Graph.capture(device, async () => {
      const between = Tensor.empty([3], f32, { device });
      await k({ a, scale: 2, out: between });
      await k({ a: between, scale: 10, out });
      between.dispose();
    });
    expect(gpu.launches).toHaveLength(0);
    expect(graph.heldBytes).toBe(512);
    // The graph's own memory is not handed out again while it lives.
    const others = Array.from({ length: 4 }, () => Tensor.full([3], 99, f32, { device }));
    graph.launch();
    expect(await out.toArray()).toEqual([31, 51, 71]);
    await a.copyFrom([0, 0, 1]);
    graph.launch();
    expect(await out.toArray()).toEqual([11, 11, 31]);
    expect(await others[0]!.toArray()).toEqual([99, 99, 99]);
    const { cached } = device.allocator.stats;
    graph.dispose();
    while (gpu.waiting > 0) gpu.step();
    Tensor.empty([3], f32, { device });
    expect(device.allocator.stats.cached).toBeGreaterThanOrEqual(cached);
    expect(gpu.live.graphs).toBe(0);
    expect(device.currentStream).toBe(device.stream);
  });

  test('a graph whose recording fails leaves nothing behind', async () => {
    await expect(
      Graph.capture(device, () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(gpu.live).toMatchObject({ graphs: 0, streams: 1 });
    expect(device.currentStream).toBe(device.stream);
    Tensor.empty([3], f32, { device }).dispose();
    expect(device.allocator.stats.cached).toBe(512);
  });

  test('the profiler runs what it is told to, and cleans up', async () => {
    gpu.parameterCount.set('scaled', 4);
    const k = scaled();
    const args = { a: Tensor.zeros([3], f32, { device }), scale: 2, out: Tensor.zeros([3], f32, { device }) };
    const before = gpu.live;
    const timed = await profile(() => k(args), { device, iterations: 5, warmup: 2 });
    expect(gpu.launches).toHaveLength(8);
    expect(timed.all).toHaveLength(5);
    // The simulated clock goes on by one an event.
    expect([timed.median, timed.min, timed.max, timed.mean]).toEqual([1, 1, 1, 1]);
    await profile(() => k(args), { device, iterations: 3, warmup: 1, graph: true, flush: false });
    await device.stream.synchronize();
    expect(gpu.launches).toHaveLength(8 + 1 + 4);
    expect(gpu.live).toMatchObject({ events: before.events, graphs: 0, streams: before.streams });
  });
});
