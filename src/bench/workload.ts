/** Which workloads of an operator are meant, and what of them is asked to be otherwise. */
import { type Env, evaluate, type Value } from '../../manifest/rules/evaluate.ts';
import { ruleOf } from '../../manifest/rules/lookup.ts';
import type { OperatorEntry, Workload } from '../../manifest/schema.ts';
import { type ResolvedWorkload, resolveWorkload, withDefaults } from '../../manifest/workload.ts';
import * as M from '../diagnostics/messages/bench.ts';
import { resolveParams } from '../ops/params.ts';

/**
 * By name: parameters; whole numbers for sizes; for lists one number that stands for all, or one for each, as an array
 * or as text (`'256,512'`).
 */
export type Overrides = Readonly<Record<string, Value | readonly number[]>>;

/** More than any list is long, and few enough to be made at once. */
const MOST_ELEMENTS = 2 ** 20;
const MOST = 2 ** 31 - 1;

/** Names that a workload of the operator has to be changed. */
const overridable = (entry: OperatorEntry, w: Workload): readonly string[] => [
  ...Object.keys(entry.params),
  ...Object.keys(w.sizes),
  ...Object.keys(entry.lists ?? {}),
];

/**
 * The workload with parameters, sizes and lists replaced by name. Throws RangeError for a name that it has not, for sizes
 * and lists that are none, and for a list that is not as long as it must be.
 */
function withOverrides(entry: OperatorEntry, w: Workload, overrides: Overrides): Workload {
  const params: Record<string, Value> = { ...w.params };
  const sizes: Record<string, number> = { ...w.sizes };
  const lists: Record<string, number | readonly number[]> = { ...w.lists };
  for (const [name, v] of Object.entries(overrides)) {
    if (name in entry.params) params[name] = v as Value;
    else if (name in sizes) sizes[name] = sizeOf(entry, name, v);
    else if (entry.lists && name in entry.lists) lists[name] = numbersOf(v) ?? refuse(M.badList(entry.name, name, v));
    else refuse(M.unknownOverride(entry.name, name, overridable(entry, w)));
  }
  return { name: w.name, params, sizes, lists };
}

function refuse(message: string): never {
  throw new RangeError(message);
}

function sizeOf(entry: OperatorEntry, name: string, v: Overrides[string]): number {
  return isWhole(v) && v >= 1 ? v : refuse(M.badWorkloadSize(entry.name, name, v));
}

const isWhole = (v: unknown): v is number => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= MOST;

/** A number, several, or undefined for what is neither. */
function numbersOf(v: Overrides[string]): number | readonly number[] | undefined {
  if (typeof v === 'number') return isWhole(v) ? v : undefined;
  const all = typeof v === 'string' && /^\d+(,\d+)+$/.test(v) ? v.split(',').map(Number) : v;
  return Array.isArray(all) && all.every(isWhole) ? all : undefined;
}

/** Throws RangeError for a list that is not as long as the workload's sizes say. */
function checkLists(entry: OperatorEntry, w: Workload): void {
  const env: Env = { ...withDefaults(entry, w.params), ...w.sizes };
  for (const [name, rule] of Object.entries(entry.lists ?? {})) {
    const length = Number(evaluate(ruleOf(rule), env));
    const given = w.lists?.[name];
    if (length > MOST_ELEMENTS) refuse(M.longList(entry.name, name, `${rule} = ${length}`, MOST_ELEMENTS));
    if (typeof given === 'object' && given.length !== length)
      refuse(M.listLength(entry.name, w.name, name, length, rule, given.length));
  }
}

/** The workloads of that name, or all. Empty where there is none. */
export const workloadsNamed = (entry: OperatorEntry, name: string): readonly Workload[] =>
  entry.workloads.filter((w) => name === 'all' || w.name === name);

/** The workload, changed. Throws RangeError as above, and `OperatorError` for parameters that do not fit. */
export function resolved(entry: OperatorEntry, w: Workload, overrides: Overrides): ResolvedWorkload {
  const changed = withOverrides(entry, w, overrides);
  resolveParams(entry, changed.params);
  checkLists(entry, changed);
  return resolveWorkload(entry, changed);
}
