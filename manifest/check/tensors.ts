/** Tensors of an entry, and how random inputs fill them. */
import { isDType } from '../../src/ir/dtype.ts';
import type { Fill, OperatorEntry, TensorEntry } from '../schema.ts';
import { checkRule, type Names, type Say } from './say.ts';

const ROLES: readonly string[] = ['in', 'out', 'inout'];

export function checkTensors(entry: OperatorEntry, names: Names, say: Say): void {
  for (const [name, t] of Object.entries(entry.tensors)) {
    const place = `tensors.${name}`;
    if (t.doc === '') say(place, 'has no description');
    if (!ROLES.includes(t.role)) say(place, `\`${t.role}\` is no role`);
    if (!isDType(t.dtype) && (!Object.hasOwn(entry.params, t.dtype) || entry.params[t.dtype]!.type !== 'dtype'))
      say(place, `\`${t.dtype}\` is neither a dtype nor a parameter`);
    if (t.shape.length === 0) say(place, 'has no dimensions');
    for (const d of t.shape) checkRule(say, place, d, [...names.params, ...names.sizes]);
    if (t.when !== undefined) checkRule(say, place, t.when, names.params);
    if ((t.role === 'out') !== (t.fill.kind === 'poison'))
      say(place, 'an output is filled with poison, and nothing else is');
    checkFill(t.fill, names, place, say);
    for (const other of t.inPlace ?? []) checkInPlace(t, other, entry, place, say);
  }
}

function checkFill(f: Fill, { params, sizes, lists }: Names, place: string, say: Say): void {
  switch (f.kind) {
    case 'normal':
    case 'poison':
    case 'constant':
      return;
    case 'rotary':
      if (f.of !== 'cos' && f.of !== 'sin') say(place, `\`${String(f.of)}\` is neither cos nor sin`);
      return;
    case 'index':
      checkRule(say, place, f.below, [...params, ...sizes]);
      return;
    case 'prefixSums':
    case 'list':
      if (!lists.has(f.list)) say(place, `there is no list \`${f.list}\``);
      return;
    case 'pages':
      checkRule(say, place, f.tokens, [...params, ...sizes, ...lists, 'b']);
      for (const n of ['numPages', 'pageSize'])
        if (!params.has(n) && !sizes.has(n)) say(place, `filling with pages needs \`${n}\``);
      return;
    default:
      say(place, `\`${(f as { readonly kind: string }).kind}\` is no way to fill a tensor`);
  }
}

function checkInPlace(t: TensorEntry, other: string, entry: OperatorEntry, place: string, say: Say): void {
  const of = Object.hasOwn(entry.tensors, other) ? entry.tensors[other] : undefined;
  if (t.role === 'in') say(place, 'is not written, and so not in place of anything');
  if (of?.role !== 'in') say(place, `there is no input \`${other}\` that it could replace`);
  else if (of.dtype !== t.dtype || of.shape.join() !== t.shape.join())
    say(place, `is written in place of \`${other}\`, which has another dtype or shape`);
}
