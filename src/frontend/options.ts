/** The option objects of T's functions. */
import type { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import type { Frontend } from './context.ts';
import { hostOf } from './expr.ts';
import { describe, host, type Value } from './values.ts';

/** The options by name, all known while compiling; those that are undefined are left out. */
export function optionsOf(
  fx: Frontend,
  fn: string,
  v: Value | undefined,
  known: readonly string[],
  node: ts.Node,
): ReadonlyMap<string, unknown> {
  if (v === undefined || (v.kind === 'host' && v.v === undefined)) return new Map();
  const isObject = v.kind === 'object' || (v.kind === 'host' && typeof v.v === 'object' && v.v !== null);
  if (!isObject) return fx.fail(M.wrongArgument(fn, `${describe(v)} stands where its options belong`), node);
  const entries: readonly (readonly [string, Value])[] =
    v.kind === 'object' ? [...v.fields] : Object.entries((v as { v: object }).v).map(([k, x]) => [k, host(x)] as const);
  const options = new Map<string, unknown>();
  for (const [k, x] of entries) {
    if (!known.includes(k)) fx.fail(M.unknownOption(fn, k, known), node);
    const value = hostOf(fx, x, node, `option \`${k}\` of T.${fn}`, M.HOST_OPTION);
    if (value !== undefined) options.set(k, value);
  }
  return options;
}

/** A boolean option. */
export function flagOf(
  fx: Frontend,
  fn: string,
  options: ReadonlyMap<string, unknown>,
  name: string,
  fallback: boolean,
  node: ts.Node,
): boolean {
  const v = options.get(name) ?? fallback;
  return typeof v === 'boolean'
    ? v
    : fx.fail(M.wrongArgument(fn, `option \`${name}\` is true or false, not ${String(v)}`), node);
}
