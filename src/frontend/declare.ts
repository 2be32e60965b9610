/** Declarations: `const` names values, `let` makes device scalars or host variables. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import { type DType, isDType } from '../ir/dtype.ts';
import { stored } from './assign.ts';
import type { Frontend } from './context.ts';
import { deviceOf, evaluate, type Hint, isDeviceValue } from './expr.ts';
import { named } from './name.ts';
import { present } from './operands.ts';
import { bindPattern } from './pattern.ts';
import type { Scope } from './scope.ts';
import { device, host, type Value } from './values.ts';

export function declaration(fx: Frontend, scope: Scope, list: ts.VariableDeclarationList): undefined {
  const kind = list.flags & ts.NodeFlags.BlockScoped;
  if (kind !== ts.NodeFlags.Const && kind !== ts.NodeFlags.Let)
    return fx.fail(
      M.unsupportedSyntax(kind === ts.NodeFlags.None ? '`var`' : '`using`', 'use `const`, or `let` with a dtype'),
      list,
    );
  for (const d of list.declarations) declare(fx, scope, d, kind === ts.NodeFlags.Const);
}

function declare(fx: Frontend, scope: Scope, d: ts.VariableDeclaration, isConst: boolean): void {
  const dtype = annotated(d.type);
  const value = d.initializer ? evaluate(fx, scope, d.initializer, hintOf(d.name)) : undefined;
  if (!value) {
    if (!ts.isIdentifier(d.name)) return;
    const { text } = d.name;
    if (dtype) deviceScalar(fx, scope, text, dtype, host(dtype === 'bool' ? false : 0), d);
    else scope.set(text, { kind: 'host', value: host(undefined), control: fx.control });
    return;
  }
  bindPattern(fx, scope, d.name, value, (name, v, node) => {
    if (isConst) {
      const typed = dtype && isDeviceValue(v) ? device(stored(fx, v, dtype, name, node)) : v;
      scope.set(name, { kind: 'const', value: named(fx, name, typed, node) });
    } else if (dtype) {
      if (node === d.name && d.initializer) present(fx, v, d.initializer);
      deviceScalar(fx, scope, name, dtype, v, d);
    } else if (v.kind === 'device' || (v.kind === 'element' && v.indices.length === v.tile.shape.length))
      deviceScalar(fx, scope, name, deviceOf(fx, v, node).dtype, v, d);
    else scope.set(name, { kind: 'host', value: v, control: fx.control });
  });
}

function deviceScalar(fx: Frontend, scope: Scope, name: string, dtype: DType, v: Value, node: ts.Node): void {
  const value = stored(fx, v, dtype, name, node);
  const unique = fx.fresh(name);
  fx.emit({ kind: 'declare', name: unique, dtype, value, span: fx.span(node) });
  fx.mutable.add(unique);
  scope.set(name, { kind: 'device', name: unique, dtype, inParallel: fx.parallel !== undefined });
}

/** The dtype that a declaration's type names: `let x: f32`. */
function annotated(type: ts.TypeNode | undefined): DType | undefined {
  if (!type || !ts.isTypeReferenceNode(type)) return undefined;
  const name = ts.isIdentifier(type.typeName) ? type.typeName.text : type.typeName.right.text;
  return isDType(name) ? name : undefined;
}

function hintOf(name: ts.BindingName): Hint {
  if (ts.isIdentifier(name)) return { name: name.text };
  return ts.isArrayBindingPattern(name) ? { names: namesOf(name) } : {};
}

/** The plain names of an array pattern, by position. */
export const namesOf = (p: ts.ArrayBindingPattern): (string | undefined)[] =>
  p.elements.map((e) => (!ts.isOmittedExpression(e) && ts.isIdentifier(e.name) ? e.name.text : undefined));
