import type { Device } from './device.ts';
import { CUDA_ERROR_NOT_READY, check, driver } from './ffi/driver.ts';
import { Resource } from './resource.ts';
import type { Stream } from './stream.ts';
import { until } from './wait.ts';

const WITHOUT_TIMING = 2;

/** A mark in a stream: done once all work queued before it is. Timed events give elapsed milliseconds. */
export class Event {
  readonly device: Device;
  readonly #event: Resource;

  constructor(device: Device, { timing = true }: { readonly timing?: boolean } = {}) {
    device.activate();
    const out = new BigUint64Array(1);
    check(driver().cuEventCreate(out, timing ? 0 : WITHOUT_TIMING), 'cuEventCreate');
    this.device = device;
    this.#event = new Resource(this, 'event', out[0]!, (event) => {
      driver().cuEventDestroy_v2(event);
    });
  }

  /** `CUevent`. */
  get handle(): bigint {
    return this.#event.handle;
  }

  record(stream: Stream = this.device.currentStream): this {
    this.device.activate();
    check(driver().cuEventRecord(this.handle, stream.handle), 'cuEventRecord');
    return this;
  }

  /** Has the work before the mark finished? Throws `CudaError` if it failed. An event never recorded is done. */
  get done(): boolean {
    const result = driver().cuEventQuery(this.handle);
    if (result === CUDA_ERROR_NOT_READY) return false;
    check(result, 'cuEventQuery');
    return true;
  }

  /** Resolves when `done`, without blocking the event loop. */
  async wait(): Promise<void> {
    try {
      await until(() => this.done);
    } finally {
      this.device.showPrints();
    }
  }

  /** Milliseconds from `start` to this one; both must be done. */
  since(start: Event): number {
    const ms = new Float32Array(1);
    check(driver().cuEventElapsedTime(ms, start.handle, this.handle), 'cuEventElapsedTime');
    return ms[0]!;
  }

  dispose(): void {
    this.#event.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
