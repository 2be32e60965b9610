/** What the parts of the check share. */
import { freeNames, type Rule } from '../rules/ast.ts';
import { parseRule } from '../rules/grammar.ts';
import type { OperatorEntry } from '../schema.ts';

/** Notes a defect at a place of the entry. */
export type Say = (place: string, what: string) => void;

/** The names that rules of an entry may use. */
export interface Names {
  readonly params: ReadonlySet<string>;
  /** Run-time sizes: what shapes name and is no parameter. */
  readonly sizes: ReadonlySet<string>;
  /** Those that a workload gives: all that are not derived. */
  readonly free: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
}

export function namesOf(entry: OperatorEntry): Names {
  const params = new Set(Object.keys(entry.params));
  const inShapes = Object.values(entry.tensors).flatMap((t) => t.shape.flatMap(namesIn));
  const sizes = new Set(inShapes.filter((n) => !params.has(n)));
  const free = new Set([...sizes].filter((n) => !Object.hasOwn(entry.derived ?? {}, n)));
  return { params, sizes, free, lists: new Set(Object.keys(entry.lists ?? {})) };
}

/** The rule, if it can be read; its names must be among `names`. */
export function checkRule(say: Say, place: string, text: string, names: Iterable<string>): Rule | undefined {
  try {
    const rule = parseRule(text);
    const known = new Set(names);
    for (const n of freeNames(rule)) if (!known.has(n)) say(place, `\`${n}\` in \`${text}\` is not known here`);
    return rule;
  } catch (error) {
    say(place, (error as Error).message);
    return undefined;
  }
}

/** The names in a rule; none in one that cannot be read. */
const namesIn = (text: string): readonly string[] => {
  try {
    return [...freeNames(parseRule(text))];
  } catch {
    return [];
  }
};
