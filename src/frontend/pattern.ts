/** Destructuring: patterns bound to values. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import type { Frontend } from './context.ts';
import { captured, evaluate } from './expr.ts';
import { member, propertyName } from './members.ts';
import { named } from './name.ts';
import type { Scope } from './scope.ts';
import { describe, host, listOf, objectOf, type Value } from './values.ts';

/** What to do with each name of a pattern. */
export type Bind = (name: string, v: Value, node: ts.Node) => void;

export function bindPattern(fx: Frontend, scope: Scope, target: ts.BindingName, v: Value, bind: Bind): void {
  if (ts.isIdentifier(target)) {
    bind(target.text, v, target);
    return;
  }
  if (ts.isArrayBindingPattern(target)) {
    const items = itemsOf(fx, v, target);
    target.elements.forEach((e, i) => {
      if (ts.isOmittedExpression(e)) return;
      if (e.dotDotDotToken) bindPattern(fx, scope, e.name, listOf(items.slice(i)), bind);
      else bindPattern(fx, scope, e.name, withDefault(fx, scope, items[i], e.initializer), bind);
    });
    return;
  }
  const taken = new Set<string>();
  for (const e of target.elements) {
    if (e.dotDotDotToken) {
      const rest = new Map([...fieldsOf(fx, v, target)].filter(([k]) => !taken.has(k)));
      bindPattern(fx, scope, e.name, objectOf(rest), bind);
      continue;
    }
    const key = e.propertyName ? propertyName(fx, scope, e.propertyName) : (e.name as ts.Identifier).text;
    taken.add(key);
    if (v.kind === 'host' && (v.v === null || v.v === undefined)) fx.fail(M.notAnObject(describe(v)), target);
    const field =
      v.kind === 'device' || v.kind === 'element' ? fx.fail(M.notAnObject(describe(v)), target) : member(fx, v, key, e);
    bindPattern(fx, scope, e.name, withDefault(fx, scope, field, e.initializer), bind);
  }
}

export function bindParameters(
  fx: Frontend,
  scope: Scope,
  params: readonly ts.ParameterDeclaration[],
  args: readonly Value[],
): void {
  params.forEach((p, i) => {
    const v = p.dotDotDotToken ? listOf(args.slice(i)) : withDefault(fx, scope, args[i], p.initializer);
    bindPattern(fx, scope, p.name, v, (name, value, node) =>
      scope.set(name, { kind: 'const', value: named(fx, name, value, node) }),
    );
  });
}

function withDefault(fx: Frontend, scope: Scope, v: Value | undefined, initializer: ts.Expression | undefined): Value {
  const missing = v === undefined || (v.kind === 'host' && v.v === undefined);
  if (!missing) return v;
  return initializer ? evaluate(fx, scope, initializer) : host(undefined);
}

export function itemsOf(fx: Frontend, v: Value, node: ts.Node): readonly Value[] {
  if (v.kind === 'list') return v.items;
  if (v.kind !== 'host') return fx.fail(M.notAList(describe(v), v.kind === 'tile' ? v.tile.name : undefined), node);
  const x = v.v as Iterable<unknown>;
  if (x === null || x === undefined || typeof x[Symbol.iterator] !== 'function')
    return fx.fail(M.notAList(describe(v)), node);
  return [...x].map((y) => captured(fx, y, node));
}

/** All fields, for `...rest`. */
function fieldsOf(fx: Frontend, v: Value, node: ts.Node): ReadonlyMap<string, Value> {
  if (v.kind === 'object') return v.fields;
  if (v.kind === 'list') return new Map(v.items.map((x, i) => [String(i), x]));
  if (v.kind !== 'host' || v.v === null || v.v === undefined) return fx.fail(M.notAnObject(describe(v)), node);
  return new Map(Object.entries(v.v as object).map(([k, y]) => [k, captured(fx, y, node)]));
}
