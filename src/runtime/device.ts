/** GPUs. A device's primary context is retained once, on first use, and kept. */
import { noGpu } from '../diagnostics/messages/runtime.ts';
import type { Arch } from '../ir/target.ts';
import { Allocator } from './allocator.ts';
import { EnvironmentError } from './errors.ts';
import { check, DEVICE_ATTRIBUTE, driver } from './ffi/driver.ts';
import { Stream } from './stream.ts';

const devices = new Map<number, Device>();
let current: Device | undefined;

export class Device {
  readonly ordinal: number;
  /** The GPU's name, such as `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** Compute capability. */
  readonly capability: readonly [major: number, minor: number];
  readonly multiprocessors: number;
  /** Bytes of shared memory that one block may have. */
  readonly sharedBytesPerBlock: number;
  readonly l2Bytes: number;
  readonly totalBytes: number;
  /** `CUcontext`. */
  readonly context: bigint;
  /** Where work goes that names no stream. */
  readonly stream: Stream;
  readonly allocator: Allocator;
  /** `stream`, except while a graph is captured. */
  currentStream: Stream;
  /** Has a kernel that prints been launched since the output was last shown? */
  printing = false;
  readonly #name: string;

  /** The GPU of that number. Throws `EnvironmentError` if there is none, `CudaError` if the driver refuses it. */
  static get(ordinal = 0): Device {
    const known = devices.get(ordinal);
    if (known) return known;
    const count = Device.count();
    if (!(ordinal >= 0 && ordinal < count))
      throw new EnvironmentError(noGpu(`cuda:${ordinal} was asked for, and there are ${count}`));
    const made = new Device(ordinal);
    devices.set(ordinal, made);
    return made;
  }

  /** How many GPUs the driver shows. Throws `EnvironmentError` without a driver. */
  static count(): number {
    const out = new Int32Array(1);
    check(driver().cuDeviceGetCount(out), 'cuDeviceGetCount');
    return out[0]!;
  }

  /** Is there a GPU that can be used? */
  static available(): boolean {
    try {
      return Device.count() > 0;
    } catch (e) {
      if (e instanceof EnvironmentError) return false;
      throw e;
    }
  }

  private constructor(ordinal: number) {
    const cuda = driver();
    const handle = new Int32Array(1);
    check(cuda.cuDeviceGet(handle, ordinal), 'cuDeviceGet');
    const id = handle[0]!;
    const attribute = (which: number): number => {
      const out = new Int32Array(1);
      check(cuda.cuDeviceGetAttribute(out, which, id), 'cuDeviceGetAttribute');
      return out[0]!;
    };
    const name = Buffer.alloc(256);
    check(cuda.cuDeviceGetName(name, name.length, id), 'cuDeviceGetName');
    const total = new BigUint64Array(1);
    check(cuda.cuDeviceTotalMem_v2(total, id), 'cuDeviceTotalMem');
    const context = new BigUint64Array(1);
    check(cuda.cuDevicePrimaryCtxRetain(context, id), 'cuDevicePrimaryCtxRetain');
    this.ordinal = ordinal;
    this.#name = `cuda:${ordinal}`;
    this.name = name.toString('utf8', 0, name.indexOf(0));
    this.capability = [attribute(DEVICE_ATTRIBUTE.capabilityMajor), attribute(DEVICE_ATTRIBUTE.capabilityMinor)];
    this.multiprocessors = attribute(DEVICE_ATTRIBUTE.multiprocessors);
    this.sharedBytesPerBlock = attribute(DEVICE_ATTRIBUTE.sharedBytesPerBlock);
    this.l2Bytes = attribute(DEVICE_ATTRIBUTE.l2Bytes);
    this.totalBytes = Number(total[0]);
    this.context = context[0]!;
    this.stream = new Stream(this);
    this.currentStream = this.stream;
    this.allocator = new Allocator(this);
  }

  /** The target that kernels are compiled for here. Throws `EnvironmentError` for a GPU that none of them runs on. */
  get arch(): Arch {
    const [major, minor] = this.capability;
    if (major === 9) return 'sm_90a';
    if (major === 8) return minor === 9 ? 'sm_89' : 'sm_80';
    throw new EnvironmentError(
      noGpu(`${this.name} has compute capability ${major}.${minor}; tilec compiles for 8.x and 9.0`),
    );
  }

  /** Makes the device current for the driver calls that follow on this thread. */
  activate(): void {
    if (current === this) return;
    check(driver().cuCtxSetCurrent(this.context), 'cuCtxSetCurrent');
    current = this;
  }

  /** Shows what kernels have printed: the driver does so only in calls that wait, so this one waits for the GPU. */
  showPrints(): void {
    if (!this.printing) return;
    this.printing = false;
    this.activate();
    // A failure of the work itself is reported by whoever waits for it.
    driver().cuCtxSynchronize();
  }

  /** Bytes of the GPU's memory that no process holds, and all. */
  memory(): { readonly free: number; readonly total: number } {
    this.activate();
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    check(driver().cuMemGetInfo_v2(free, total), 'cuMemGetInfo');
    return { free: Number(free[0]), total: Number(total[0]) };
  }

  toString(): string {
    return this.#name;
  }
}

/** Forgets all devices, for tests that replace the driver. Nothing made on them may be used again. */
export function forgetDevices(): void {
  devices.clear();
  current = undefined;
}
