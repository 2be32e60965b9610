/** Which workloads of an operator are meant, and what of them is asked to be otherwise. */
import type { Value } from '../../manifest/rules/evaluate.ts';
import type { OperatorEntry, Workload } from '../../manifest/schema.ts';
import { type ResolvedWorkload, resolveWorkload } from '../../manifest/workload.ts';

export type Overrides = Readonly<Record<string, Value>>;

/** Names that `withOverrides` takes for a workload of the operator. */
export const overridable = (entry: OperatorEntry, w: Workload): readonly string[] => [
  ...Object.keys(entry.params),
  ...Object.keys(w.sizes),
  ...Object.keys(entry.lists ?? {}),
];

/** The workload with parameters, sizes and lists replaced by name. Throws RangeError for a name that it has not. */
export function withOverrides(entry: OperatorEntry, w: Workload, overrides: Overrides): Workload {
  const params: Record<string, Value> = { ...w.params };
  const sizes: Record<string, number> = { ...w.sizes };
  const lists: Record<string, number | readonly number[]> = { ...w.lists };
  for (const [name, v] of Object.entries(overrides)) {
    if (name in entry.params) params[name] = v;
    else if (name in sizes && typeof v === 'number') sizes[name] = v;
    else if (entry.lists && name in entry.lists && typeof v === 'number') lists[name] = v;
    else throw new RangeError(name);
  }
  return { name: w.name, params, sizes, lists };
}

/** The workloads of that name, or all. Empty where there is none. */
export const workloadsNamed = (entry: OperatorEntry, name: string): readonly Workload[] =>
  entry.workloads.filter((w) => name === 'all' || w.name === name);

export const resolved = (entry: OperatorEntry, w: Workload, overrides: Overrides): ResolvedWorkload =>
  resolveWorkload(entry, withOverrides(entry, w, overrides));
