/** A kernel compiled for sm_90a, as far as this machine can: to a cubin with NVRTC, to CUDA C without. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { EnvironmentError, type Kernel } from 'tilec';
import { compileToCubin, toCuda } from '../../src/compile.ts';
import type { Resources } from '../../src/runtime/nvrtc/resources.ts';

const ARCH = 'sm_90a';

export interface Compiled {
  readonly name: string;
  /** Milliseconds by stage. */
  readonly timings: Readonly<Record<string, number>>;
  readonly sharedBytes: number;
  /** As the assembler reported; absent without NVRTC. */
  readonly resources?: Resources;
  /** Where the files lie, without their endings. */
  readonly path: string;
  /** Why there is no cubin. */
  readonly missing?: EnvironmentError;
}

/** Writes `<folder>/<name>.sm_90a.cu`, and `.cubin` if there is one. The cache is left out: the times are the compiler's. */
export async function compileKernel(kernel: Pick<Kernel, 'def' | 'kernelName'>, folder: string): Promise<Compiled> {
  const name = kernel.kernelName;
  const path = `${folder}/${name}.${ARCH}`;
  mkdirSync(folder, { recursive: true });
  try {
    const { record, source, cubin, timings } = await compileToCubin(kernel.def, { arch: ARCH, cache: false });
    writeFileSync(`${path}.cu`, source);
    writeFileSync(`${path}.cubin`, cubin);
    return { name, path, timings, sharedBytes: record.sharedBytes, resources: record.resources };
  } catch (missing) {
    if (!(missing instanceof EnvironmentError)) throw missing;
    const { source, device, timings } = await toCuda(kernel.def, { arch: ARCH });
    writeFileSync(`${path}.cu`, source);
    return { name, path, timings, sharedBytes: device.sharedBytes, missing };
  }
}
