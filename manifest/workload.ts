/** A workload with everything computed that follows from it. */
import type { DType } from '../src/ir/dtype.ts';
import type { Rule } from './rules/ast.ts';
import { type Env, evaluate, type Value } from './rules/evaluate.ts';
import { ruleOf } from './rules/lookup.ts';
import type { OperatorEntry, TensorEntry, Workload } from './schema.ts';

export interface ResolvedTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly entry: TensorEntry;
}

export interface ResolvedWorkload {
  readonly name: string;
  /** Parameters, sizes and lists: what rules are evaluated over. */
  readonly env: Env;
  readonly params: Readonly<Record<string, Value>>;
  /** Those that the parameters call for, in the entry's order. */
  readonly tensors: readonly ResolvedTensor[];
  readonly flops: number;
  /** Bytes that must be moved at least. */
  readonly bytes: number;
}

/** Parameters with the defaults filled in; nothing is checked. `read` finds the rule of a text. */
export function withDefaults(
  entry: OperatorEntry,
  given: Readonly<Record<string, unknown>>,
  read: (text: string) => Rule = ruleOf,
): Record<string, Value> {
  const params: Record<string, Value> = {};
  for (const [name, p] of Object.entries(entry.params)) {
    const v = given[name];
    if (v !== undefined) params[name] = v as Value;
    else if (p.default !== undefined && (p.type === 'bool' || p.type === 'choice')) params[name] = p.default;
    else if (typeof p.default === 'number') params[name] = p.default;
  }
  // What follows from other parameters comes last, when those are known.
  for (const [name, p] of Object.entries(entry.params)) {
    if (name in params || typeof p.default !== 'string') continue;
    params[name] = p.type === 'dtype' ? (params[p.default] ?? p.default) : evaluate(read(p.default), params);
  }
  return params;
}

/** The dtype of a tensor under these parameters. */
export const dtypeUnder = (t: TensorEntry, params: Readonly<Record<string, Value>>): DType =>
  (params[t.dtype] ?? t.dtype) as DType;

/** Sizes, shapes and costs of a workload. `params` overrides some of its parameters. Throws `RuleError`. */
export function resolveWorkload(
  entry: OperatorEntry,
  workload: Workload,
  overrides: Readonly<Record<string, Value>> = {},
): ResolvedWorkload {
  const params = withDefaults(entry, { ...workload.params, ...overrides });
  const env: Record<string, Value | ArrayLike<number>> = { ...params, ...workload.sizes };
  for (const [name, length] of Object.entries(entry.lists ?? {})) {
    const n = Number(evaluate(ruleOf(length), env));
    const given = workload.lists?.[name] ?? 0;
    env[name] = typeof given === 'number' ? new Array<number>(n).fill(given) : given;
  }
  for (const [name, rule] of Object.entries(entry.derived ?? {})) env[name] = evaluate(ruleOf(rule), env);
  const tensors = Object.entries(entry.tensors).flatMap(([name, t]): ResolvedTensor[] => {
    if (t.when !== undefined && !evaluate(ruleOf(t.when), params)) return [];
    const shape = t.shape.map((d) => Number(evaluate(ruleOf(d), env)));
    return [{ name, dtype: dtypeUnder(t, params), shape, entry: t }];
  });
  return {
    name: workload.name,
    env,
    params,
    tensors,
    flops: Number(evaluate(ruleOf(entry.roofline.flops), env)),
    bytes: Number(evaluate(ruleOf(entry.roofline.bytes), env)),
  };
}
