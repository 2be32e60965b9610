/**
 * The compiler as functions, stage by stage: a captured kernel → Tile IR → Device IR → CUDA C → cubin → something to
 * launch. Heavy modules load when a stage first needs them.
 */

import type { Diagnostic } from './diagnostics/diagnostic.ts';
import { unsupportedArch } from './diagnostics/messages/passes.ts';
import { compileError, diagnostic } from './diagnostics/report.ts';
import type { DeviceName, KernelDef } from './dsl/kernel.ts';
import type { DeviceKernel } from './ir/device/schema.ts';
import { NO_SPAN } from './ir/span.ts';
import { ARCHES, type Arch, isArch, TARGETS, type Target } from './ir/target.ts';
import type { Kernel } from './ir/tile/schema.ts';
import type { Device } from './runtime/device.ts';
import type { Executable } from './runtime/executable.ts';
import type { LaunchRecord } from './runtime/record.ts';

/** Milliseconds by stage. */
export type Timings = Record<string, number>;

export interface CompileOptions {
  readonly arch?: Arch;
  /** Sees the program after each pass. */
  readonly onPass?: (name: string, kernel: Kernel) => void;
}

export interface CudaProgram {
  readonly kernel: Kernel;
  readonly device: DeviceKernel;
  readonly source: string;
  readonly target: Target;
  /** What is right and slower than it looks. */
  readonly warnings: readonly Diagnostic[];
  readonly timings: Timings;
}

/** The target named, or a diagnostic that lists those there are. */
export function targetOf(arch: string): Target {
  if (!isArch(arch)) throw compileError([diagnostic(unsupportedArch(arch, ARCHES), NO_SPAN)]);
  return TARGETS[arch];
}

const clock = (timings: Timings) => {
  let last = performance.now();
  return (stage: string): void => {
    const now = performance.now();
    timings[stage] = now - last;
    last = now;
  };
};

/** Captured TypeScript → Tile IR. Throws `CompileError`. */
export async function buildTileIR(def: KernelDef): Promise<Kernel> {
  const { buildKernel } = await import('./frontend/index.ts');
  return buildKernel(def);
}

/** Tile IR → Device IR. Throws `CompileError`. */
export async function lowerToDevice(
  kernel: Kernel,
  target: Target,
  options: Pick<CompileOptions, 'onPass'> & { readonly warn?: (d: Diagnostic) => void } = {},
): Promise<{ readonly kernel: Kernel; readonly device: DeviceKernel }> {
  const { runPasses } = await import('./passes/pipeline.ts');
  return runPasses(kernel, { target, onPass: options.onPass, warn: options.warn });
}

/** A kernel, captured or as Tile IR, down to CUDA C. */
export async function toCuda(input: KernelDef | Kernel, options: CompileOptions = {}): Promise<CudaProgram> {
  const target = targetOf(options.arch ?? 'sm_90a');
  const [{ printCuda }] = await Promise.all([import('./codegen/cuda/printer.ts'), import('./passes/pipeline.ts')]);
  if ('capture' in input) await import('./frontend/index.ts');
  const timings: Timings = {};
  const lap = clock(timings);
  const tile = 'capture' in input ? await buildTileIR(input) : input;
  lap('frontend');
  const warnings: Diagnostic[] = [];
  const { kernel, device } = await lowerToDevice(tile, target, { ...options, warn: (d) => warnings.push(d) });
  lap('passes');
  const source = printCuda(device, target);
  lap('print');
  return { kernel, device, source, target, warnings, timings };
}

export interface CubinOptions extends CompileOptions {
  /** Look in the cache, and keep the result there; default: true. A watcher of passes makes that impossible. */
  readonly cache?: boolean;
}

/** A kernel compiled for an architecture; made and used without a GPU. */
export interface CubinProgram {
  readonly record: LaunchRecord;
  /** CUDA C. */
  readonly source: string;
  readonly ptx: string;
  readonly cubin: Uint8Array;
  readonly timings: Timings;
  readonly cached: boolean;
}

/**
 * A kernel down to a cubin, through the cache. Throws `CompileError`, `NvrtcError`, and `EnvironmentError` where there is no
 * NVRTC.
 */
export async function compileToCubin(input: KernelDef | Kernel, options: CubinOptions = {}): Promise<CubinProgram> {
  const target = targetOf(options.arch ?? 'sm_90a');
  const useCache = (options.cache ?? true) && options.onPass === undefined;
  const cache = useCache ? (await import('./runtime/cache/lookup.ts')).openCache(target.arch) : undefined;
  const timings: Timings = {};
  const lap = clock(timings);
  let found = 'capture' in input ? cache?.ofDefinition(input) : cache?.ofTileIR(input);
  let program = input;
  if (cache && !found && 'capture' in input) {
    // Its closure holds what cannot be seen from outside: only what the frontend makes of it tells it apart.
    program = await buildTileIR(input);
    lap('frontend');
    found = cache.ofTileIR(program);
  }
  const entry = found?.read();
  lap('cache');
  if (entry) return { ...entry, timings, cached: true };

  const [{ compileCuda }, { kernelSymbol }, { launchRecord }] = await Promise.all([
    import('./runtime/nvrtc/compile.ts'),
    import('./codegen/cuda/printer.ts'),
    import('./runtime/record.ts'),
  ]);
  const { device, source, warnings, timings: stages } = await toCuda(program, options);
  Object.assign(timings, stages, { frontend: (timings.frontend ?? 0) + (stages.frontend ?? 0) });
  const symbol = kernelSymbol(device);
  const start = performance.now();
  const { cubin, ptx, resources } = await compileCuda(source, target.arch, symbol);
  timings.nvrtc = performance.now() - start;
  const record = launchRecord(device, { arch: target.arch, symbol, source, resources, warnings });
  found?.write({ record, source, ptx, cubin });
  return { record, source, ptx, cubin, timings, cached: false };
}

/**
 * A kernel, captured or as Tile IR, ready to launch on a device (default: the GPU if there is one, else the CPU). Throws
 * `CompileError`, `NvrtcError`, `CudaError`, and `EnvironmentError` where the GPU, its driver or NVRTC is missing.
 */
export async function compileForDevice(input: KernelDef | Kernel, device?: DeviceName): Promise<Executable> {
  const [{ deviceOf }, { Device }] = await Promise.all([import('./runtime/tensor.ts'), import('./runtime/device.ts')]);
  const on = deviceOf(device ?? (Device.available() ? 'cuda' : 'cpu'));
  return on instanceof Device ? compileForGpu(input, on) : compileForCpu(input);
}

async function compileForGpu(input: KernelDef | Kernel, device: Device): Promise<Executable> {
  const { CudaExecutable } = await import('./runtime/launch-cuda.ts');
  const { record, cubin, timings, cached } = await compileToCubin(input, { arch: device.arch });
  const lap = clock(timings);
  const { signature, arch, threads, sharedBytes, resources, warnings } = record;
  const info = { name: signature.name, arch, threads, sharedBytes, resources, warnings, timings, cached };
  const executable = new CudaExecutable(device, record, cubin, info);
  lap('load');
  return executable;
}

async function compileForCpu(input: KernelDef | Kernel): Promise<Executable> {
  const [{ compileJs }, { CpuExecutable }, { signatureOfKernel }] = await Promise.all([
    import('./codegen/js/index.ts'),
    import('./runtime/launch-cpu.ts'),
    import('./runtime/signature.ts'),
  ]);
  const timings: Timings = {};
  const lap = clock(timings);
  const kernel = 'capture' in input ? await buildTileIR(input) : input;
  lap('frontend');
  const program = compileJs(kernel);
  lap('javascript');
  const info = {
    name: kernel.name,
    threads: kernel.threads,
    sharedBytes: kernel.sharedBytes ?? 0,
    warnings: [],
    timings,
    cached: false,
  };
  return new CpuExecutable(signatureOfKernel(kernel), program, info);
}
