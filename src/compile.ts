/**
 * The compiler as functions, stage by stage: a captured kernel → Tile IR → Device IR → CUDA C → cubin → something to
 * launch. Heavy modules load when a stage first needs them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compileError, diagnostic } from './diagnostics/report.ts';
import { unsupportedArch } from './diagnostics/messages/passes.ts';
import type { KernelDef } from './dsl/kernel.ts';
import type { DeviceKernel } from './ir/device/schema.ts';
import { NO_SPAN } from './ir/span.ts';
import { ARCHES, type Arch, isArch, type Target, TARGETS } from './ir/target.ts';
import type { Kernel } from './ir/tile/schema.ts';
import type { Executable } from './runtime/executable.ts';

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
  options: Pick<CompileOptions, 'onPass'> = {},
): Promise<{ readonly kernel: Kernel; readonly device: DeviceKernel }> {
  const { runPasses } = await import('./passes/pipeline.ts');
  return runPasses(kernel, { target, onPass: options.onPass });
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
  const { kernel, device } = await lowerToDevice(tile, target, options);
  lap('passes');
  const source = printCuda(device, target);
  lap('print');
  return { kernel, device, source, target, timings };
}
