/** Kernels of operators: built once for each configuration in the process, compiled once for each device. */
import type { DeviceName, Kernel } from '../dsl/kernel.ts';
import type { Executable } from '../runtime/executable.ts';

/** Tiles by name, such as `{ BM: 64, numStages: 3 }`. */
export type KernelConfig = Readonly<Record<string, number | undefined>>;

/** What a kernel factory is called with. */
type FactoryConfig = Readonly<Record<string, number | boolean | string | undefined>>;

let compiles = 0;

/** How many kernels operators have had compiled in this process: it grows by one for each configuration and device. */
export const compileCount = (): number => compiles;

/** A kernel that may be compiled for several devices. */
export class OperatorKernel {
  readonly kernel: Kernel;
  readonly #ready = new Map<string, Executable>();
  readonly #pending = new Map<string, Promise<Executable>>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** The compiled kernel, if it is ready for the device. */
  on(device: string): Executable | undefined {
    return this.#ready.get(device);
  }

  /** Compiles it, unless that is done or under way. Throws `CompileError`. */
  async load(device: string): Promise<Executable> {
    const known = this.#ready.get(device) ?? this.#pending.get(device);
    if (known) return known;
    compiles++;
    const pending = this.kernel.compile({ device: device as DeviceName });
    this.#pending.set(device, pending);
    try {
      const executable = await pending;
      this.#ready.set(device, executable);
      return executable;
    } finally {
      this.#pending.delete(device);
    }
  }
}

const kernels = new Map<string, OperatorKernel>();

/** The kernel that `factory` makes of `config`; the same one for an equal configuration. */
export function kernelOf(factory: (config: never) => unknown, config: FactoryConfig): OperatorKernel {
  const key = `${factory.name} ${JSON.stringify(config, Object.keys(config).sort())}`;
  const known = kernels.get(key);
  if (known) return known;
  const made = new OperatorKernel((factory as (config: FactoryConfig) => Kernel)(config));
  kernels.set(key, made);
  return made;
}
