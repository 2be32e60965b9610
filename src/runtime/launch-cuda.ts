/** Kernels on a GPU. */
import * as M from '../diagnostics/messages/runtime.ts';
import { KernelCallError, type LaunchOptions } from '../dsl/kernel.ts';
import type { DType } from '../ir/dtype.ts';
import { Binder, type CallArgs, type Scalar } from './bind.ts';
import type { Device } from './device.ts';
import { encodeInto, type Raw, rawArray } from './elements.ts';
import type { Executable, ExecutableInfo } from './executable.ts';
import { check, driver, FUNCTION_ATTRIBUTE } from './ffi/driver.ts';
import { koffi } from './ffi/library.ts';
import { compileExpr, type Evaluate } from './grid.ts';
import type { Resources } from './nvrtc/resources.ts';
import type { LaunchRecord } from './record.ts';
import { Resource } from './resource.ts';

/** Dynamic shared memory that needs no permission. */
const FREE_SHARED_BYTES = 48 * 1024;
const MAX_GRID_X = 2 ** 31 - 1;
const MAX_GRID_YZ = 65535;
const SLOT_BYTES = 8;

export class CudaExecutable implements Executable {
  readonly device: string;
  readonly info: ExecutableInfo;
  readonly #on: Device;
  readonly #record: LaunchRecord;
  readonly #module: Resource;
  readonly #function: bigint;
  readonly #binder: Binder;
  readonly #grid: readonly Evaluate[];
  readonly #env: number[] = [];
  readonly #parameters: Parameters;

  /** Loads the cubin. Throws `CudaError` where the driver refuses it. */
  constructor(device: Device, record: LaunchRecord, cubin: Uint8Array, info: ExecutableInfo) {
    this.device = String(device);
    this.info = info;
    this.#on = device;
    this.#record = record;
    this.#binder = new Binder(record.signature);
    this.#parameters = new Parameters(this.#binder);
    const { params, dims } = record.signature;
    const names = [...dims.map((d) => d.name), ...params.filter((p) => p.kind === 'scalar').map((p) => p.name)];
    this.#grid = record.grid.map((e) => compileExpr(e, (name) => names.indexOf(name)));

    device.activate();
    const out = new BigUint64Array(1);
    // A copy of its own is aligned, which a part of a cache file need not be.
    check(driver().cuModuleLoadData(out, new Uint8Array(cubin)), 'cuModuleLoadData');
    this.#module = new Resource(this, 'kernel', out[0]!, (module) => {
      device.activate();
      driver().cuModuleUnload(module);
    });
    check(driver().cuModuleGetFunction(out, this.#module.handle, record.symbol), 'cuModuleGetFunction');
    this.#function = out[0]!;
    if (record.sharedBytes > FREE_SHARED_BYTES) {
      this.#attribute(FUNCTION_ATTRIBUTE.maxDynamicSharedBytes, record.sharedBytes);
      // All of the multiprocessor's memory that can be shared, so that as many blocks as possible fit.
      this.#attribute(FUNCTION_ATTRIBUTE.sharedCarveout, 100);
    }
  }

  #attribute(which: number, value: number): void {
    check(driver().cuFuncSetAttribute(this.#function, which, value), 'cuFuncSetAttribute');
  }

  /** What the driver says of the loaded kernel. */
  attributes(): Omit<Resources, 'spillBytes'> {
    const out = new Int32Array(1);
    const get = (which: number): number => {
      check(driver().cuFuncGetAttribute(out, which, this.#function), 'cuFuncGetAttribute');
      return out[0]!;
    };
    return {
      registers: get(FUNCTION_ATTRIBUTE.registers),
      localBytes: get(FUNCTION_ATTRIBUTE.localBytes),
      staticSharedBytes: get(FUNCTION_ATTRIBUTE.sharedBytes),
    };
  }

  launch(args: CallArgs, options?: LaunchOptions): void {
    const on = this.#on;
    const binder = this.#binder;
    binder.bind(args, on);
    const stream = options?.stream ?? on.currentStream;
    const [x, y, z] = this.#extents();
    if (x === 0 || y === 0 || z === 0) return;
    if (!(x > 0 && x <= MAX_GRID_X && y > 0 && y <= MAX_GRID_YZ && z > 0 && z <= MAX_GRID_YZ)) {
      const problem = M.badGrid([x, y, z]);
      throw new KernelCallError(M.callProblem(this.info.name, problem), problem);
    }
    this.#parameters.write(binder);
    for (const t of binder.tensors) t.usedOn(stream);
    on.activate();
    const { threads, sharedBytes, prints } = this.#record;
    const result = driver().cuLaunchKernel(
      this.#function,
      x,
      y,
      z,
      threads,
      1,
      1,
      sharedBytes,
      stream.handle,
      this.#parameters.address,
      null,
    );
    if (result !== 0) check(result, `cuLaunchKernel of ${this.info.name}`);
    if (prints) on.printing = true;
  }

  #extents(): readonly [number, number, number] {
    const env = this.#env;
    const { dims, scalars } = this.#binder;
    for (let i = 0; i < dims.length; i++) env[i] = dims[i]!;
    for (let i = 0; i < scalars.length; i++) env[dims.length + i] = Number(scalars[i]);
    const [x, y, z] = this.#grid;
    return [x ? x(env) : 1, y ? y(env) : 1, z ? z(env) : 1];
  }

  /** Unloads the module. Launched work must be done. */
  dispose(): void {
    this.#module.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The memory that a launch reads its parameters from: a slot each, and an array of the slots' addresses. */
class Parameters {
  /** Of the array of addresses. */
  readonly address: bigint;
  readonly #pointers: BigUint64Array;
  readonly #tensorSlots: number[] = [];
  readonly #scalars: { readonly dtype: DType; readonly raw: Raw }[] = [];
  readonly #dims: Int32Array;
  readonly #firstDim: number;

  constructor({ signature: { params, dims } }: Binder) {
    const count = params.length + dims.length;
    const memory = new ArrayBuffer(count * 2 * SLOT_BYTES || SLOT_BYTES);
    const base = koffi().address(memory);
    const values = count * SLOT_BYTES;
    const addresses = new BigUint64Array(memory, 0, count);
    for (let i = 0; i < count; i++) addresses[i] = base + BigInt(values + i * SLOT_BYTES);
    this.address = base;
    this.#pointers = new BigUint64Array(memory, values, count);
    params.forEach((p, i) => {
      if (p.kind === 'tensor') this.#tensorSlots.push(i);
      else this.#scalars.push({ dtype: p.dtype, raw: rawArray(p.dtype, 1, memory, values + i * SLOT_BYTES) });
    });
    this.#dims = new Int32Array(memory, values, count * 2);
    this.#firstDim = params.length;
  }

  write({
    tensors,
    scalars,
    dims,
  }: {
    readonly tensors: readonly { readonly address: bigint }[];
    readonly scalars: readonly Scalar[];
    readonly dims: readonly number[];
  }): void {
    for (let i = 0; i < tensors.length; i++) this.#pointers[this.#tensorSlots[i]!] = tensors[i]!.address;
    for (let i = 0; i < scalars.length; i++) {
      const { dtype, raw } = this.#scalars[i]!;
      if (raw instanceof Float32Array || raw instanceof Int32Array) raw[0] = scalars[i] as number;
      else encodeInto(dtype, raw, [scalars[i]!]);
    }
    for (let i = 0; i < dims.length; i++) this.#dims[(this.#firstDim + i) * 2] = dims[i]!;
  }
}
