/** A compiled kernel, ready to be launched again and again. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { LaunchOptions } from '../dsl/kernel.ts';
import type { Arch } from '../ir/target.ts';
import type { CallArgs } from './bind.ts';
import type { Resources } from './nvrtc/resources.ts';

export interface ExecutableInfo {
  readonly name: string;
  /** Absent on the CPU. */
  readonly arch?: Arch;
  /** Threads a block. */
  readonly threads: number;
  /** Bytes of dynamic shared memory a block. */
  readonly sharedBytes: number;
  /** As the assembler reported; absent on the CPU. */
  readonly resources?: Resources;
  /** What is right and slower than it looks; empty on the CPU. */
  readonly warnings: readonly Diagnostic[];
  /** Milliseconds by stage; a stage that the cache made needless is absent. */
  readonly timings: Readonly<Record<string, number>>;
  /** Did the cubin come from the cache? */
  readonly cached: boolean;
}

export interface Executable {
  /** `cpu`, `cuda:0`, …. */
  readonly device: string;
  readonly info: ExecutableInfo;
  /**
   * Checks the arguments and launches: on a GPU the work is queued, on the CPU it is done on return. A grid with an extent
   * of 0 launches nothing. Throws `KernelCallError`, and `CudaError` where the driver refuses.
   */
  launch(args: CallArgs, options?: LaunchOptions): void;
}
