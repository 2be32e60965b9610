/** Is an entry of the manifest well-formed? What types cannot say: names that rules use, ranges, workloads that fit. */
import { checkParams, checkTiles } from './check/params.ts';
import { namesOf } from './check/say.ts';
import { checkTensors } from './check/tensors.ts';
import { checkSizes, checkWorkloads } from './check/workloads.ts';
import type { OperatorEntry } from './schema.ts';

/** Every defect found, as sentences that begin with the place; empty for a sound entry. Loads chevrotain. */
export function checkEntry(entry: OperatorEntry): readonly string[] {
  const problems: string[] = [];
  const say = (place: string, what: string): void => {
    problems.push(`${entry.name}.${place}: ${what}`);
  };
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(entry.name)) say('name', 'is not in kebab-case');
  if (!/^[A-Z][A-Za-z0-9]*$/.test(entry.operator)) say('operator', 'is not the name of a class');
  const names = namesOf(entry);
  checkParams(entry, names, say);
  checkTiles(entry, names, say);
  checkTensors(entry, names, say);
  checkSizes(entry, names, say);
  checkWorkloads(entry, names, say);
  return problems;
}
