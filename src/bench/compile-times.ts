/** How long the compiler takes for the flagship: its stages with modules loaded, and whole processes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gqaPagedPrefill } from '../../kernels/gqaPagedPrefill.ts';
import { compileToCubin, toCuda } from '../compile.ts';
import { packageRoot } from '../runtime/ffi/discover.ts';
import { summary } from '../runtime/profiler.ts';
import type { Measurement } from './result.ts';

const FLAGSHIP = { heads: 32, headsKv: 8, dim: 128, pageSize: 64, dtype: 'bf16', cacheDtype: 'f8e4m3' } as const;
const GROUP = 'compiling gqa-paged-prefill';

const ms = (name: string, value: number): Measurement => ({ group: GROUP, name, value, unit: 'ms' });
const median = (all: readonly number[]): number => summary(all).median;

/** Medians over `runs`, after one that loads the modules. Throws `EnvironmentError` without NVRTC. */
export async function measureStages(runs = 10): Promise<readonly Measurement[]> {
  const kernel = gqaPagedPrefill(FLAGSHIP);
  await toCuda(kernel.def);
  const stages: Record<string, number>[] = [];
  for (let i = 0; i < runs; i++) stages.push((await toCuda(kernel.def)).timings);
  const of = (stage: string): number => median(stages.map((t) => t[stage]!));
  const total = median(stages.map((t) => t.frontend! + t.passes! + t.print!));

  const cubins: number[] = [];
  for (let i = 0; i < Math.ceil(runs / 3) + 1; i++) {
    // A kernel that no cache has seen: newer NVRTC keep one of their own.
    const fresh = gqaPagedPrefill({ ...FLAGSHIP, smScale: (1 + Math.random()) / 16 });
    const start = performance.now();
    await compileToCubin(fresh.def, { cache: false });
    cubins.push(performance.now() - start);
  }
  return [
    ms('TypeScript to Tile IR', of('frontend')),
    ms('Tile IR to Device IR', of('passes')),
    ms('Device IR to CUDA C', of('print')),
    ms('TypeScript to CUDA C', total),
    // The first one loads NVRTC.
    ms('TypeScript to cubin', median(cubins.slice(1))),
  ];
}

/** `tilec compile` as a user calls it, with an empty cache and with a full one. */
export function measureProcesses(runs = 5): readonly Measurement[] {
  const cache = mkdtempSync(join(tmpdir(), 'tilec-bench-'));
  try {
    const once = (): number => {
      const start = performance.now();
      tilecCompile(cache);
      return performance.now() - start;
    };
    const cold: number[] = [];
    for (let i = 0; i < Math.ceil(runs / 2); i++) {
      rmSync(join(cache, 'cache'), { recursive: true, force: true });
      cold.push(once());
    }
    const warm = Array.from({ length: runs }, once);
    return [
      ms('`tilec compile`, cold, whole process', median(cold)),
      ms('`tilec compile`, from the cache, whole process', median(warm)),
    ];
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

function tilecCompile(folder: string): void {
  const root = packageRoot();
  const defines = Object.entries(FLAGSHIP).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const args = ['compile', join(root, 'kernels', 'gqaPagedPrefill.ts'), '-k', 'gqaPagedPrefill', ...defines];
  const done = spawnSync(
    process.execPath,
    [join(root, 'dist', 'bin', 'tilec.js'), ...args, '--emit', 'cubin', '-o', join(folder, 'out')],
    { encoding: 'utf8', env: { ...process.env, TILEC_CACHE_DIR: join(folder, 'cache') } },
  );
  if (done.status !== 0) throw new Error(`tilec compile failed: ${done.stderr || done.error?.message}`);
}
