/** What a command line names: operators and workloads of the manifest. */
import { entryOf, MANIFEST } from '../../../manifest/index.ts';
import type { OperatorEntry } from '../../../manifest/schema.ts';
import type { ResolvedWorkload } from '../../../manifest/workload.ts';
import { resolved, workloadsNamed } from '../../bench/workload.ts';
import * as M from '../../diagnostics/messages/bench.ts';
import { OperatorError } from '../../ops/error.ts';
import { UsageError } from '../exit.ts';
import { parseDefinitions } from '../load/options.ts';

export interface Target {
  readonly entry: OperatorEntry;
  readonly workload: ResolvedWorkload;
}

export const OPERATORS: readonly string[] = Object.values(MANIFEST).map((e) => e.name);

/** Operators of that name, or all. Throws `UsageError`. */
export function entriesNamed(name: string, others: readonly string[] = []): readonly OperatorEntry[] {
  if (name === 'all') return Object.values(MANIFEST);
  const entry = entryOf(name);
  if (!entry) throw new UsageError(M.unknownOperator(name, [...OPERATORS, 'all', ...others]));
  return [entry];
}

/** Workloads of that name, with `-D name=value` applied. Throws `UsageError`. */
export function targetsOf(
  entries: readonly OperatorEntry[],
  workload: string,
  define: readonly string[],
): readonly Target[] {
  const overrides = parseDefinitions(define);
  const targets: Target[] = [];
  for (const entry of entries) {
    for (const w of workloadsNamed(entry, workload)) {
      try {
        targets.push({ entry, workload: resolved(entry, w, overrides) });
      } catch (e) {
        if (e instanceof RangeError || e instanceof OperatorError) throw new UsageError(e.message);
        throw e;
      }
    }
  }
  if (targets.length === 0) {
    const known = [...new Set(entries.flatMap((e) => e.workloads.map((w) => w.name)))];
    throw new UsageError(M.unknownWorkload(entries.length === 1 ? entries[0]!.name : undefined, workload, known));
  }
  return targets;
}
