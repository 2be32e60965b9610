/** Parameters of an operator: checked against its entry, defaults filled in. */
import type { Value } from '../../manifest/rules/evaluate.ts';
import type { OperatorEntry, ParamEntry } from '../../manifest/schema.ts';
import { fits } from '../../manifest/values.ts';
import { withDefaults } from '../../manifest/workload.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { OperatorError } from './error.ts';
import { isRecord } from './record.ts';
import { checkRequirement } from './requirement.ts';

function wanted(p: ParamEntry): string {
  switch (p.type) {
    case 'int':
      return msg.integerIn(p.min, p.max);
    case 'float':
      return msg.numberIn(p.min, p.max);
    case 'bool':
      return 'true or false';
    case 'choice':
    case 'dtype':
      return msg.choiceOf(p.of);
  }
}

/** Throws `OperatorError`. */
export function resolveParams(entry: OperatorEntry, given: unknown): Readonly<Record<string, Value>> {
  const known = Object.keys(entry.params);
  if (!isRecord(given)) throw new OperatorError(entry.name, msg.noParameters(known, given));
  for (const name of Object.keys(given))
    if (!Object.hasOwn(entry.params, name)) throw new OperatorError(entry.name, msg.unknownParam(name, known));
  for (const [name, p] of Object.entries(entry.params)) {
    const v = given[name];
    if (v === undefined) {
      if (p.default === undefined) throw new OperatorError(entry.name, msg.missingParam(name, wanted(p)));
    } else if (!fits(p, v)) throw new OperatorError(entry.name, msg.badParam(name, wanted(p), v));
  }
  const params = withDefaults(entry, given);
  for (const r of entry.requires) checkRequirement(entry, r, params);
  return Object.freeze(params);
}
