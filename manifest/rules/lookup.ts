/** Rules of the manifest by their text, without a parser. */
import type { Rule } from './ast.ts';
import { RuleError } from './evaluate.ts';
import { PRECOMPILED } from './precompiled.ts';

const known = new Map<string, Rule>();

/** The rule with this text. Throws `RuleError` for one that the manifest does not have. */
export function ruleOf(text: string): Rule {
  const before = known.get(text);
  if (before) return before;
  const json = PRECOMPILED[text];
  if (json === undefined)
    throw new RuleError(
      `rule \`${text}\` is not among the precompiled ones: build, then run \`node dist/manifest/generate.js\``,
    );
  const rule = JSON.parse(json) as Rule;
  known.set(text, rule);
  return rule;
}
