/** Workloads without running them: names for people, everything that follows from them for other programs. */
import { short } from '../../bench/chart.ts';
import { table } from '../table.ts';
import type { Target } from './targets.ts';

/** What `bench/peers.py` reads: `env` holds parameters, sizes and lists. */
export const listJson = (targets: readonly Target[]) => ({
  format: 1,
  workloads: targets.map(({ entry, workload: { name, env, flops, bytes } }) => ({
    op: entry.name,
    workload: name,
    env,
    flops,
    bytes,
  })),
});

export const listText = (targets: readonly Target[]): string =>
  table(
    [
      ['operator', 'workload', 'TFLOP', 'GB'],
      ...targets.map(({ entry, workload: w }) => [entry.name, w.name, short(w.flops / 1e12), short(w.bytes / 1e9)]),
    ],
    2,
  );
