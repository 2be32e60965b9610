/** Calls: intrinsics, casts, macros, closures, methods of tiles and lists, host functions. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import type { Capture } from '../dsl/capture/record.ts';
import { dtypeOf } from '../dsl/dtypes.ts';
import { intrinsicOf } from '../dsl/intrinsics.ts';
import { macroOf } from '../dsl/macro.ts';
import { T } from '../dsl/T.ts';
import { DTYPES, type DType, isFloat, isInteger } from '../ir/dtype.ts';
import { binary } from '../ir/tile/build.ts';
import { type Expr, MATH_FNS, type MathFn } from '../ir/tile/schema.ts';
import { castTo, condition, hostConstant, promote, unify } from './arith.ts';
import { mixedArray, visitArray } from './arrays.ts';
import type { Frontend } from './context.ts';
import {
  captured,
  deviceOf,
  evaluate,
  type Hint,
  hostOf,
  isDeviceValue,
  pair,
  refuseSpecial,
  selectOf,
  truthOf,
} from './expr.ts';
import { argumentNode, bare, present, refuseWhole } from './operands.ts';
import { bindParameters, itemsOf } from './pattern.ts';
import { regionMethod } from './region.ts';
import { Scope } from './scope.ts';
import { parseCapture, type Source } from './source.ts';
import { functionBody } from './stmt.ts';
import { ALLOCATORS, allocate, LOOPS, STATEMENTS, statement } from './tileCalls.ts';
import { type Closure, describe, device, host, listOf, type Value } from './values.ts';

/** Members of T that are named otherwise in the IR. */
const RENAMED: Readonly<Record<string, MathFn>> = { isNaN: 'isnan', isInf: 'isinf', isFinite: 'isfinite' };
const MATH_TO_T: Readonly<Record<string, string>> = { clz32: 'clz', fround: 'f32' };
const INTEGER_FNS: ReadonlySet<string> = new Set(['popcount', 'clz']);
/** Integers are what they are already. */
const ROUNDING: ReadonlySet<string> = new Set(['floor', 'ceil', 'round', 'trunc']);
const ANY_NUMBER: ReadonlySet<string> = new Set(['abs', 'clamp', 'sign']);

/** What gives another value at each call: a kernel would keep that of the day it was compiled. */
const CHANGING: ReadonlySet<unknown> = new Set([
  Math.random,
  Date,
  Date.now,
  performance.now,
  process.hrtime,
  process.hrtime.bigint,
  crypto.randomUUID,
  crypto.getRandomValues,
]);
const PRINTERS: ReadonlySet<unknown> = new Set([console.log, console.info, console.warn, console.error, console.debug]);

export function call(fx: Frontend, scope: Scope, node: ts.CallExpression, hint: Hint): Value {
  const callee = evaluate(fx, scope, node.expression);
  if (callee.kind === 'host') {
    const name = intrinsicOf(callee.v);
    if (name !== undefined) return intrinsic(fx, scope, name, node, hint);
  }
  const args = callArguments(fx, scope, node);
  switch (callee.kind) {
    case 'closure':
      return closureCall(fx, callee, args, node);
    case 'method':
      return method(fx, callee.on, callee.name, args, node);
    case 'host': {
      const dtype = dtypeOf(callee.v);
      if (dtype) return cast(fx, dtype, args, node);
      const def = macroOf(callee.v);
      if (def) return macroCall(fx, def.capture, args, node);
      return hostCall(fx, callee.v, undefined, node.expression.getText(fx.source.file), args, node);
    }
    default:
      return fx.fail(M.notAFunction(describe(callee)), node);
  }
}

export function callArguments(fx: Frontend, scope: Scope, node: ts.CallExpression): Value[] {
  return node.arguments.flatMap((a): readonly Value[] => {
    if (!ts.isSpreadElement(a)) return [evaluate(fx, scope, a)];
    const v = evaluate(fx, scope, a.expression);
    return v.kind === 'list'
      ? v.items
      : [...(hostOf(fx, v, a, 'a spread') as Iterable<unknown>)].map((x) => captured(fx, x, a));
  });
}

// ------------------------------------------------------------------------------------------------------- host functions

function hostCall(
  fx: Frontend,
  f: unknown,
  self: unknown,
  name: string,
  args: readonly Value[],
  node: ts.CallExpression,
): Value {
  if (typeof f !== 'function') return fx.fail(M.notAFunction(`\`${name}\``), node);
  if (args.some((a) => a.kind === 'closure'))
    return fx.fail(
      M.unsupportedSyntax(
        'passing a function of the kernel to a host function',
        'use a `for` loop over the host array',
      ),
      node,
    );
  const math = Object.getOwnPropertyNames(Math).find((k) => (Math as unknown as Record<string, unknown>)[k] === f);
  const onDevice = args.find((a) => isDeviceValue(a) || a.kind === 'tile' || a.kind === 'region');
  if (onDevice) {
    if (math) return mathCall(fx, math, args, node);
    const prints = PRINTERS.has(f) && args.every((a) => isDeviceValue(a) || a.kind === 'host');
    const instead = prints ? M.printInstead(node.arguments.map((a) => a.getText(fx.source.file))) : undefined;
    return fx.fail(
      M.hostCallWithDevice(name, isDeviceValue(onDevice) ? 'a device value' : describe(onDevice), instead),
      node,
    );
  }
  if (CHANGING.has(f)) fx.fail(M.changesBetweenCompiles(`${name}()`), node);
  if (math) for (const [i, a] of args.entries()) present(fx, a, argumentNode(node, i));
  const plain = args.map((a) => hostOf(fx, a, node, 'a host function'));
  try {
    return captured(fx, Reflect.apply(f, self, plain), node);
  } catch (e) {
    if (e instanceof Error && e.name === 'CompileError') throw e;
    return fx.fail(M.hostError(e instanceof Error ? e.message : String(e)), node);
  }
}

/** `Math.f` of device values means `T.f`. */
function mathCall(fx: Frontend, name: string, args: readonly Value[], node: ts.CallExpression): Value {
  const t = MATH_TO_T[name] ?? name;
  if (t === 'f32') return cast(fx, 'f32', args, node);
  if (t === 'min' || t === 'max' || Object.hasOwn(MATH_FNS, t)) {
    return expression(fx, t, args, node);
  }
  return fx.fail(M.mathHasNoDevice(name), node);
}

function method(fx: Frontend, on: Value, name: string, args: readonly Value[], node: ts.CallExpression): Value {
  if (on.kind === 'tile' && name === 'tile') return regionMethod(fx, on.tile, args, node);
  const apply = (f: Closure, values: readonly Value[]): Value => closureCall(fx, f, values, node);
  const f = args[0];
  if (changes(on, name) && !isNew(node.expression)) fx.fail(M.hostObject(insteadOf(name)), node);
  const items =
    on.kind === 'list' ? on.items : on.kind === 'host' && Array.isArray(on.v) ? itemsOf(fx, on, node) : undefined;
  if (items && f?.kind === 'closure') {
    const result = visitArray(fx, items, name, f, args[1], apply, node);
    if (result) return result;
  }
  // Array.from({ length: n }, f)
  const second = args[1];
  if (on.kind === 'host' && on.v === Array && name === 'from' && f && second?.kind === 'closure') {
    const source = Array.from(hostOf(fx, f, node, 'the source of Array.from') as ArrayLike<unknown>);
    return listOf(source.map((x, i) => apply(second, [captured(fx, x, node), host(i)])));
  }
  if (on.kind === 'list') {
    const result = mixedArray(fx, on.items, name, args, node);
    if (result) return result;
  }
  if (on.kind !== 'host') return fx.fail(M.unknownProperty(describe(on), name), node);
  return hostCall(
    fx,
    (on.v as Record<string, unknown>)[name],
    on.v,
    bare(node.expression).getText(fx.source.file),
    args,
    node,
  );
}

const COPYING: Readonly<Record<string, string>> = { sort: 'toSorted', reverse: 'toReversed', splice: 'toSpliced' };
const CHANGING_LISTS: ReadonlySet<string> = new Set([
  ...['push', 'pop', 'shift', 'unshift', 'fill', 'copyWithin', 'set'],
  ...Object.keys(COPYING),
]);
const CHANGING_SETS: ReadonlySet<string> = new Set(['add', 'set', 'delete', 'clear']);

/** Does the method change what it is called on? */
function changes(on: Value, name: string): boolean {
  if (on.kind === 'list') return CHANGING_LISTS.has(name);
  if (on.kind !== 'host') return false;
  if (on.v instanceof Map || on.v instanceof Set) return CHANGING_SETS.has(name);
  return (Array.isArray(on.v) || ArrayBuffer.isView(on.v)) && CHANGING_LISTS.has(name);
}

/** Is the method called on something that nothing else can see, such as `[...list].sort()`? */
function isNew(callee: ts.Expression): boolean {
  const on = bare(callee);
  const from = ts.isPropertyAccessExpression(on) ? bare(on.expression) : on;
  return ts.isArrayLiteralExpression(from) || ts.isCallExpression(from);
}

function insteadOf(name: string): string | undefined {
  if (Object.hasOwn(COPYING, name)) return M.copyingMethod(COPYING[name]!);
  return name === 'push' || name === 'unshift' ? M.NEW_LIST : undefined;
}

// ------------------------------------------------------------------------------------------------------------ inlining

function macroCall(fx: Frontend, capture: Capture, args: readonly Value[], node: ts.CallExpression): Value {
  const source = parseCapture(capture);
  refuseSpecialOf(fx, source);
  const key = `${capture.file}:${capture.line}:${capture.column}`;
  return inline(fx, { name: capture.name, key, node: source.fn, scope: new Scope(), source }, args, node);
}

/** An async macro is refused where it is defined. */
function refuseSpecialOf(fx: Frontend, source: Source): void {
  const outer = fx.source;
  fx.source = source;
  refuseSpecial(fx, source.fn);
  fx.source = outer;
}

interface Inlined {
  readonly name: string;
  /** Equal for two calls of one function. */
  readonly key: string;
  readonly node: ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration;
  readonly scope: Scope;
  readonly source: Source;
}

const closureCall = (fx: Frontend, f: Closure, args: readonly Value[], node: ts.CallExpression): Value =>
  inline(fx, { ...f, key: `${f.source.capture.file}:${f.source.capture.line}:${f.node.pos}` }, args, node);

/** Walks a function's body in place of its call. */
function inline(fx: Frontend, f: Inlined, args: readonly Value[], node: ts.CallExpression): Value {
  if (fx.macroStack.some((m) => m.key === f.key)) fx.fail(M.recursion([...fx.macroStack, f].map((m) => m.name)), node);
  const saved = { source: fx.source, via: fx.via, macroStack: fx.macroStack, loops: fx.loops, fn: fx.fn };
  const via = fx.span(node);
  Object.assign(fx, {
    source: f.source,
    via,
    macroStack: [...fx.macroStack, { key: f.key, name: f.name }],
    loops: [],
    fn: { inlined: true, control: fx.control },
  } satisfies Partial<Frontend>);
  try {
    const inner = new Scope(f.scope);
    bindParameters(fx, inner, f.node.parameters, args);
    const body = f.node.body!;
    return ts.isBlock(body) ? functionBody(fx, inner, body.statements) : evaluate(fx, inner, body);
  } finally {
    Object.assign(fx, saved);
  }
}

// ---------------------------------------------------------------------------------------------------------- intrinsics

function intrinsic(fx: Frontend, scope: Scope, name: string, node: ts.CallExpression, hint: Hint): Value {
  if (ALLOCATORS.has(name)) return allocate(fx, name, callArguments(fx, scope, node), node, hint);
  if (name === 'print') refuseTemplate(fx, scope, node);
  if (STATEMENTS.has(name)) return statement(fx, name, callArguments(fx, scope, node), node, hint);
  if (LOOPS.has(name)) return fx.fail(M.bareDevice(name), node);
  return expression(fx, name, callArguments(fx, scope, node), node);
}

/** `` T.print(`x ${x}`) `` of device values has a form of its own. */
function refuseTemplate(fx: Frontend, scope: Scope, node: ts.CallExpression): void {
  const [format, ...others] = node.arguments;
  if (!format || !ts.isTemplateExpression(format)) return;
  if (!format.templateSpans.some((s) => isDeviceValue(evaluate(fx, scope, s.expression)))) return;
  const text = [format.head.text, ...format.templateSpans.map((s) => s.literal.text)].join('{}');
  const values = [...format.templateSpans.map((s) => s.expression), ...others].map((e) => e.getText(fx.source.file));
  const fix = `T.print(${[JSON.stringify(text).replace(/^"|"$/g, "'"), ...values].join(', ')})`;
  fx.fail(M.notOnHost('a template string', undefined, M.printTemplate(fix)), format);
}

function cast(fx: Frontend, dtype: DType, args: readonly Value[], node: ts.CallExpression): Value {
  const v = args[0];
  if (!v || args.length !== 1) return fx.fail(M.wrongArgument(dtype, 'a cast takes one value'), node);
  const span = fx.span(node);
  if (v.kind === 'host' && (typeof v.v === 'number' || typeof v.v === 'bigint' || typeof v.v === 'boolean')) {
    if (dtype === 'bool') return device(hostConstant(Boolean(v.v), 'bool', span));
    const value =
      isFloat(dtype) || typeof v.v === 'bigint' ? v.v : typeof v.v === 'boolean' ? Number(v.v) : Math.trunc(v.v);
    return device(hostConstant(typeof value === 'boolean' ? Number(value) : value, dtype, span));
  }
  const at = argumentNode(node, 0);
  refuseWhole(fx, `\`${dtype}(…)\``, [{ v, node: at }], ([x]) => `${dtype}(${x})`, node);
  const e = deviceOf(fx, v, at);
  // Between narrow floats the way leads over f32, which holds them all exactly.
  const wide = isFloat(e.dtype) && isFloat(dtype) && e.dtype !== dtype ? promote(e) : e;
  return device(castTo(dtype, wide, span));
}

/** A member of T that gives a value. Host arguments alone give a host value. */
function expression(fx: Frontend, name: string, args: readonly Value[], node: ts.CallExpression): Value {
  const span = fx.span(node);
  const need = (n: number): void => {
    if (args.length !== n)
      fx.fail(M.wrongArgument(name, `takes ${n} argument${n === 1 ? '' : 's'}, not ${args.length}`), node);
  };
  if (name === 'bitcast') {
    need(2);
    const dtype = dtypeOf(hostOf(fx, args[0]!, node, 'the dtype of T.bitcast'));
    const e = deviceOf(fx, args[1]!, node);
    if (!dtype) return fx.fail(M.missingArgument(name, 'a dtype first'), node);
    if (DTYPES[dtype].bits !== DTYPES[e.dtype].bits) fx.fail(M.bitcastSize(e.dtype, dtype), node);
    return device({ kind: 'bitcast', a: e, dtype, span });
  }
  if (name === 'inlinePtx') return inlinePtx(fx, args, node);
  const operands = args.map((v, i) => ({ v, node: argumentNode(node, i) }));
  if (name !== 'select') {
    refuseWhole(fx, `T.${name}`, operands, (texts) => `T.${name}(${texts.join(', ')})`, node);
    for (const o of operands) present(fx, o.v, o.node);
  }
  if (name === 'select' ? args.every((a) => a.kind === 'host' && !isDeviceValue(a)) : !args.some(isDeviceValue)) {
    const plain = args.map((a) => hostOf(fx, a, node, `T.${name}`));
    return host(hostIntrinsic(fx, name, plain, node));
  }
  switch (name) {
    case 'select': {
      need(3);
      const [c, a, b] = args as [Value, Value, Value];
      if (!isDeviceValue(c)) return truthOf(fx, c, node) ? a : b;
      const nodes = [argumentNode(node, 1), argumentNode(node, 2)] as const;
      return device(selectOf(fx, condition(deviceOf(fx, c, argumentNode(node, 0)), span), a, b, node, nodes));
    }
    case 'ceilDiv':
    case 'floorDiv': {
      need(2);
      const [x, y] = pair(fx, args[0]!, args[1]!, node, `T.${name}`);
      if (!isInteger(x.dtype)) fx.fail(M.integersOnly(`T.${name}`, x.dtype), node);
      return device(binary(name === 'ceilDiv' ? 'ceildiv' : 'floordiv', x, y, span));
    }
    case 'min':
    case 'max':
      if (args.length < 2) need(2);
      return args.slice(1).reduce<Value>((acc, v) => {
        const [x, y] = pair(fx, acc, v, node, `T.${name}`);
        return device(binary(name, x, y, span));
      }, args[0]!);
    default:
  }
  const fn = RENAMED[name] ?? name;
  if (!Object.hasOwn(MATH_FNS, fn)) return fx.fail(M.unknownProperty('T', name), node);
  const math = fn as MathFn;
  need(MATH_FNS[math]);
  const like = args.find(isDeviceValue)!;
  const first = promote(deviceOf(fx, like, node));
  let list = args.map((a) => promote(deviceOf(fx, a, node, first)));
  for (const e of list.slice(1)) {
    const [x] = unify(`T.${name}`, list[0]!, e, span);
    if (x.dtype !== list[0]!.dtype) list = list.map((v) => castTo(x.dtype, v, span));
  }
  const dtype = list[0]!.dtype;
  if (isInteger(dtype) && ROUNDING.has(fn)) return device(list[0]!);
  if (INTEGER_FNS.has(fn) ? !isInteger(dtype) : !isFloat(dtype) && !(ANY_NUMBER.has(fn) && isInteger(dtype)))
    fx.fail(INTEGER_FNS.has(fn) ? M.integersOnly(`T.${name}`, dtype) : M.mathDtype(name, dtype), node);
  if (isInteger(dtype) && fn === 'clamp')
    return device(binary('min', binary('max', list[0]!, list[1]!, span), list[2]!, span));
  const test = fn === 'isnan' || fn === 'isinf' || fn === 'isfinite';
  return device({ kind: 'call', fn: math, args: list, dtype: test ? 'bool' : dtype, span });
}

function hostIntrinsic(fx: Frontend, name: string, args: readonly unknown[], node: ts.CallExpression): unknown {
  const f = (T as Readonly<Record<string, unknown>>)[name];
  if (typeof f !== 'function') return fx.fail(M.unknownProperty('T', name), node);
  try {
    return Reflect.apply(f, undefined, [...args]);
  } catch (e) {
    return fx.fail(M.hostError(e instanceof Error ? e.message : String(e)), node);
  }
}

function inlinePtx(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  const dtype = args[0] && dtypeOf(hostOf(fx, args[0], node, 'the dtype of T.inlinePtx'));
  const template = args[1] && hostOf(fx, args[1], node, 'the template of T.inlinePtx');
  if (!dtype || typeof template !== 'string')
    return fx.fail(M.missingArgument('inlinePtx', 'a dtype, a template and a list of arguments'), node);
  const list = args[2];
  const items: readonly Value[] =
    list?.kind === 'list'
      ? list.items
      : list?.kind === 'host' && Array.isArray(list.v)
        ? list.v.map((x) => captured(fx, x, node))
        : [];
  const options = args[3];
  const fallback =
    options?.kind === 'object'
      ? options.fields.get('fallback')
      : options?.kind === 'host' && options.v
        ? host((options.v as { fallback?: unknown }).fallback)
        : undefined;
  const hasFallback = fallback && !(fallback.kind === 'host' && fallback.v === undefined);
  const like: Expr = { kind: 'const', dtype, value: 0, span: fx.span(node) };
  return device({
    kind: 'ptx',
    template,
    args: items.map((v) => deviceOf(fx, v, node)),
    dtype,
    ...(hasFallback ? { fallback: castTo(dtype, deviceOf(fx, fallback, node, like), fx.span(node)) } : {}),
    span: fx.span(node),
  });
}
