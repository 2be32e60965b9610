/** The option `config`: tiles by the names that the entry declares. */
import { freeNames } from '../../manifest/rules/ast.ts';
import type { Value } from '../../manifest/rules/evaluate.ts';
import { ruleOf } from '../../manifest/rules/lookup.ts';
import type { OperatorEntry } from '../../manifest/schema.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { OperatorError } from './error.ts';
import type { KernelConfig } from './kernels.ts';
import { isRecord } from './record.ts';
import { checkRequirement } from './requirement.ts';

/** No GPU has room for more along one dimension. */
const LARGEST = 65536;

/** The tiles that are chosen. Throws `OperatorError` for names and values that are none, and for tiles that do not fit. */
export function resolveTiles(
  entry: OperatorEntry,
  params: Readonly<Record<string, Value>>,
  given: unknown = {},
): KernelConfig {
  const known = Object.keys(entry.tiles);
  if (!isRecord(given)) throw new OperatorError(entry.name, msg.notTiles(known, given));
  const tiles: Record<string, number> = {};
  for (const [name, v] of Object.entries(given)) {
    if (!Object.hasOwn(entry.tiles, name)) throw new OperatorError(entry.name, msg.unknownTile(name, known));
    if (v === undefined) continue;
    if (typeof v !== 'number' || !Number.isSafeInteger(v) || v < 1 || v > LARGEST)
      throw new OperatorError(entry.name, msg.badParam(`config.${name}`, msg.integerIn(1, LARGEST), v));
    tiles[name] = v;
  }
  for (const r of entry.tileRules) {
    const named = [...freeNames(ruleOf(r.rule))].filter((n) => Object.hasOwn(entry.tiles, n));
    if (named.every((n) => n in tiles)) checkRequirement(entry, r, { ...params, ...tiles }, 'config.');
  }
  return Object.freeze(tiles);
}
