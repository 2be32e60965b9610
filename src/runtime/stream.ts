import type { Device } from './device.ts';
import { Event } from './event.ts';
import { CUDA_ERROR_NOT_READY, check, driver } from './ffi/driver.ts';
import { Resource } from './resource.ts';

const NON_BLOCKING = 1;

/** A queue of work on a GPU: in order within it, unordered between streams unless one waits for another. */
export class Stream {
  readonly device: Device;
  readonly #stream: Resource;

  constructor(device: Device) {
    device.activate();
    const out = new BigUint64Array(1);
    check(driver().cuStreamCreate(out, NON_BLOCKING), 'cuStreamCreate');
    this.device = device;
    this.#stream = new Resource(this, 'stream', out[0]!, (stream) => {
      driver().cuStreamDestroy_v2(stream);
    });
  }

  /** `CUstream`. */
  get handle(): bigint {
    return this.#stream.handle;
  }

  get disposed(): boolean {
    return this.#stream.disposed;
  }

  /** Has all queued work finished? Throws `CudaError` if some of it failed. */
  get idle(): boolean {
    const result = driver().cuStreamQuery(this.handle);
    if (result === CUDA_ERROR_NOT_READY) return false;
    check(result, 'cuStreamQuery');
    return true;
  }

  /** Resolves when all work queued up to now has finished, without blocking the event loop. Rejects with `CudaError` if it failed. */
  async synchronize(): Promise<void> {
    const mark = this.mark();
    try {
      await mark.wait();
    } finally {
      mark.dispose();
    }
  }

  /** An event recorded here, to be waited for. */
  mark(): Event {
    const event = new Event(this.device, { timing: false });
    try {
      return event.record(this);
    } catch (e) {
      event.dispose();
      throw e;
    }
  }

  /** Work queued here from now on starts after all that `other` (or the event) has before it. */
  waitFor(other: Stream | Event): void {
    this.device.activate();
    if (other instanceof Event) {
      check(driver().cuStreamWaitEvent(this.handle, other.handle, 0), 'cuStreamWaitEvent');
      return;
    }
    if (other === this) return;
    const mark = other.mark();
    try {
      this.waitFor(mark);
    } finally {
      mark.dispose();
    }
  }

  /** Queued work still runs to its end. */
  dispose(): void {
    if (this.#stream.disposed) return;
    this.device.allocator.leave(this);
    this.#stream.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
