/** What a compilation came to, for people and for programs. */
import type { Arch } from '../../ir/target.ts';
import type { EnvironmentError } from '../../runtime/errors.ts';
import { paintFor } from '../terminal.ts';
import type { Form } from './artefacts.ts';
import type { CompileResult } from './stages.ts';

export interface CompiledKernel extends CompileResult {
  readonly name: string;
  readonly arch: Arch;
  readonly paths: Partial<Record<Form, string>>;
}

/** Stages in the order in which they run. */
const STAGES = ['load', 'cache', 'frontend', 'passes', 'print', 'nvrtc'];
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  load: 'the file, with its kernels captured',
  cache: 'looked up',
  frontend: 'TypeScript to Tile IR',
  passes: 'Tile IR to Device IR',
  print: 'Device IR to CUDA C',
  nvrtc: 'CUDA C to PTX and cubin',
};

export function summary(kernels: readonly CompiledKernel[]): string {
  const paint = paintFor(process.stdout);
  const lines = kernels.flatMap((k) => [
    `${paint.bold(k.name)}  ${resourcesText(k)}${k.cached ? paint.dim('  (from the cache)') : ''}`,
    ...STAGES.filter((s) => (k.timings[s] ?? 0) > 0).map(
      (s) => `  ${s.padEnd(9)}${k.timings[s]!.toFixed(1).padStart(8)} ms  ${paint.dim(DESCRIPTIONS[s]!)}`,
    ),
    ...Object.values(k.paths).map((p) => `  → ${p}`),
  ]);
  return [...lines, paint.dim(`${performance.now().toFixed(0)} ms in all`)].join('\n');
}

/** `sm_90a, 128 threads, 10.0 KiB shared memory, 213 registers, no spills`. */
export function resourcesText(k: Pick<CompiledKernel, 'arch' | 'threads' | 'sharedBytes' | 'resources'>): string {
  const shared = k.sharedBytes + (k.resources?.staticSharedBytes ?? 0);
  return [
    k.arch,
    `${k.threads} threads`,
    `${(shared / 1024).toFixed(1)} KiB shared memory`,
    ...(k.resources
      ? [
          `${k.resources.registers} registers`,
          k.resources.spillBytes > 0 ? `${k.resources.spillBytes} bytes of spills` : 'no spills',
        ]
      : []),
  ].join(', ');
}

export function jsonOf(
  file: string,
  kernels: readonly CompiledKernel[],
  missing: EnvironmentError | undefined,
): object {
  return {
    file,
    kernels: kernels.map(
      ({ name, arch, threads, sharedBytes, resources, warnings, timings, cached, printed, paths }) => ({
        name,
        arch,
        threads,
        sharedBytes,
        resources: resources ?? null,
        cached,
        warnings,
        /** Milliseconds. */
        timings,
        artefacts: paths,
        ...(printed.length > 0 ? { printed } : {}),
      }),
    ),
    missing: missing ? [{ code: missing.code, message: missing.message }] : [],
    diagnostics: [],
    /** Milliseconds since the process started. */
    total: performance.now(),
  };
}
