/** Loops: over T's iterators on the device, over host values while compiling. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import { intrinsicOf } from '../dsl/intrinsics.ts';
import { add, constantInt, i32, not } from '../ir/tile/build.ts';
import type { Expr, LoopKind, Stmt } from '../ir/tile/schema.ts';
import { condition, unify } from './arith.ts';
import { assignment, increment, isAssignment } from './assign.ts';
import { callArguments } from './call.ts';
import type { Frontend, Loop } from './context.ts';
import { declaration, namesOf } from './declare.ts';
import { deviceOf, evaluate, hostOf, isDeviceValue } from './expr.ts';
import { indexOf } from './members.ts';
import { optionsOf } from './options.ts';
import { bindPattern, itemsOf } from './pattern.ts';
import { Scope } from './scope.ts';
import { body, type Completion } from './stmt.ts';
import { LOOPS } from './tileCalls.ts';
import { device, type Value } from './values.ts';

const LONGEST_HOST_LOOP = 4096;

const KINDS = {
  serial: 'serial',
  unroll: 'unroll',
  Pipelined: 'pipelined',
  Persistent: 'persistent',
} as const satisfies Record<string, LoopKind>;

/** Walks a body inside a loop of the kind. */
function within<R>(fx: Frontend, kind: Loop['kind'], f: () => R): R {
  const outer = fx.loops;
  fx.loops = [...outer, { kind, control: fx.control }];
  try {
    return f();
  } finally {
    fx.loops = outer;
  }
}

const deviceBody = (fx: Frontend, kind: 'device' | 'parallel', f: () => void): readonly Stmt[] =>
  fx.underControl(() => within(fx, kind, () => fx.collect(f)));

export function forOf(fx: Frontend, scope: Scope, node: ts.ForOfStatement): Completion {
  if (node.awaitModifier) return fx.fail(M.unsupportedSyntax('`for await`'), node);
  if (!ts.isVariableDeclarationList(node.initializer))
    return fx.fail(
      M.unsupportedSyntax('a loop over a variable from outside', 'declare it in the loop: `for (const i of …)`'),
      node.initializer,
    );
  const target = node.initializer.declarations[0]!.name;
  const source = node.expression;
  if (ts.isCallExpression(source) && isPlainName(source.expression)) {
    const callee = evaluate(fx, scope, source.expression);
    const name = callee.kind === 'host' ? intrinsicOf(callee.v) : undefined;
    if (name !== undefined && LOOPS.has(name)) {
      const args = callArguments(fx, scope, source);
      if (name === 'Parallel') parallelLoop(fx, scope, node, target, args, source);
      else deviceLoop(fx, scope, node, target, name as keyof typeof KINDS, args, source);
      return undefined;
    }
  }
  const items = itemsOf(fx, evaluate(fx, scope, source), source);
  return hostLoop(fx, (iterate) => {
    for (const v of items) {
      const inner = new Scope(scope);
      bindPattern(fx, inner, target, v, (name, value) => inner.set(name, { kind: 'const', value }));
      if (!iterate(() => body(fx, inner, node.statement), node)) return;
    }
  });
}

/** `T.serial` or `serial`: what can be looked at without doing anything. */
const isPlainName = (e: ts.Expression): boolean =>
  ts.isIdentifier(e) || (ts.isPropertyAccessExpression(e) && ts.isIdentifier(e.expression));

/** Runs a loop while compiling. `iterate` walks the body once and says whether to go on. */
function hostLoop(
  fx: Frontend,
  run: (iterate: (walk: () => Completion, node: ts.Node) => boolean) => void,
): Completion {
  let count = 0;
  let result: Completion;
  within(fx, 'host', () =>
    run((walk, node) => {
      if (++count > LONGEST_HOST_LOOP) fx.fail(M.hostLoopTooLong(LONGEST_HOST_LOOP), node);
      const before = fx.mistakes;
      const end = walk();
      if (end?.kind === 'return') result = end;
      // What ends the loop may be among what was given up.
      if (fx.mistakes > before) return false;
      return end === undefined || end.kind === 'continue';
    }),
  );
  return result;
}

function deviceLoop(
  fx: Frontend,
  scope: Scope,
  node: ts.ForOfStatement,
  target: ts.BindingName,
  name: keyof typeof KINDS,
  args: readonly Value[],
  call: ts.CallExpression,
): void {
  if (!ts.isIdentifier(target)) fx.fail(M.wrongArgument(name, 'gives one number: `for (const i of …)`'), target);
  if (fx.parallel && (name === 'Pipelined' || name === 'Persistent')) fx.fail(M.tileInParallel(name), call);
  const bounds = [...args];
  let stages: number | undefined;
  if (name === 'Pipelined') {
    const last = bounds.at(-1);
    const hasOptions =
      last !== undefined &&
      (last.kind === 'object' || (last.kind === 'host' && typeof last.v === 'object' && !isDeviceValue(last)));
    const options = optionsOf(fx, name, hasOptions ? bounds.pop() : undefined, ['numStages'], call);
    const numStages = options.get('numStages') ?? 2;
    if (!Number.isInteger(numStages) || Number(numStages) < 1 || Number(numStages) > 8)
      fx.fail(M.numStages(numStages), call);
    stages = Number(numStages);
  }
  const most = name === 'Persistent' ? 1 : name === 'Pipelined' ? 2 : 3;
  if (bounds.length < 1 || bounds.length > most)
    fx.fail(M.wrongArgument(name, `takes 1 to ${most} bounds, not ${bounds.length}`), call);
  const given = bounds.map((v) => indexOf(fx, v, call));
  const constantAt = (n: number): Expr => i32(n, fx.span(call));
  const [first = constantAt(0), second] = given;
  const [start, stop, step] = oneDType(
    fx,
    [second ? first : constantAt(0), second ?? first, given[2] ?? constantAt(1)],
    call,
  );
  if ((constantInt(step) ?? 1) < 1) fx.fail(M.stepZero(), call);
  emitLoop(fx, scope, KINDS[name], target, { start, stop, step, stages }, node.statement, call);
}

/** Start, stop and step in the widest of their dtypes. */
function oneDType(fx: Frontend, es: readonly [Expr, Expr, Expr], node: ts.Node): readonly [Expr, Expr, Expr] {
  const span = fx.span(node);
  const widest = es.reduce((a, b) => unify('for', a, b, span)[0]);
  const widen = (e: Expr): Expr => unify('for', e, widest, span)[0];
  return [widen(es[0]), widen(es[1]), widen(es[2])];
}

interface Range {
  readonly start: Expr;
  readonly stop: Expr;
  readonly step: Expr;
  readonly stages?: number;
}

function emitLoop(
  fx: Frontend,
  scope: Scope,
  loop: LoopKind,
  target: ts.Identifier,
  range: Range,
  statement: ts.Statement,
  node: ts.Node,
): void {
  const v = fx.fresh(target.text);
  const { dtype } = range.start;
  const inner = new Scope(scope);
  inner.set(target.text, { kind: 'const', value: device({ kind: 'var', name: v, dtype, span: fx.span(target) }) });
  const known = [range.start, range.stop, range.step].every((e) => constantInt(e) !== undefined);
  if (loop === 'unroll' && known) fx.structured.add(v);
  const stmts = deviceBody(fx, 'device', () => void body(fx, inner, statement));
  const { start, stop, step, stages } = range;
  fx.emit({
    kind: 'for',
    loop,
    v,
    start,
    stop,
    step,
    ...(stages === undefined ? {} : { stages }),
    body: stmts,
    span: fx.span(node),
  });
}

function parallelLoop(
  fx: Frontend,
  scope: Scope,
  node: ts.ForOfStatement,
  target: ts.BindingName,
  args: readonly Value[],
  call: ts.CallExpression,
): void {
  if (fx.parallel) fx.fail(M.nestedParallel(), call);
  const extents = args.map((a) => (a.kind === 'host' ? Number(a.v) : fx.fail(M.parallelExtent(), call)));
  if (extents.length < 1 || extents.length > 4)
    fx.fail(M.wrongArgument('Parallel', `takes 1 to 4 extents, not ${extents.length}`), call);
  if (extents.some((n) => !Number.isInteger(n) || n < 1)) fx.fail(M.parallelExtent(), call);
  if (ts.isArrayBindingPattern(target) && target.elements.length !== extents.length)
    fx.fail(M.parallelArity(target.elements.length, extents.length), target);
  if (ts.isIdentifier(target) && extents.length === 1) fx.fail(M.parallelList(target.text), target);
  const names = ts.isArrayBindingPattern(target) ? namesOf(target) : [];
  const base = ts.isIdentifier(target) ? target.text : 'i';
  const vars = extents.map((_, d) => fx.fresh(names[d] ?? `${base}_${d}`));
  const span = fx.span(call);
  const inner = new Scope(scope);
  const values: Value = { kind: 'list', items: vars.map((v) => device({ kind: 'var', name: v, dtype: 'i32', span })) };
  bindPattern(fx, inner, target, values, (name, value) => inner.set(name, { kind: 'const', value }));
  for (const v of vars) fx.structured.add(v);
  fx.parallel = { vars, extents };
  try {
    const stmts = deviceBody(fx, 'parallel', () => void body(fx, inner, node.statement));
    fx.emit({ kind: 'parallel', vars, extents, body: stmts, span });
  } finally {
    fx.parallel = undefined;
  }
}

export function whileStatement(fx: Frontend, scope: Scope, node: ts.WhileStatement): Completion {
  const literal = node.expression.kind === ts.SyntaxKind.TrueKeyword;
  let probe: Value | undefined;
  const before = literal ? [] : fx.collect(() => (probe = evaluate(fx, scope, node.expression)));
  if (probe && !isDeviceValue(probe)) {
    return hostLoop(fx, (iterate) => {
      const test = (): boolean =>
        Boolean(hostOf(fx, evaluate(fx, scope, node.expression), node.expression, 'a condition'));
      while (test()) if (!iterate(() => body(fx, scope, node.statement), node)) return;
    });
  }
  const span = fx.span(node.expression);
  const cond: Expr = probe
    ? condition(deviceOf(fx, probe, node.expression), span)
    : { kind: 'const', dtype: 'bool', value: true, span };
  const stmts = deviceBody(fx, 'device', () => void body(fx, scope, node.statement));
  if (before.length === 0) {
    fx.emit({ kind: 'while', cond, body: stmts, span });
    return undefined;
  }
  // The condition needs statements of its own: it is evaluated at the top of each round.
  const then: readonly Stmt[] = [{ kind: 'break', span }];
  const leave: Stmt = { kind: 'if', cond: not(cond, span), then, else: [], span };
  fx.emit({
    kind: 'while',
    cond: { kind: 'const', dtype: 'bool', value: true, span },
    body: [...before, leave, ...stmts],
    span,
  });
  return undefined;
}

/** `for (let i = a; i < b; i += c)`: with host bounds it runs while compiling, else it is a serial loop. */
export function forStatement(fx: Frontend, scope: Scope, node: ts.ForStatement): Completion {
  const inner = new Scope(scope);
  const serial = serialForm(fx, scope, node);
  if (serial) {
    emitLoop(fx, scope, 'serial', serial.target, serial, node.statement, node.initializer!);
    return undefined;
  }
  if (node.initializer && ts.isVariableDeclarationList(node.initializer)) declaration(fx, inner, node.initializer);
  else if (node.initializer) step(fx, inner, node.initializer);
  const test = (): boolean => {
    if (!node.condition) return true;
    const c = evaluate(fx, inner, node.condition);
    if (isDeviceValue(c)) fx.fail(M.forForm(), node.condition);
    return Boolean(hostOf(fx, c, node.condition, 'a condition'));
  };
  return hostLoop(fx, (iterate) => {
    for (; test(); node.incrementor && step(fx, inner, node.incrementor))
      if (!iterate(() => body(fx, inner, node.statement), node)) return;
  });
}

function step(fx: Frontend, scope: Scope, e: ts.Expression): void {
  if (isAssignment(e)) assignment(fx, scope, e);
  else if (ts.isPostfixUnaryExpression(e) || ts.isPrefixUnaryExpression(e)) increment(fx, scope, e);
  else fx.fail(M.forForm(), e);
}

/** The loop as start, stop and step, where one of them is a device value. */
function serialForm(
  fx: Frontend,
  scope: Scope,
  node: ts.ForStatement,
): (Range & { readonly target: ts.Identifier }) | undefined {
  const { initializer, condition: cond, incrementor } = node;
  const d =
    initializer && ts.isVariableDeclarationList(initializer) && initializer.declarations.length === 1
      ? initializer.declarations[0]
      : undefined;
  if (!d?.initializer || !ts.isIdentifier(d.name) || !cond || !ts.isBinaryExpression(cond) || !incrementor)
    return undefined;
  const { text } = d.name;
  const isVar = (e: ts.Expression): boolean => ts.isIdentifier(e) && e.text === text;
  const K = ts.SyntaxKind;
  const inclusive = cond.operatorToken.kind === K.LessThanEqualsToken;
  if (!isVar(cond.left) || !(inclusive || cond.operatorToken.kind === K.LessThanToken)) return undefined;
  let by: Value | undefined;
  if (
    (ts.isPostfixUnaryExpression(incrementor) || ts.isPrefixUnaryExpression(incrementor)) &&
    incrementor.operator === K.PlusPlusToken &&
    isVar(incrementor.operand)
  )
    by = { kind: 'host', v: 1 };
  else if (
    ts.isBinaryExpression(incrementor) &&
    incrementor.operatorToken.kind === K.PlusEqualsToken &&
    isVar(incrementor.left)
  )
    by = evaluate(fx, scope, incrementor.right);
  if (!by) return undefined;
  const from = evaluate(fx, scope, d.initializer);
  const to = evaluate(fx, scope, cond.right);
  if (![from, to, by].some(isDeviceValue)) return undefined;
  const [start, last, stride] = oneDType(
    fx,
    [indexOf(fx, from, d), indexOf(fx, to, cond), indexOf(fx, by, incrementor)],
    node,
  );
  const stop = inclusive ? add(last, 1, last.span) : last;
  return { start, stop, step: stride, target: d.name };
}
