/** Is an entry of the manifest well-formed? What types cannot say: names that rules use, ranges, workloads that fit. */
import { isDType } from '../src/ir/dtype.ts';
import { freeNames, type Rule } from './rules/ast.ts';
import { parseRule } from './rules/grammar.ts';
import type { Fill, OperatorEntry, ParamEntry, TensorEntry } from './schema.ts';

/** Every defect found, as sentences that begin with the place; empty for a sound entry. Loads chevrotain. */
export function checkEntry(entry: OperatorEntry): readonly string[] {
  const problems: string[] = [];
  const say = (place: string, what: string): void => {
    problems.push(`${entry.name}.${place}: ${what}`);
  };
  const rule = (place: string, text: string, names: ReadonlySet<string>): Rule | undefined => {
    try {
      const parsed = parseRule(text);
      for (const n of freeNames(parsed)) if (!names.has(n)) say(place, `\`${n}\` in \`${text}\` is not known here`);
      return parsed;
    } catch (error) {
      say(place, (error as Error).message);
      return undefined;
    }
  };

  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(entry.name)) say('name', 'is not in kebab-case');
  if (!/^[A-Z][A-Za-z0-9]*$/.test(entry.operator)) say('operator', 'is not the name of a class');
  const params = new Set(Object.keys(entry.params));
  const sizes = new Set<string>();
  for (const t of Object.values(entry.tensors))
    for (const d of t.shape) for (const n of namesIn(d)) if (!params.has(n)) sizes.add(n);
  const lists = new Set(Object.keys(entry.lists ?? {}));
  const overSizes = new Set([...params, ...sizes]);
  const all = new Set([...overSizes, ...lists]);

  for (const [n, p] of Object.entries(entry.params)) param(n, p);
  for (const [n, t] of Object.entries(entry.tensors)) tensor(n, t);
  for (const r of entry.requires) {
    rule('requires', r.rule, params);
    if (!params.has(r.argument)) say('requires', `there is no \`${r.argument}\``);
  }
  for (const [n, length] of Object.entries(entry.lists ?? {})) rule(`lists.${n}`, length, sizes);
  for (const [n, text] of Object.entries(entry.derived ?? {})) {
    rule(`derived.${n}`, text, all);
    if (!sizes.has(n)) say(`derived.${n}`, 'is no size of a tensor');
  }
  rule('roofline.flops', entry.roofline.flops, all);
  rule('roofline.bytes', entry.roofline.bytes, all);
  if (entry.workloads.length === 0) say('workloads', 'there are none');
  workloads();
  return problems;

  function param(name: string, p: ParamEntry): void {
    const place = `params.${name}`;
    if (p.doc === '') say(place, 'has no description');
    if (p.type === 'dtype' || p.type === 'choice') {
      if (p.of.length === 0) say(place, 'has no choices');
      if (p.type === 'choice' && p.default !== undefined && !p.of.includes(p.default))
        say(place, 'its default is none of its choices');
      if (
        p.type === 'dtype' &&
        p.default !== undefined &&
        !params.has(p.default) &&
        !(p.of as readonly string[]).includes(p.default)
      )
        say(place, 'its default is neither a dtype nor a parameter');
    } else if (p.type !== 'bool' && typeof p.default === 'string') rule(place, p.default, params);
  }

  function tensor(name: string, t: TensorEntry): void {
    const place = `tensors.${name}`;
    if (t.doc === '') say(place, 'has no description');
    if (!isDType(t.dtype) && entry.params[t.dtype]?.type !== 'dtype')
      say(place, `\`${t.dtype}\` is neither a dtype nor a parameter`);
    if (t.shape.length === 0) say(place, 'has no dimensions');
    for (const d of t.shape) rule(place, d, overSizes);
    if (t.when !== undefined) rule(place, t.when, params);
    if ((t.role === 'out') !== (t.fill.kind === 'poison'))
      say(place, 'an output is filled with poison, and nothing else is');
    fill(place, t.fill);
  }

  function fill(place: string, f: Fill): void {
    switch (f.kind) {
      case 'index':
        rule(place, f.below, overSizes);
        return;
      case 'prefixSums':
      case 'list':
        if (!lists.has(f.list)) say(place, `there is no list \`${f.list}\``);
        return;
      case 'pages':
        rule(place, f.tokens, new Set([...all, 'b']));
        return;
      default:
        return;
    }
  }

  function workloads(): void {
    const seen = new Set<string>();
    for (const w of entry.workloads) {
      const place = `workloads.${w.name}`;
      if (seen.has(w.name)) say(place, 'is there twice');
      seen.add(w.name);
      for (const [n, p] of Object.entries(entry.params))
        if (!(n in w.params) && p.default === undefined) say(place, `does not give \`${n}\``);
      for (const n of Object.keys(w.params)) if (!params.has(n)) say(place, `there is no parameter \`${n}\``);
      const free = [...sizes].filter((n) => !(n in (entry.derived ?? {})));
      for (const n of free) if (!(n in w.sizes)) say(place, `does not give the size \`${n}\``);
      for (const n of Object.keys(w.sizes)) if (!free.includes(n)) say(place, `\`${n}\` is no free size`);
      for (const n of lists) if (!(n in (w.lists ?? {}))) say(place, `does not give the list \`${n}\``);
    }
  }
}

/** The names in a rule, without a parse that could fail. */
const namesIn = (text: string): readonly string[] => {
  try {
    return [...freeNames(parseRule(text))];
  } catch {
    return [];
  }
};
