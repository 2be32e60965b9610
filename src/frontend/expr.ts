/** Expressions: evaluated on the host where everything in them is known, made into IR where not. */
import { ts } from 'ts-morph';
import { noArguments, noThis } from '../diagnostics/messages/capture.ts';
import * as M from '../diagnostics/messages/language.ts';
import { fail } from '../diagnostics/report.ts';
import { type DimExpr, type DimValue, dimOf } from '../dsl/sig.ts';
import { type DType, isInteger } from '../ir/dtype.ts';
import { i32, mul } from '../ir/tile/build.ts';
import type { BinaryOp, Expr } from '../ir/tile/schema.ts';
import {
  adaptable,
  adapted,
  arith,
  condition,
  hostConstant,
  isAdaptable,
  naturalDType,
  promote,
  unify,
} from './arith.ts';
import { call } from './call.ts';
import { type Frontend, Skipped } from './context.ts';
import { hostBinary } from './host-operators.ts';
import { arrayLiteral, elementAccess, objectLiteral, propertyAccess } from './members.ts';
import { bare, present, refuseWhole } from './operands.ts';
import type { Scope } from './scope.ts';
import { similar } from './similar.ts';
import { describe, device, host, type Value } from './values.ts';

const K = ts.SyntaxKind;

const BINARY: Partial<Record<ts.SyntaxKind, readonly [BinaryOp, string]>> = {
  [K.PlusToken]: ['add', '+'],
  [K.MinusToken]: ['sub', '-'],
  [K.AsteriskToken]: ['mul', '*'],
  [K.SlashToken]: ['div', '/'],
  [K.PercentToken]: ['rem', '%'],
  [K.AmpersandToken]: ['and', '&'],
  [K.BarToken]: ['or', '|'],
  [K.CaretToken]: ['xor', '^'],
  [K.LessThanLessThanToken]: ['shl', '<<'],
  [K.GreaterThanGreaterThanToken]: ['shr', '>>'],
  [K.GreaterThanGreaterThanGreaterThanToken]: ['shr', '>>>'],
  [K.EqualsEqualsEqualsToken]: ['eq', '==='],
  [K.ExclamationEqualsEqualsToken]: ['ne', '!=='],
  [K.LessThanToken]: ['lt', '<'],
  [K.LessThanEqualsToken]: ['le', '<='],
  [K.GreaterThanToken]: ['gt', '>'],
  [K.GreaterThanEqualsToken]: ['ge', '>='],
};

/** The operator behind `+=` and its like. */
export const COMPOUND: Partial<Record<ts.SyntaxKind, ts.SyntaxKind>> = {
  [K.PlusEqualsToken]: K.PlusToken,
  [K.MinusEqualsToken]: K.MinusToken,
  [K.AsteriskEqualsToken]: K.AsteriskToken,
  [K.SlashEqualsToken]: K.SlashToken,
  [K.PercentEqualsToken]: K.PercentToken,
  [K.AmpersandEqualsToken]: K.AmpersandToken,
  [K.BarEqualsToken]: K.BarToken,
  [K.CaretEqualsToken]: K.CaretToken,
  [K.LessThanLessThanEqualsToken]: K.LessThanLessThanToken,
  [K.GreaterThanGreaterThanEqualsToken]: K.GreaterThanGreaterThanToken,
  [K.AsteriskAsteriskEqualsToken]: K.AsteriskAsteriskToken,
};

export interface Hint {
  /** What the result will be called: names tiles after their variables. */
  readonly name?: string;
  /** For a result that is taken apart: the name of each item. */
  readonly names?: readonly (string | undefined)[];
}

export function evaluate(fx: Frontend, scope: Scope, node: ts.Expression, hint: Hint = {}): Value {
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isTypeAssertionExpression(node)
  )
    return evaluate(fx, scope, node.expression, hint);
  if (ts.isNumericLiteral(node)) return numeric(Number(node.text), node.getText(fx.source.file));
  if (ts.isBigIntLiteral(node)) return host(BigInt(node.text.slice(0, -1)));
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return host(node.text);
  if (ts.isIdentifier(node)) return lookup(fx, scope, node);
  if (ts.isBinaryExpression(node)) return binaryExpression(fx, scope, node);
  if (ts.isPrefixUnaryExpression(node)) return prefix(fx, scope, node);
  if (ts.isConditionalExpression(node)) return conditional(fx, scope, node);
  if (ts.isElementAccessExpression(node)) return elementAccess(fx, scope, node);
  if (ts.isPropertyAccessExpression(node)) return propertyAccess(fx, scope, node);
  if (ts.isCallExpression(node)) return call(fx, scope, node, hint);
  if (ts.isArrayLiteralExpression(node)) return arrayLiteral(fx, scope, node, hint);
  if (ts.isObjectLiteralExpression(node)) return objectLiteral(fx, scope, node);
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) {
    refuseSpecial(fx, node);
    return { kind: 'closure', name: hint.name ?? 'function', node, scope, source: fx.source };
  }
  if (ts.isTemplateExpression(node))
    return host(
      node.head.text +
        node.templateSpans
          .map((s) => {
            const v = evaluate(fx, scope, s.expression);
            return String(hostOf(fx, v, s.expression, 'a template string', M.HOST_TEXT)) + s.literal.text;
          })
          .join(''),
    );
  if (ts.isTypeOfExpression(node)) {
    const v = evaluate(fx, scope, node.expression);
    return host(v.kind === 'host' ? typeof v.v : v.kind === 'device' ? 'number' : 'object');
  }
  if (ts.isVoidExpression(node)) return host(undefined);
  switch (node.kind) {
    case K.TrueKeyword:
      return host(true);
    case K.FalseKeyword:
      return host(false);
    case K.NullKeyword:
      return host(null);
    default:
  }
  return fx.fail(unsupported(node), node);
}

/** A literal is an integer or a float by its text. */
const numeric = (v: number, text: string): Value =>
  /^0[xob]/i.test(text) || !/[.e]/i.test(text) ? host(v) : { kind: 'host', v, float: true };

function unsupported(node: ts.Node) {
  if (ts.isNewExpression(node))
    return M.unsupportedSyntax('`new`', 'make the value outside and let the kernel capture it');
  if (ts.isAwaitExpression(node))
    return M.unsupportedSyntax('`await`', 'nothing is awaited on the device: leave it out');
  if (ts.isYieldExpression(node)) return M.unsupportedSyntax('`yield`', 'make an array, and loop over it');
  if (ts.isDeleteExpression(node))
    return M.unsupportedSyntax('`delete`', 'make an object without it: `const { a, ...rest } = o`');
  if (ts.isRegularExpressionLiteral(node)) return M.unsupportedSyntax('a regular expression');
  if (ts.isTaggedTemplateExpression(node)) return M.unsupportedSyntax('a tagged template');
  if (ts.isClassExpression(node)) return M.unsupportedSyntax('a class');
  if (node.kind === K.ThisKeyword) return noThis('this');
  if (node.kind === K.SuperKeyword) return noThis('super');
  if (ts.isMetaProperty(node)) return noThis('new.target');
  if (ts.isPostfixUnaryExpression(node))
    return M.unsupportedSyntax('`++` or `--` inside an expression', 'make it a statement of its own');
  return M.unsupportedSyntax(K[node.kind] ?? 'this');
}

/** Functions that do not give what they return when they are called. */
export function refuseSpecial(fx: Frontend, node: ts.FunctionLikeDeclaration): void {
  if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((m) => m.kind === K.AsyncKeyword))
    fx.fail(M.unsupportedSyntax('an async function', 'nothing is awaited on the device: leave `async` out'), node);
  if (node.asteriskToken)
    fx.fail(M.unsupportedSyntax('a generator', 'return an array: `for (const x of [1, 2])` unrolls'), node);
}

export function lookup(fx: Frontend, scope: Scope, node: ts.Identifier): Value {
  const name = node.text;
  const b = scope.get(name);
  if (b?.kind === 'skipped') throw new Skipped();
  if (b)
    return b.kind === 'device' ? device({ kind: 'var', name: b.name, dtype: b.dtype, span: fx.span(node) }) : b.value;
  const { capture } = fx.source;
  if (Object.hasOwn(capture.free, name)) {
    if (capture.mutable.includes(name)) fx.fail(M.mutableCapture(name), node);
    return onHost(fx, node, capture.free[name]!);
  }
  if (name === 'undefined') return host(undefined);
  if (name === 'arguments') return fx.fail(noArguments(), node);
  if (name in globalThis) return host((globalThis as Record<string, unknown>)[name]);
  return fx.fail(M.unknownName(name, similar(name, [...scope.visible(), ...Object.keys(capture.free)])), node);
}

const isDim = (v: unknown): boolean => dimOf(v) !== undefined;

/** A captured value: dimensions become device values, all else stays on the host. */
export function captured(fx: Frontend, v: unknown, node: ts.Node): Value {
  const size = dimOf(v);
  return size ? device(dimExpr(fx, size, node)) : host(v);
}

/** A dimension or product of dimensions, i32. */
export function dimExpr(fx: Frontend, size: DimValue | DimExpr, node: ts.Node): Expr {
  const span = fx.span(node);
  const factors = size.kind === 'dim' ? [size] : size.factors;
  return factors
    .map((f): Expr => {
      if (typeof f === 'number') return i32(f, span);
      fx.dim(f.name, f.multipleOf);
      return { kind: 'var', name: f.name, dtype: 'i32', span };
    })
    .reduce((a, b) => mul(a, b, span));
}

/** The device expression of a value; host numbers take `like`'s dtype, else their natural one. */
export function deviceOf(fx: Frontend, v: Value, node: ts.Node, like?: Expr): Expr {
  present(fx, v, node);
  switch (v.kind) {
    case 'device':
      return v.e;
    case 'element':
      return loadOf(v);
    case 'host':
      if (typeof v.v === 'number' || typeof v.v === 'boolean' || typeof v.v === 'bigint')
        return hostConstant(v.v, like ? promote(like).dtype : naturalDType(v.v, v.float), fx.span(node), v.float);
      if (isDim(v.v)) return deviceOf(fx, captured(fx, v.v, node), node);
      return fx.fail(M.notANumber(describe(v)), node);
    default:
      return fx.fail(M.notANumber(describe(v)), node);
  }
}

export function loadOf(v: Extract<Value, { kind: 'element' }>): Expr {
  const rank = v.tile.shape.length;
  if (v.indices.length !== rank) fail(M.indexCount(v.tile.name, v.indices.length, rank), v.span);
  return { kind: 'load', buffer: v.tile.name, indices: v.indices, dtype: v.tile.dtype, span: v.span };
}

/** The value as JavaScript has it. `what`: what needs it, `hint`: what to do where it is not known while compiling. */
export function hostOf(fx: Frontend, v: Value, node: ts.Node, what: string, hint?: string): unknown {
  if (v.kind === 'host') return v.v;
  if (v.kind === 'list') return v.items.map((x) => hostOf(fx, x, node, what, hint));
  const other = v.kind === 'device' || v.kind === 'element' ? undefined : describe(v);
  return fx.fail(M.notOnHost(what, other, hint), node);
}

/** Does a host condition hold? Tiles, lists and functions are there, so they count as true. */
export function truthOf(fx: Frontend, v: Value, node: ts.Node): boolean {
  return v.kind === 'device' || v.kind === 'element' || v.kind === 'host'
    ? Boolean(hostOf(fx, v, node, 'a condition'))
    : true;
}

/** Device values and elements: what makes an expression IR. */
export const isDeviceValue = (v: Value): boolean =>
  v.kind === 'device' || v.kind === 'element' || (v.kind === 'host' && isDim(v.v));

/** What host code gives; what it throws is the user's error. */
function onHost(fx: Frontend, node: ts.Node, f: () => unknown): Value {
  let v: unknown;
  try {
    v = f();
  } catch (e) {
    return fx.fail(M.hostError(e instanceof Error ? e.message : String(e)), node);
  }
  return captured(fx, v, node);
}

function binaryExpression(fx: Frontend, scope: Scope, node: ts.BinaryExpression): Value {
  const op = node.operatorToken.kind;
  if (op === K.CommaToken) return fx.fail(M.unsupportedSyntax('the comma operator'), node);
  if (op === K.EqualsEqualsToken || op === K.ExclamationEqualsToken)
    return fx.fail(M.looseEquality(op === K.EqualsEqualsToken ? '==' : '!='), node.operatorToken);
  if (LOGICAL_ASSIGNMENTS.has(op)) {
    const symbol = ts.tokenToString(op)!;
    const [to, from] = [node.left, node.right].map((e) => bare(e).getText(fx.source.file));
    return fx.fail(
      M.unsupportedSyntax(
        `\`${symbol}\``,
        `assign under an \`if\`, or for bools \`${to} = ${to} ${symbol.slice(0, -1)} ${from}\``,
      ),
      node,
    );
  }
  if (op === K.EqualsToken || COMPOUND[op])
    return fx.fail(M.unsupportedSyntax('an assignment inside an expression', 'make it a statement of its own'), node);
  const a = evaluate(fx, scope, node.left);
  if (op === K.AmpersandAmpersandToken || op === K.BarBarToken) {
    if (!isDeviceValue(a)) {
      const takesRight = truthOf(fx, a, node.left) === (op === K.AmpersandAmpersandToken);
      return takesRight ? evaluate(fx, scope, node.right) : a;
    }
    const left = condition(deviceOf(fx, a, node.left), fx.span(node.left));
    const b = fx.guard(() => evaluate(fx, scope, node.right));
    if (b.kind === 'host') {
      const decides = op === K.AmpersandAmpersandToken ? !b.v : Boolean(b.v);
      return decides ? host(Boolean(b.v)) : device(left);
    }
    const right = condition(deviceOf(fx, b, node.right), fx.span(node.right));
    return device({
      kind: 'binary',
      op: op === K.AmpersandAmpersandToken ? 'land' : 'lor',
      a: left,
      b: right,
      dtype: 'bool',
      span: fx.span(node),
    });
  }
  if (op === K.QuestionQuestionToken) {
    const nothing = a.kind === 'host' && (a.v === null || a.v === undefined);
    return nothing ? evaluate(fx, scope, node.right) : a;
  }
  const b = evaluate(fx, scope, node.right);
  return applyBinary(fx, op, a, b, node);
}

const LOGICAL_ASSIGNMENTS: ReadonlySet<ts.SyntaxKind> = new Set([
  K.BarBarEqualsToken,
  K.AmpersandAmpersandEqualsToken,
  K.QuestionQuestionEqualsToken,
]);

/** What JavaScript gives for `undefined` too, and what it gives is meant: comparisons, and `in`. */
const TESTS: ReadonlySet<ts.SyntaxKind> = new Set([
  K.EqualsEqualsEqualsToken,
  K.ExclamationEqualsEqualsToken,
  K.LessThanToken,
  K.LessThanEqualsToken,
  K.GreaterThanToken,
  K.GreaterThanEqualsToken,
  K.InKeyword,
]);

const isNothing = (v: Value): boolean => v.kind === 'host' && (v.v === undefined || v.v === null);

/** `===` of values of which one is a tile or nothing: known while compiling. */
function identical(fx: Frontend, a: Operand, b: Operand, symbol: string, node: ts.Node): boolean | undefined {
  if (isNothing(a.v) !== isNothing(b.v)) return false;
  if (a.v.kind !== 'tile' || b.v.kind !== 'tile') return a.v.kind === 'tile' || b.v.kind === 'tile' ? false : undefined;
  // A macro may ask whether it was given one tile twice. Of the kernel's own tiles it is clear, and not what is meant.
  const byName = [a, b].every(({ v, node: n }) => {
    const e = bare(n);
    return v.kind === 'tile' && ts.isIdentifier(e) && e.text === v.tile.name;
  });
  if (byName && !fx.fn.inlined) refuseWhole(fx, `\`${symbol}\``, [a, b], ([x, y]) => `${x} ${symbol} ${y}`, node);
  return a.v.tile.name === b.v.tile.name;
}

interface Operand {
  readonly v: Value;
  readonly node: ts.Node;
}

/** `a op b` for operands already evaluated. */
export function applyBinary(fx: Frontend, op: ts.SyntaxKind, a: Value, b: Value, node: ts.Node): Value {
  const [left, right] = ts.isBinaryExpression(node) ? [node.left, node.right] : [node, node];
  const operands: readonly [Operand, Operand] = [
    { v: a, node: left },
    { v: b, node: right },
  ];
  if (op === K.EqualsEqualsEqualsToken || op === K.ExclamationEqualsEqualsToken) {
    const symbol = op === K.EqualsEqualsEqualsToken ? '===' : '!==';
    const same = identical(fx, ...operands, symbol, node);
    if (same !== undefined) return host(same === (symbol === '==='));
  }
  const symbol = BINARY[op]?.[1] ?? ts.tokenToString(op) ?? '';
  refuseWhole(fx, `\`${symbol}\``, operands, ([x, y]) => `${x} ${symbol} ${y}`, node);
  const onDevice = isDeviceValue(a) || isDeviceValue(b);
  const joins = op === K.PlusToken && operands.some(({ v }) => v.kind === 'host' && typeof v.v === 'string');
  if (onDevice || !(TESTS.has(op) || joins)) for (const o of operands) present(fx, o.v, o.node);
  if (!onDevice) {
    const x = hostOf(fx, a, left, `\`${symbol}\``) as number;
    const y = hostOf(fx, b, right, `\`${symbol}\``) as number;
    return onHost(fx, node, () => hostBinary(op, x, y));
  }
  if (op === K.AsteriskAsteriskToken) {
    const [x, y] = pair(fx, a, b, node, '**');
    if (y.kind === 'const' && Number(y.value) === 2) return device(arith('mul', x, x, '*', fx.span(node)));
    return device({ kind: 'call', fn: 'pow', args: [x, y], dtype: x.dtype, span: fx.span(node) });
  }
  const row = BINARY[op];
  if (!row) return fx.fail(M.unsupportedSyntax(`\`${symbol}\` on device values`), node);
  const [irOp] = row;
  const [x, y] = pair(fx, a, b, node, symbol);
  if (symbol === '>>>' && x.dtype !== 'u32' && x.dtype !== 'u64') fx.fail(M.integersOnly('>>>', x.dtype), node);
  return device(arith(irOp, x, y, symbol, fx.span(node)));
}

/** Both operands as device values: a host number takes the other's dtype. */
export function pair(fx: Frontend, a: Value, b: Value, node: ts.Node, symbol: string): readonly [Expr, Expr] {
  const aIsHost = a.kind === 'host' && !isDim(a.v);
  const bIsHost = b.kind === 'host' && !isDim(b.v);
  if (aIsHost) {
    const y = deviceOf(fx, b, node);
    return unify(symbol, deviceOf(fx, a, node, y), y, fx.span(node));
  }
  const x = deviceOf(fx, a, node);
  return unify(symbol, x, deviceOf(fx, b, node, bIsHost ? x : undefined), fx.span(node));
}

function prefix(fx: Frontend, scope: Scope, node: ts.PrefixUnaryExpression): Value {
  if (node.operator === K.PlusPlusToken || node.operator === K.MinusMinusToken)
    return fx.fail(M.unsupportedSyntax('`++` or `--` inside an expression', 'make it a statement of its own'), node);
  const v = evaluate(fx, scope, node.operand);
  const span = fx.span(node);
  const symbol = ts.tokenToString(node.operator) ?? '';
  if (node.operator !== K.ExclamationToken) {
    refuseWhole(fx, `\`${symbol}\``, [{ v, node: node.operand }], ([x]) => `${symbol}${x}`, node);
    present(fx, v, node.operand);
  }
  if (!isDeviceValue(v)) {
    if (node.operator === K.ExclamationToken) return host(!truthOf(fx, v, node.operand));
    const x = hostOf(fx, v, node, `\`${symbol}\``) as number;
    switch (node.operator) {
      case K.MinusToken:
        return { kind: 'host', v: -x, float: v.kind === 'host' && v.float === true };
      case K.PlusToken:
        return host(+x);
      default:
        return host(~x);
    }
  }
  const raw = deviceOf(fx, v, node.operand);
  switch (node.operator) {
    case K.ExclamationToken:
      return device({ kind: 'unary', op: 'not', a: condition(raw, span), dtype: 'bool', span });
    case K.PlusToken:
      return device(promote(raw));
    case K.MinusToken: {
      const a = promote(raw);
      if (a.dtype === 'bool') fx.fail(M.dtypeMismatch('-', 'bool', 'bool'), node);
      return device({ kind: 'unary', op: 'neg', a, dtype: a.dtype, span });
    }
    default: {
      const a = promote(raw);
      if (!isInteger(a.dtype)) fx.fail(M.integersOnly('~', a.dtype), node);
      return device({ kind: 'unary', op: 'bitnot', a, dtype: a.dtype, span });
    }
  }
}

function conditional(fx: Frontend, scope: Scope, node: ts.ConditionalExpression): Value {
  const c = evaluate(fx, scope, node.condition);
  if (!isDeviceValue(c)) return evaluate(fx, scope, truthOf(fx, c, node) ? node.whenTrue : node.whenFalse);
  const cond = condition(deviceOf(fx, c, node.condition), fx.span(node.condition));
  const [a, b] = fx.guard(() => [evaluate(fx, scope, node.whenTrue), evaluate(fx, scope, node.whenFalse)] as const);
  return device(selectOf(fx, cond, a, b, node, [node.whenTrue, node.whenFalse]));
}

/** `cond ? a : b`; `nodes`: where a and b stand. */
export function selectOf(
  fx: Frontend,
  cond: Expr,
  a: Value,
  b: Value,
  node: ts.Node,
  nodes: readonly [ts.Node, ts.Node],
): Expr {
  const span = fx.span(node);
  [a, b].forEach((v, i) => {
    present(fx, v, nodes[i]!);
    if (v.kind === 'tile' || v.kind === 'region') fx.fail(M.notANumber(describe(v), M.CHOOSE_ELEMENTS), nodes[i]!);
  });
  const select = (x: Expr, y: Expr): Expr => ({ kind: 'select', cond, a: x, b: y, dtype: x.dtype, span });
  const isHost = (v: Value): boolean => v.kind === 'host' && !isDim(v.v);
  if (isHost(a) && isHost(b)) {
    const [x, y] = [deviceOf(fx, a, node), deviceOf(fx, b, node)];
    if (x.dtype === 'bool' && y.dtype === 'bool') return select(x, y);
    const dtype = x.dtype === 'f32' || y.dtype === 'f32' ? 'f32' : x.dtype;
    return adaptable(dtype, (d) => select(deviceAs(fx, a, d, node), deviceAs(fx, b, d, node)));
  }
  if (isHost(a) || isHost(b)) {
    // A value and a number are chosen between as they are; nothing is computed with them.
    const known = deviceOf(fx, isHost(a) ? b : a, node);
    const make = (d: DType): Expr => select(deviceAs(fx, a, d, node), deviceAs(fx, b, d, node));
    return isAdaptable(known) ? adaptable(known.dtype, make) : make(known.dtype);
  }
  const [x, y] = [deviceOf(fx, a, node), deviceOf(fx, b, node)];
  if (isAdaptable(x) && isAdaptable(y)) return adaptable(x.dtype, (d) => select(adapted(x, d), adapted(y, d)));
  return x.dtype === y.dtype ? select(x, y) : select(...unify('? :', x, y, span));
}

/** A host number in the dtype, or a device value that has it or takes it. */
const deviceAs = (fx: Frontend, v: Value, dtype: DType, node: ts.Node): Expr =>
  v.kind === 'host' && !isDim(v.v)
    ? hostConstant(v.v, dtype, fx.span(node), v.float)
    : adapted(deviceOf(fx, v, node), dtype);
