/** Parameters and tiles of an entry, and what must hold of them. */
import { isDType } from '../../src/ir/dtype.ts';
import { freeNames } from '../rules/ast.ts';
import type { OperatorEntry, ParamEntry } from '../schema.ts';
import { fits } from '../values.ts';
import { checkRule, type Names, type Say } from './say.ts';

export function checkParams(entry: OperatorEntry, { params }: Names, say: Say): void {
  for (const [name, p] of Object.entries(entry.params)) {
    const place = `params.${name}`;
    if (p.doc === '') say(place, 'has no description');
    checkParam(p, params, place, say);
  }
  for (const r of entry.requires) {
    checkRule(say, 'requires', r.rule, params);
    if (!params.has(r.argument)) say('requires', `there is no \`${r.argument}\``);
  }
}

function checkParam(p: ParamEntry, params: ReadonlySet<string>, place: string, say: Say): void {
  const bad = (what: string): void => say(place, what);
  const plain = p.default === undefined || fits(p, p.default);
  switch (p.type) {
    case 'int':
    case 'float': {
      const { min = -Infinity, max = Infinity } = p;
      if (!(min <= max)) bad(`its least value ${min} is above its greatest, ${max}`);
      if (p.type === 'int' && [p.min, p.max].some((m) => m !== undefined && !Number.isSafeInteger(m)))
        bad('its bounds are no integers');
      if (typeof p.default === 'string') checkRule(say, place, p.default, params);
      else if (!plain) bad(`its default ${p.default} is out of its range`);
      return;
    }
    case 'bool':
      if (!plain) bad('its default is neither true nor false');
      return;
    case 'choice':
      if (p.of.length === 0) bad('has no choices');
      if (!plain) bad('its default is none of its choices');
      return;
    case 'dtype':
      if (p.of.length === 0) bad('has no choices');
      for (const d of p.of) if (!isDType(d)) bad(`\`${d}\` is no dtype`);
      if (!plain && !params.has(String(p.default))) bad('its default is neither a dtype nor a parameter');
      return;
    default:
      bad(`\`${(p as { readonly type: string }).type}\` is no type of a parameter`);
  }
}

export function checkTiles(entry: OperatorEntry, { params, sizes }: Names, say: Say): void {
  const tiles = new Set(Object.keys(entry.tiles));
  for (const [name, doc] of Object.entries(entry.tiles)) {
    const place = `tiles.${name}`;
    if (doc === '') say(place, 'has no description');
    // Kernels take tiles and parameters by their names side by side.
    if (params.has(name) || sizes.has(name)) say(place, 'is a parameter or a size too');
  }
  for (const r of entry.tileRules) {
    const rule = checkRule(say, 'tileRules', r.rule, [...params, ...tiles]);
    if (!tiles.has(r.argument)) say('tileRules', `there is no tile \`${r.argument}\``);
    else if (rule && !freeNames(rule).has(r.argument))
      say('tileRules', `\`${r.rule}\` says nothing of \`${r.argument}\``);
  }
}
