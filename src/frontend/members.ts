/** Members and indices, and the literals that have them. */
import { ts } from 'ts-morph';
import { inCamelCase, memberElsewhere } from '../diagnostics/messages/foreign.ts';
import * as M from '../diagnostics/messages/language.ts';
import { DTYPE_VALUES } from '../dsl/dtypes.ts';
import { intrinsicOf } from '../dsl/intrinsics.ts';
import { isFloat, isInteger } from '../ir/dtype.ts';
import { constantInt } from '../ir/tile/build.ts';
import type { Expr } from '../ir/tile/schema.ts';
import { promote } from './arith.ts';
import type { Frontend } from './context.ts';
import { captured, deviceOf, evaluate, type Hint, hostOf, lookup } from './expr.ts';
import type { Scope } from './scope.ts';
import { similar } from './similar.ts';
import { describe, device, host, listOf, objectOf, type TileInfo, type Value } from './values.ts';

const K = ts.SyntaxKind;
export function elementAccess(fx: Frontend, scope: Scope, node: ts.ElementAccessExpression): Value {
  const on = evaluate(fx, scope, node.expression);
  const arg = node.argumentExpression;
  const indexable = on.kind === 'tile' || on.kind === 'element';
  if (ts.isBinaryExpression(arg) && arg.operatorToken.kind === K.CommaToken) {
    const parts = commaParts(arg).map((p) => p.getText(fx.source.file));
    return fx.fail(
      M.commaIndex(`${node.expression.getText(fx.source.file)}${parts.map((p) => `[${p}]`).join('')}`),
      arg,
    );
  }
  const index = evaluate(fx, scope, arg);
  if (indexable) {
    // A variable comes with the place where it was made: the index is here.
    const e = { ...indexOf(fx, index, arg), span: fx.span(arg) };
    const tile = on.tile;
    const before = on.kind === 'element' ? on.indices : [];
    if (before.length >= tile.shape.length)
      fx.fail(M.indexCount(tile.name, before.length + 1, tile.shape.length), node);
    checkIndex(fx, tile, before.length, e, arg);
    return { kind: 'element', tile, indices: [...before, e], span: fx.span(node) };
  }
  if (on.kind === 'list' || on.kind === 'host' || on.kind === 'object') {
    const key = hostOf(fx, index, arg, 'an index into a host array', M.HOST_INDEX);
    if (on.kind === 'list') return on.items[Number(key)] ?? host(undefined);
    if (on.kind === 'object') return on.fields.get(String(key)) ?? host(undefined);
    if (on.v === null || on.v === undefined)
      return fx.fail(M.hostError(`cannot read [${String(key)}] of ${String(on.v)}`), node);
    const v = (on.v as Record<string, unknown>)[key as string];
    return captured(fx, v, node);
  }
  return fx.fail(M.unknownProperty(describe(on), '[…]'), node);
}

const commaParts = (e: ts.Expression): ts.Expression[] =>
  ts.isBinaryExpression(e) && e.operatorToken.kind === K.CommaToken ? [...commaParts(e.left), e.right] : [e];

export function indexOf(fx: Frontend, v: Value, node: ts.Node): Expr {
  const e = deviceOf(fx, v, node);
  if (!isInteger(e.dtype))
    fx.fail(
      v.kind === 'host' && isFloat(e.dtype)
        ? M.fractionInInteger(String(v.v), 'an index', M.INDEX_DIVISION)
        : M.integersOnly('[…]', e.dtype),
      node,
    );
  return promote(e);
}

function checkIndex(fx: Frontend, tile: TileInfo, d: number, e: Expr, node: ts.Node): void {
  const size = tile.shape[d];
  const i = constantInt(e);
  if (typeof size === 'number' && i !== undefined && (i < 0 || i >= size))
    fx.fail(M.indexRange(tile.name, d, i, size), node);
}

export function propertyAccess(fx: Frontend, scope: Scope, node: ts.PropertyAccessExpression): Value {
  const on = evaluate(fx, scope, node.expression);
  if (on.kind === 'host' && (on.v === null || on.v === undefined)) {
    if (node.questionDotToken) return host(undefined);
    return fx.fail(M.hostError(`cannot read \`${node.name.text}\` of ${String(on.v)}`), node);
  }
  return member(fx, on, node.name.text, node.name);
}

/** `on.name`; `node` is where the name stands. */
export function member(fx: Frontend, on: Value, name: string, node: ts.Node): Value {
  switch (on.kind) {
    case 'host': {
      if (isT(on.v) && !Object.hasOwn(on.v, name)) fx.fail(M.unknownProperty('T', name, memberHint(on.v, name)), node);
      const v = (on.v as Record<string, unknown>)[name];
      return typeof v === 'function' && intrinsicOf(v) === undefined
        ? { kind: 'method', on, name }
        : captured(fx, v, node);
    }
    case 'tile':
      if (name === 'shape') return listOf(on.tile.shape.map((n) => (typeof n === 'number' ? host(n) : device(n))));
      if (name === 'dtype') return host(DTYPE_VALUES[on.tile.dtype]);
      if (name === 'tile') return { kind: 'method', on, name };
      return fx.fail(M.unknownProperty(describe(on), name), node);
    case 'list':
      if (name === 'length') return host(on.items.length);
      if (/^\d+$/.test(name)) return on.items[Number(name)] ?? host(undefined);
      return { kind: 'method', on, name };
    case 'object': {
      const v = on.fields.get(name);
      return v ?? host(undefined);
    }
    default:
      return fx.fail(M.unknownProperty(describe(on), name), node);
  }
}

/** Is it the object of the language, of whichever copy of the package? */
const isT = (v: unknown): v is object =>
  typeof v === 'object' && v !== null && intrinsicOf((v as { grid?: unknown }).grid) === 'grid';

function memberHint(t: object, name: string): string | undefined {
  const elsewhere = memberElsewhere(name);
  if (elsewhere !== undefined) return elsewhere;
  const near = similar(inCamelCase(name), Object.keys(t));
  return near && M.didYouMean(`T.${near}`);
}

export function arrayLiteral(fx: Frontend, scope: Scope, node: ts.ArrayLiteralExpression, hint: Hint): Value {
  const items = node.elements.flatMap((e, i): readonly Value[] => {
    if (!ts.isSpreadElement(e)) return [evaluate(fx, scope, e, hint.name ? { name: `${hint.name}_${i}` } : {})];
    const v = evaluate(fx, scope, e.expression);
    if (v.kind === 'list') return v.items;
    return [...(hostOf(fx, v, e, 'a spread') as Iterable<unknown>)].map((x) => captured(fx, x, e));
  });
  return listOf(items);
}

export function objectLiteral(fx: Frontend, scope: Scope, node: ts.ObjectLiteralExpression): Value {
  const fields = new Map<string, Value>();
  for (const p of node.properties) {
    if (ts.isShorthandPropertyAssignment(p)) fields.set(p.name.text, lookup(fx, scope, p.name));
    else if (ts.isPropertyAssignment(p)) {
      const name = propertyName(fx, scope, p.name);
      fields.set(name, evaluate(fx, scope, p.initializer, { name }));
    } else if (ts.isSpreadAssignment(p)) {
      const v = evaluate(fx, scope, p.expression);
      if (v.kind === 'object') for (const [k, x] of v.fields) fields.set(k, x);
      else for (const [k, x] of Object.entries((hostOf(fx, v, p, 'a spread') ?? {}) as object)) fields.set(k, host(x));
    } else return fx.fail(M.unsupportedSyntax('a getter, setter or method in an object'), p);
  }
  return objectOf(fields);
}

export function propertyName(fx: Frontend, scope: Scope, name: ts.PropertyName): string {
  if (ts.isIdentifier(name) || ts.isStringLiteral(name) || ts.isNumericLiteral(name)) return name.text;
  if (ts.isComputedPropertyName(name))
    return String(hostOf(fx, evaluate(fx, scope, name.expression), name, 'a property name'));
  return fx.fail(M.unsupportedSyntax('this kind of property name'), name);
}
