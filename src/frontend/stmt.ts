/** Statements: walked in order; what is known while compiling happens now, the rest is emitted. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import { condition } from './arith.ts';
import { assignment, increment, isAssignment } from './assign.ts';
import { type Frontend, Skipped } from './context.ts';
import { declaration } from './declare.ts';
import { deviceOf, evaluate, hostOf, isDeviceValue, refuseSpecial, truthOf } from './expr.ts';
import { forOf, forStatement, whileStatement } from './loops.ts';
import { Scope } from './scope.ts';
import { host, type Value } from './values.ts';

const K = ts.SyntaxKind;

/** How a statement ended, if not by reaching its end. Only what happens while compiling ends so. */
export type Completion =
  | { readonly kind: 'return'; readonly value: Value }
  | { readonly kind: 'break' | 'continue' }
  | undefined;

/** A function's body; gives what it returns. What hangs on the value of one with mistakes is skipped. */
export function functionBody(fx: Frontend, scope: Scope, statements: readonly ts.Statement[]): Value {
  const before = fx.mistakes;
  const end = block(fx, scope, statements);
  if (fx.fn.inlined && fx.mistakes > before) throw new Skipped();
  return end?.kind === 'return' ? end.value : host(undefined);
}

export function block(fx: Frontend, scope: Scope, statements: readonly ts.Statement[]): Completion {
  for (const s of statements)
    if (ts.isFunctionDeclaration(s) && s.name && s.body) {
      refuseSpecial(fx, s);
      scope.set(s.name.text, {
        kind: 'const',
        value: { kind: 'closure', name: s.name.text, node: s, scope, source: fx.source },
      });
    }
  for (const s of statements) {
    const done = fx.attempt(() => statement(fx, scope, s));
    if (done?.value) return done.value;
    if (!done && ts.isReturnStatement(s)) return { kind: 'return', value: host(undefined) };
    if (!done) skip(scope, s);
  }
  return undefined;
}

/** Behind a mistake: what the statement would have declared is known to be missing. */
function skip(scope: Scope, s: ts.Statement): void {
  if (!ts.isVariableStatement(s)) return;
  const declare = (name: ts.BindingName): void => {
    if (!ts.isIdentifier(name)) {
      for (const e of name.elements) if (!ts.isOmittedExpression(e)) declare(e.name);
    } else if (!scope.has(name.text)) scope.set(name.text, { kind: 'skipped' });
  };
  for (const d of s.declarationList.declarations) declare(d.name);
}

/** The body of a loop or branch, in a scope of its own. */
export function body(fx: Frontend, scope: Scope, node: ts.Statement): Completion {
  return block(fx, new Scope(scope), ts.isBlock(node) ? node.statements : [node]);
}

function statement(fx: Frontend, scope: Scope, node: ts.Statement): Completion {
  if (ts.isExpressionStatement(node)) return expressionStatement(fx, scope, node.expression);
  if (ts.isVariableStatement(node)) return declaration(fx, scope, node.declarationList);
  if (ts.isIfStatement(node)) return ifStatement(fx, scope, node);
  if (ts.isForOfStatement(node)) return forOf(fx, scope, node);
  if (ts.isForStatement(node)) return forStatement(fx, scope, node);
  if (ts.isWhileStatement(node)) return whileStatement(fx, scope, node);
  if (ts.isBlock(node)) return body(fx, scope, node);
  if (ts.isReturnStatement(node)) return returnStatement(fx, scope, node);
  if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) return jump(fx, node);
  if (ts.isThrowStatement(node)) return throwStatement(fx, scope, node);
  if (
    ts.isFunctionDeclaration(node) ||
    ts.isEmptyStatement(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isInterfaceDeclaration(node)
  )
    return undefined;
  return fx.fail(unsupported(node), node);
}

function unsupported(node: ts.Statement) {
  if (ts.isSwitchStatement(node)) return M.unsupportedSyntax('`switch`', 'use `if` and `else if`');
  if (ts.isDoStatement(node)) return M.unsupportedSyntax('`do … while`', 'use `while`');
  if (ts.isForInStatement(node))
    return M.unsupportedSyntax('`for … in`', 'use `for (const k of Object.keys(x))`, which unrolls');
  if (ts.isTryStatement(node)) return M.unsupportedSyntax('`try`', 'use T.assert for what must hold');
  if (ts.isLabeledStatement(node)) return M.unsupportedSyntax('a label', 'use a device scalar as a flag');
  if (ts.isClassDeclaration(node)) return M.unsupportedSyntax('a class', 'define it outside the kernel');
  if (ts.isEnumDeclaration(node)) return M.unsupportedSyntax('an enum', 'define it outside the kernel');
  if (node.kind === K.DebuggerStatement)
    return M.unsupportedSyntax('`debugger`', 'use T.print, or a breakpoint on the CPU backend');
  return M.unsupportedSyntax(`a ${K[node.kind]}`);
}

function expressionStatement(fx: Frontend, scope: Scope, e: ts.Expression): undefined {
  if (isAssignment(e)) assignment(fx, scope, e);
  else if (
    (ts.isPostfixUnaryExpression(e) || ts.isPrefixUnaryExpression(e)) &&
    (e.operator === K.PlusPlusToken || e.operator === K.MinusMinusToken)
  )
    increment(fx, scope, e);
  else evaluate(fx, scope, e);
}

function ifStatement(fx: Frontend, scope: Scope, node: ts.IfStatement): Completion {
  const c = evaluate(fx, scope, node.expression);
  if (!isDeviceValue(c)) {
    const taken = truthOf(fx, c, node.expression) ? node.thenStatement : node.elseStatement;
    return taken ? body(fx, scope, taken) : undefined;
  }
  const cond = condition(deviceOf(fx, c, node.expression), fx.span(node.expression));
  const branch = (s: ts.Statement | undefined) =>
    s ? fx.underControl(() => fx.collect(() => body(fx, scope, s))) : [];
  const then = branch(node.thenStatement);
  fx.emit({ kind: 'if', cond, then, else: branch(node.elseStatement), span: fx.span(node.expression) });
  return undefined;
}

function returnStatement(fx: Frontend, scope: Scope, node: ts.ReturnStatement): Completion {
  const underDevice = fx.control > fx.fn.control;
  if (fx.fn.inlined) {
    if (underDevice) return fx.fail(M.earlyReturn(), node);
    return { kind: 'return', value: node.expression ? evaluate(fx, scope, node.expression) : host(undefined) };
  }
  if (node.expression) return fx.fail(M.kernelReturns(), node);
  if (fx.parallel) return fx.fail(M.jumpInParallel('return'), node);
  if (!underDevice) return { kind: 'return', value: host(undefined) };
  fx.emit({ kind: 'return', span: fx.span(node) });
  return undefined;
}

function jump(fx: Frontend, node: ts.BreakStatement | ts.ContinueStatement): Completion {
  const what = ts.isBreakStatement(node) ? 'break' : 'continue';
  if (node.label) return fx.fail(M.unsupportedSyntax('a label', 'use a device scalar as a flag'), node);
  const loop = fx.loops.at(-1);
  switch (loop?.kind) {
    case undefined:
      throw new Error(`internal: ${what} outside a loop, which does not parse`);
    case 'parallel':
      return fx.fail(M.jumpInParallel(what), node);
    case 'host':
      if (fx.control > loop.control) return fx.fail(M.hostLoopExit(what), node);
      return { kind: what };
    case 'device':
      fx.emit({ kind: what, span: fx.span(node) });
      // What follows in this block is not reached.
      return undefined;
  }
}

/** `throw` is for what the host can see: options that do not fit together. */
function throwStatement(fx: Frontend, scope: Scope, node: ts.ThrowStatement): Completion {
  if (fx.control > 0) return fx.fail(M.unsupportedSyntax('`throw` under a device condition', 'use T.assert'), node);
  const e = node.expression;
  const text = ts.isNewExpression(e) && e.arguments?.[0] ? evaluate(fx, scope, e.arguments[0]) : evaluate(fx, scope, e);
  return fx.fail(M.hostThrow(String(hostOf(fx, text, node, '`throw`'))), node);
}
