/** CUDA graphs: work recorded once and launched again as a whole, with one call of the driver. */
import type { Hold } from './allocator.ts';
import type { Device } from './device.ts';
import { check, driver } from './ffi/driver.ts';
import { Resource } from './resource.ts';
import { Stream } from './stream.ts';

/** Other calls of the driver, such as the allocation of memory, go on as usual while work is recorded. */
const RELAXED = 2;

export class Graph {
  readonly device: Device;
  readonly #executable: Resource;
  readonly #hold: Hold;
  readonly #launchedOn = new Set<Stream>();

  /**
   * Records what `work` queues on the device's current stream (launches, copies on the device, fills), without running it.
   * It must not wait for the GPU, and nothing else may queue work on the device meanwhile. Tensors made in it live as long as
   * the graph; those that it uses must be kept by the caller. Throws `CudaError` for work that cannot be recorded.
   */
  static async capture(device: Device, work: () => void | Promise<void>): Promise<Graph> {
    const stream = new Stream(device);
    const before = device.currentStream;
    const { allocator } = device;
    // What is queued already comes first.
    stream.waitFor(before);
    check(driver().cuStreamBeginCapture_v2(stream.handle, RELAXED), 'cuStreamBeginCapture');
    const hold = allocator.beginHold(stream);
    device.currentStream = stream;
    let failure: { readonly error: unknown } | undefined;
    try {
      await work();
    } catch (error) {
      failure = { error };
    }
    device.currentStream = before;
    allocator.endHold();
    device.activate();
    const out = new BigUint64Array(1);
    const result = driver().cuStreamEndCapture(stream.handle, out);
    const graph = out[0]!;
    stream.dispose();
    try {
      if (failure) throw failure.error;
      check(result, 'cuStreamEndCapture');
      check(driver().cuGraphInstantiateWithFlags(out, graph, 0n), 'cuGraphInstantiate');
      return new Graph(device, out[0]!, hold);
    } catch (e) {
      allocator.release(hold, []);
      throw e;
    } finally {
      if (graph !== 0n) driver().cuGraphDestroy(graph);
    }
  }

  private constructor(device: Device, executable: bigint, hold: Hold) {
    this.device = device;
    this.#hold = hold;
    const launchedOn = this.#launchedOn;
    const { allocator } = device;
    this.#executable = new Resource(this, 'graph', executable, (handle) => {
      driver().cuGraphExecDestroy(handle);
      allocator.release(
        hold,
        [...launchedOn].filter((s) => !s.disposed),
      );
    });
  }

  /** Bytes of device memory that only this graph uses. */
  get heldBytes(): number {
    return this.#hold.blocks.reduce((n, b) => n + b.bytes, 0);
  }

  /** Queues all of the recorded work. */
  launch(stream: Stream = this.device.currentStream): void {
    this.device.activate();
    check(driver().cuGraphLaunch(this.#executable.handle, stream.handle), 'cuGraphLaunch');
    this.#launchedOn.add(stream);
  }

  dispose(): void {
    this.#executable.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
