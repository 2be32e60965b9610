/** Assignments: to elements, device scalars and host variables. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import type { DType } from '../ir/dtype.ts';
import type { Expr } from '../ir/tile/schema.ts';
import { forStore, hostConstant } from './arith.ts';
import { type Frontend, Skipped } from './context.ts';
import { applyBinary, COMPOUND, deviceOf, evaluate, isDeviceValue } from './expr.ts';
import { present } from './operands.ts';
import type { Scope } from './scope.ts';
import { device, host, type Value } from './values.ts';

const K = ts.SyntaxKind;

export const isAssignment = (e: ts.Expression): e is ts.BinaryExpression =>
  ts.isBinaryExpression(e) && (e.operatorToken.kind === K.EqualsToken || COMPOUND[e.operatorToken.kind] !== undefined);

/** The new value; `device`: it goes to a place on the device. */
type Next = (old: () => Value, device: boolean) => Value;

export function assignment(fx: Frontend, scope: Scope, node: ts.BinaryExpression): void {
  const op = COMPOUND[node.operatorToken.kind];
  update(fx, scope, node.left, node, (old, device) => {
    const v = evaluate(fx, scope, node.right);
    if (device) present(fx, v, node.right);
    return op ? applyBinary(fx, op, old(), v, node) : v;
  });
}

/** `x++` and `x--` as statements. */
export function increment(
  fx: Frontend,
  scope: Scope,
  node: ts.PostfixUnaryExpression | ts.PrefixUnaryExpression,
): void {
  const op = node.operator === K.PlusPlusToken ? K.PlusToken : K.MinusToken;
  update(fx, scope, node.operand, node, (old) => applyBinary(fx, op, old(), host(1), node));
}

function update(fx: Frontend, scope: Scope, target: ts.Expression, node: ts.Expression, next: Next): void {
  const to = ts.isParenthesizedExpression(target) || ts.isNonNullExpression(target) ? target.expression : target;
  if (ts.isIdentifier(to)) {
    scalar(fx, scope, to, node, next);
    return;
  }
  if (ts.isArrayLiteralExpression(to) || ts.isObjectLiteralExpression(to))
    fx.fail(M.unsupportedSyntax('an assignment to a pattern', 'assign one variable at a time'), to);
  const v = evaluate(fx, scope, to);
  if (v.kind === 'tile' || v.kind === 'region') fx.fail(M.wholeAssignment(v.tile.name), node);
  if (v.kind !== 'element') fx.fail(M.hostObject(), to);
  const { tile, indices } = v;
  if (indices.length !== tile.shape.length) fx.fail(M.indexCount(tile.name, indices.length, tile.shape.length), to);
  const value = next(() => v, true);
  fx.emit({
    kind: 'store',
    buffer: tile.name,
    indices,
    value: stored(fx, value, tile.dtype, tile.name, node),
    span: fx.span(node),
  });
}

function scalar(fx: Frontend, scope: Scope, target: ts.Identifier, node: ts.Expression, next: Next): undefined {
  const name = target.text;
  const b = scope.get(name);
  if (!b) fx.fail(Object.hasOwn(fx.source.capture.free, name) ? M.assignOutside(name) : M.unknownName(name), target);
  switch (b.kind) {
    case 'skipped':
      throw new Skipped();
    case 'const':
      return fx.fail(b.value.kind === 'tile' ? M.wholeAssignment(b.value.tile.name) : M.assignConst(name), node);
    case 'host': {
      const v = next(() => b.value, false);
      if (isDeviceValue(v)) fx.fail(M.needsDtype(name), node);
      if (fx.control > b.control) fx.fail(M.hostMutation(name), node);
      b.value = v;
      return;
    }
    case 'device': {
      if (fx.parallel && !b.inParallel) fx.fail(M.parallelScalar(name), node);
      const v = next(() => device({ kind: 'var', name: b.name, dtype: b.dtype, span: fx.span(target) }), true);
      fx.emit({ kind: 'assign', name: b.name, value: stored(fx, v, b.dtype, name, node), span: fx.span(node) });
    }
  }
}

/** A value as it goes into something of the dtype: a device value that fits, or a host value that converts. */
export function stored(fx: Frontend, v: Value, dtype: DType, into: string, node: ts.Node): Expr {
  present(fx, v, node);
  if (v.kind === 'host' && !isDeviceValue(v))
    return hostConstant(v.v, dtype, fx.span(node), v.float, M.truncate(dtype));
  return forStore(deviceOf(fx, v, node), dtype, into, fx.span(node));
}
