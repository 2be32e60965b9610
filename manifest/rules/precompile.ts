/** The text of `precompiled.ts`: every rule of the manifest, parsed. Loads chevrotain. */
import type { OperatorEntry } from '../schema.ts';
import { parseRule } from './grammar.ts';

/** Every rule text of the entry, each once. */
export function rulesOf(entry: OperatorEntry): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const p of Object.values(entry.params))
    if ((p.type === 'int' || p.type === 'float') && typeof p.default === 'string') texts.add(p.default);
  for (const t of Object.values(entry.tensors)) {
    for (const d of t.shape) texts.add(d);
    if (t.when !== undefined) texts.add(t.when);
    if (t.fill.kind === 'index') texts.add(t.fill.below);
    if (t.fill.kind === 'pages') texts.add(t.fill.tokens);
  }
  for (const r of [...entry.requires, ...entry.tileRules]) texts.add(r.rule);
  for (const text of Object.values({ ...entry.lists, ...entry.derived, ...entry.roofline })) texts.add(text);
  return texts;
}

export function precompiledText(entries: readonly OperatorEntry[]): string {
  const texts = [...new Set(entries.flatMap((e) => [...rulesOf(e)]))].sort();
  const lines = texts.map(
    (t) =>
      `  ${JSON.stringify(t)}:\n    '${JSON.stringify(parseRule(t)).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}',`,
  );
  return [
    '// biome-ignore-all format: one rule a line.',
    '// Written by manifest/generate.ts from the rules of the manifest; a test holds it to them.',
    '/** Rule text → its `Rule` as JSON, so that programs need no parser. */',
    'export const PRECOMPILED: Readonly<Record<string, string>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}
