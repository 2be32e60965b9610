/** What an entry requires of its parameters and tiles. */
import { freeNames, type Rule, show } from '../../manifest/rules/ast.ts';
import { evaluate, fold, type Value } from '../../manifest/rules/evaluate.ts';
import { ruleOf } from '../../manifest/rules/lookup.ts';
import type { OperatorEntry, Requirement } from '../../manifest/schema.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { OperatorError } from './error.ts';

/** Throws `OperatorError` if the requirement does not hold of the values. */
export function checkRequirement(
  entry: OperatorEntry,
  { rule: text, argument, expected }: Requirement,
  values: Readonly<Record<string, Value>>,
  place = '',
): void {
  const rule = ruleOf(text);
  if (evaluate(rule, values)) return;
  const got = shown(argument, rule, values);
  throw new OperatorError(entry.name, msg.brokenRequirement(place + argument, expected, got));
}

/** `3`, or with what the rule also depends on: `3 where heads = 8`. */
function shown(argument: string, rule: Rule, values: Readonly<Record<string, Value>>): string {
  const others = [...freeNames(rule)]
    .filter((n) => n !== argument)
    .map((n) => `${n} = ${show(fold({ k: 'name', n }, values))}`);
  return `${msg.show(values[argument])}${others.length > 0 ? ` where ${others.join(', ')}` : ''}`;
}
