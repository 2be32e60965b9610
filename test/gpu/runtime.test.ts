/** The runtime on a real GPU; `test/runtime/cuda.test.ts` has the same parts over a simulated driver. */
import { Device, Event, f8e4m3, f16, f32, f64, i32, i64, Stream, Tensor } from 'tilec';
import { expect, test } from 'vitest';
import { check } from '../../src/runtime/ffi/driver.ts';
import { Graph } from '../../src/runtime/graph.ts';
import type { CudaExecutable } from '../../src/runtime/launch-cuda.ts';
import { profile } from '../../src/runtime/profiler.ts';
import { rowNumbers, scaled } from '../runtime/kernels.ts';
import { onGpu } from './gpu.ts';

onGpu('devices', () => {
  test('say what they are', () => {
    const device = Device.get(0);
    expect(device.name).not.toBe('');
    expect(device.multiprocessors).toBeGreaterThan(1);
    expect(device.sharedBytesPerBlock).toBeGreaterThanOrEqual(48 * 1024);
    const { free, total } = device.memory();
    expect(free).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(device.totalBytes);
    console.log(`${device.name}, ${device.capability.join('.')}, ${device.multiprocessors} SMs, ${device.arch}`);
  });

  test('errors carry the driver’s own names and texts', () => {
    expect(() => check(1, 'cuSomething')).toThrow(/^cuSomething: CUDA_ERROR_INVALID_VALUE \(1\): invalid argument$/);
    expect(() => check(2, 'cuSomething')).toThrow(/CUDA_ERROR_OUT_OF_MEMORY \(2\): out of memory/);
  });
});

onGpu('tensors', () => {
  test('100 MiB there and back, with the event loop turning meanwhile', async () => {
    const host = Tensor.random([50 * 2 ** 20], f16);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const there = await host.to('cuda');
    const back = await there.to('cpu');
    clearInterval(timer);
    expect(Buffer.compare(Buffer.from(back.data.buffer), Buffer.from(host.data.buffer))).toBe(0);
    console.log(`longest stay away from the event loop: ${longest.toFixed(1)} ms`);
    expect(longest).toBeLessThan(50);
    there.dispose();
  });

  test('fills of every width', async () => {
    const device = 'cuda';
    expect(await Tensor.full([3], 1.5, f16, { device }).toArray()).toEqual([1.5, 1.5, 1.5]);
    expect(await Tensor.full([3], 448, f8e4m3, { device }).toArray()).toEqual([448, 448, 448]);
    expect(await Tensor.full([1000], 0.1, f64, { device }).toFloat64Array()).toEqual(new Float64Array(1000).fill(0.1));
    expect(await Tensor.full([3], -1n, i64, { device }).toArray()).toEqual([-1n, -1n, -1n]);
  });

  test('memory is reused, and running out of it is an error that passes', () => {
    const device = Device.get(0);
    const a = Tensor.empty([1000], f32, { device });
    const { address } = a;
    a.dispose();
    expect(Tensor.empty([1000], f32, { device }).address).toBe(address);
    expect(() => Tensor.empty([2 ** 41], f32, { device })).toThrow(
      expect.objectContaining({ code: 'CUDA_ERROR_OUT_OF_MEMORY' }),
    );
    expect(Tensor.empty([10], f32, { device }).address).not.toBe(0n);
  });
});

onGpu('launches', () => {
  test('scalars, pointers and dims arrive; the tail of the grid is guarded', async () => {
    const a = Tensor.random([1_000_003], f32);
    const out = Tensor.full([1_000_003], Number.NaN, f32, { device: 'cuda' });
    await scaled()({ a: await a.to('cuda'), scale: 3, out });
    const got = await out.toFloat32Array();
    const worst = got.reduce((w, x, i) => Math.max(w, Math.abs(x - (a.data[i]! * 3 + 1))), 0);
    expect(worst).toBeLessThan(1e-6);
  });

  test('a grid of two dimensions, products of dims, an empty grid', async () => {
    const k = rowNumbers();
    const run = async (r: number): Promise<unknown> => {
      const out = Tensor.full([4 * r], -1, i32, { device: 'cuda' });
      await k({ first: 5, out, like: Tensor.zeros([r, 8], f32, { device: 'cuda' }) });
      return out.toArray();
    };
    expect(await run(3)).toEqual([5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7]);
    expect(await run(0)).toEqual([]);
  });

  test('the assembler’s report agrees with the driver', async () => {
    const executable = await scaled().compile({ device: 'cuda' });
    const { info } = executable;
    expect(info.resources?.spillBytes).toBe(0);
    expect((executable as CudaExecutable).attributes()).toEqual({
      registers: info.resources?.registers,
      localBytes: info.resources?.localBytes,
      staticSharedBytes: info.resources?.staticSharedBytes,
    });
    console.log(info);
  });

  test('a whole call costs the host at most 10 µs', async () => {
    const k = scaled();
    const device = Device.get(0);
    const args = { a: Tensor.zeros([300], f32, { device }), scale: 2, out: Tensor.zeros([300], f32, { device }) };
    await k(args);
    const executable = await k.compile({ device: 'cuda:0' });
    const median = async (call: () => void | Promise<void>): Promise<number> => {
      const times: number[] = [];
      for (let i = 0; i < 10_000; i++) {
        const start = performance.now();
        await call();
        times.push(performance.now() - start);
        if (i % 500 === 0) await device.stream.synchronize();
      }
      return times.sort((x, y) => x - y)[5000]! * 1000;
    };
    const called = await median(() => k(args));
    const launched = await median(() => executable.launch(args));
    console.log(`median of 10,000: ${called.toFixed(2)} µs a call, ${launched.toFixed(2)} µs a launch`);
    expect(called).toBeLessThan(10);
  });

  test('streams run beside each other and wait for each other', async () => {
    const device = Device.get(0);
    const other = new Stream(device);
    const k = await scaled().compile({ device: 'cuda:0' });
    const a = Tensor.full([1 << 20], 1, f32, { device });
    const b = Tensor.empty([1 << 20], f32, { device });
    const c = Tensor.empty([1 << 20], f32, { device, stream: other });
    k.launch({ a, scale: 2, out: b });
    other.waitFor(device.stream);
    k.launch({ a: b, scale: 2, out: c }, { stream: other });
    await other.synchronize();
    expect(new Set(await c.toFloat32Array())).toEqual(new Set([7]));
  });
});

onGpu('graphs and timing', () => {
  test('a graph is recorded once and replayed', async () => {
    const device = Device.get(0);
    const k = scaled();
    const a = await Tensor.from([1, 2, 3], f32).to(device);
    const out = Tensor.zeros([3], f32, { device });
    await k.compile({ device: 'cuda:0' });
    await k({ a, scale: 1, out });
    const graph = await Graph.capture(device, async () => {
      const between = Tensor.empty([3], f32, { device });
      await k({ a, scale: 2, out: between });
      await k({ a: between, scale: 10, out });
      between.dispose();
    });
    const others = Array.from({ length: 4 }, () => Tensor.full([3], 99, f32, { device }));
    graph.launch();
    expect(await out.toArray()).toEqual([31, 51, 71]);
    await a.copyFrom([0, 0, 1]);
    graph.launch();
    expect(await out.toArray()).toEqual([11, 11, 31]);
    for (const o of others) expect(await o.toArray()).toEqual([99, 99, 99]);
    graph.dispose();
  });

  test('events time a copy within reason', async () => {
    const device = Device.get(0);
    const [start, end] = [new Event(device), new Event(device)];
    const a = Tensor.zeros([64 * 2 ** 20], f32, { device });
    const b = Tensor.empty([64 * 2 ** 20], f32, { device });
    const timed = await profile(() => void b.copyFrom(a), { device });
    start.record();
    end.record();
    await end.wait();
    expect(end.since(start)).toBeLessThan(1);
    const gigabytes = (2 * a.bytes) / 1e9 / (timed.median / 1e3);
    console.log(`copy on the device: ${gigabytes.toFixed(0)} GB/s, ${timed.median.toFixed(3)} ms`);
    expect(gigabytes).toBeGreaterThan(100);
    expect(gigabytes).toBeLessThan(20_000);
  });
});
