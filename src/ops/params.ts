/** Parameters of an operator: checked against its entry, defaults filled in. */

import { freeNames, show as showRule } from '../../manifest/rules/ast.ts';
import { evaluate, fold, type Value } from '../../manifest/rules/evaluate.ts';
import { ruleOf } from '../../manifest/rules/lookup.ts';
import type { OperatorEntry, ParamEntry } from '../../manifest/schema.ts';
import { withDefaults } from '../../manifest/workload.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { OperatorError } from './error.ts';

function wanted(p: ParamEntry): string {
  switch (p.type) {
    case 'int':
      return msg.integerIn(p.min, p.max);
    case 'float':
      return msg.numberFrom(p.min);
    case 'bool':
      return 'true or false';
    case 'choice':
    case 'dtype':
      return msg.choiceOf(p.of);
  }
}

function fits(p: ParamEntry, v: unknown): boolean {
  switch (p.type) {
    case 'int':
      return Number.isSafeInteger(v) && (v as number) >= (p.min ?? -Infinity) && (v as number) <= (p.max ?? Infinity);
    case 'float':
      return typeof v === 'number' && !Number.isNaN(v) && v >= (p.min ?? -Infinity);
    case 'bool':
      return typeof v === 'boolean';
    case 'choice':
    case 'dtype':
      return typeof v === 'string' && (p.of as readonly string[]).includes(v);
  }
}

/** Throws `OperatorError`. */
export function resolveParams(
  entry: OperatorEntry,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Value>> {
  for (const name of Object.keys(given))
    if (!(name in entry.params)) throw new OperatorError(entry.name, msg.unknownParam(name, Object.keys(entry.params)));
  for (const [name, p] of Object.entries(entry.params)) {
    const v = given[name];
    if (v === undefined) {
      if (p.default === undefined) throw new OperatorError(entry.name, msg.missingParam(name, wanted(p)));
    } else if (!fits(p, v)) throw new OperatorError(entry.name, msg.badParam(name, wanted(p), v));
  }
  const params = withDefaults(entry, given);
  for (const r of entry.requires) {
    const rule = ruleOf(r.rule);
    if (!evaluate(rule, params))
      throw new OperatorError(
        entry.name,
        msg.brokenRequirement(r.argument, r.expected, values(r.argument, rule, params)),
      );
  }
  return Object.freeze(params);
}

/** `3`, or with what the rule also depends on: `3 where heads = 8`. */
function values(argument: string, rule: ReturnType<typeof ruleOf>, params: Readonly<Record<string, Value>>): string {
  const others = [...freeNames(rule)]
    .filter((n) => n !== argument)
    .map((n) => `${n} = ${showRule(fold({ k: 'name', n }, params))}`);
  return `${msg.show(params[argument])}${others.length > 0 ? ` where ${others.join(', ')}` : ''}`;
}
