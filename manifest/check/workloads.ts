/** Workloads of an entry, and what they are made with: lists, derived sizes, costs. */
import type { Rule } from '../rules/ast.ts';
import { evaluate } from '../rules/evaluate.ts';
import { parseRule } from '../rules/grammar.ts';
import type { OperatorEntry, Workload } from '../schema.ts';
import { fits } from '../values.ts';
import { withDefaults } from '../workload.ts';
import { checkRule, type Names, type Say } from './say.ts';

export function checkSizes(entry: OperatorEntry, { params, sizes, free, lists }: Names, say: Say): void {
  // Lists come first, then derived sizes in order, as workloads are resolved.
  const known = new Set([...params, ...free]);
  for (const [n, length] of Object.entries(entry.lists ?? {})) checkRule(say, `lists.${n}`, length, known);
  for (const n of lists) known.add(n);
  for (const [n, text] of Object.entries(entry.derived ?? {})) {
    checkRule(say, `derived.${n}`, text, known);
    if (!sizes.has(n)) say(`derived.${n}`, 'is no size of a tensor');
    known.add(n);
  }
  checkRule(say, 'roofline.flops', entry.roofline.flops, known);
  checkRule(say, 'roofline.bytes', entry.roofline.bytes, known);
}

export function checkWorkloads(entry: OperatorEntry, names: Names, say: Say): void {
  if (entry.workloads.length === 0) say('workloads', 'there are none');
  const seen = new Set<string>();
  for (const w of entry.workloads) {
    const place = `workloads.${w.name}`;
    if (seen.has(w.name)) say(place, 'is there twice');
    seen.add(w.name);
    const whole = checkParamsOf(w, entry, names, place, say) && checkSizesOf(w, names, place, say);
    if (whole) checkValues(w, entry, place, say);
  }
}

/** True if all parameters are there and in range. */
function checkParamsOf(w: Workload, entry: OperatorEntry, { params }: Names, place: string, say: Say): boolean {
  let good = true;
  const bad = (what: string): void => {
    good = false;
    say(place, what);
  };
  for (const [n, p] of Object.entries(entry.params)) {
    const v = w.params[n];
    if (v === undefined) {
      if (p.default === undefined) bad(`does not give \`${n}\``);
    } else if (!fits(p, v)) bad(`\`${n}\` cannot be ${v}`);
  }
  for (const n of Object.keys(w.params)) if (!params.has(n)) bad(`there is no parameter \`${n}\``);
  return good;
}

/** True if all sizes and lists are there. */
function checkSizesOf(w: Workload, { free, lists }: Names, place: string, say: Say): boolean {
  let good = true;
  const bad = (what: string): void => {
    good = false;
    say(place, what);
  };
  for (const n of free) if (!Object.hasOwn(w.sizes, n)) bad(`does not give the size \`${n}\``);
  for (const [n, v] of Object.entries(w.sizes)) {
    if (!free.has(n)) bad(`\`${n}\` is no free size`);
    if (!Number.isSafeInteger(v) || v < 0) bad(`the size \`${n}\` cannot be ${v}`);
  }
  const given = w.lists ?? {};
  for (const n of lists) if (!Object.hasOwn(given, n)) bad(`does not give the list \`${n}\``);
  for (const n of Object.keys(given)) if (!lists.has(n)) bad(`there is no list \`${n}\``);
  return good;
}

/** What only shows when rules are evaluated. Rules that cannot be read, or lack a name, have been told of already. */
function checkValues(w: Workload, entry: OperatorEntry, place: string, say: Say): void {
  const attempt = (rule: () => unknown): unknown => {
    try {
      return rule();
    } catch {
      return undefined;
    }
  };
  const read = (text: string): Rule => parseRule(text);
  const params = attempt(() => withDefaults(entry, w.params, read)) as ReturnType<typeof withDefaults> | undefined;
  if (!params) return;
  for (const r of entry.requires)
    if (attempt(() => evaluate(read(r.rule), params)) === false)
      say(place, `\`${r.argument}\` must be ${r.expected}: \`${r.rule}\` does not hold`);
  for (const [n, text] of Object.entries(entry.lists ?? {})) {
    const length = attempt(() => evaluate(read(text), { ...params, ...w.sizes }));
    const list = w.lists?.[n];
    if (typeof list === 'object' && typeof length === 'number' && list.length !== length)
      say(place, `the list \`${n}\` has ${list.length} entries, not ${text} = ${length}`);
  }
}
