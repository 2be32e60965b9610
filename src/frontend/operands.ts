/** Values that cannot be operands: what is undefined, and tiles taken whole. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import { constantInt } from '../ir/tile/build.ts';
import type { Frontend } from './context.ts';
import { describe, type Value } from './values.ts';

const LONGEST_TEXT = 60;

/** An expression without parentheses and what only TypeScript sees. */
export function bare(node: ts.Node): ts.Node {
  const inner =
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isSatisfiesExpression(node);
  return inner ? bare(node.expression) : node;
}

/** The expression as the user wrote it, if it is short. */
function textOf(fx: Frontend, node: ts.Node): string | undefined {
  const text = bare(node).getText(fx.source.file);
  return text.length > LONGEST_TEXT || text.includes('\n') ? undefined : text;
}

/** The node of a call's argument; the call itself where a spread makes that unclear. */
export const argumentNode = (call: ts.CallExpression, i: number): ts.Node =>
  call.arguments.some(ts.isSpreadElement) ? call : (call.arguments[i] ?? call);

/** Refuses `undefined` and `null` where a value is needed. */
export function present(fx: Frontend, v: Value, node: ts.Node): void {
  if (v.kind !== 'host' || (v.v !== undefined && v.v !== null)) return;
  if (v.from !== undefined) fx.fail(M.givesNothing(v.from), node);
  fx.fail(M.undefinedValue(textOf(fx, node) ?? 'this', String(v.v)), node);
}

const INDICES = ['i', 'j', 'k', 'l'] as const;

/** Refuses tiles and regions as operands of what works on elements. `write` makes the expression of the operands' texts. */
export function refuseWhole(
  fx: Frontend,
  what: string,
  operands: readonly { readonly v: Value; readonly node: ts.Node }[],
  write: (texts: readonly string[]) => string,
  node: ts.Node,
): void {
  const whole = operands.find(({ v }) => v.kind === 'tile' || v.kind === 'region');
  if (!whole) return;
  fx.fail(M.wholeOperand(what, describe(whole.v), elementsOf(fx, whole.v, operands, write)), node);
}

/** `for (const [i, j] of T.Parallel(M, N)) … = a[i][j] + b[i][j]`, where the tiles are of one constant shape. */
function elementsOf(
  fx: Frontend,
  first: Value,
  operands: readonly { readonly v: Value; readonly node: ts.Node }[],
  write: (texts: readonly string[]) => string,
): string | undefined {
  if (first.kind !== 'tile') return undefined;
  const shape = first.tile.shape.map((n) => (typeof n === 'number' ? n : constantInt(n)));
  if (shape.length > INDICES.length || shape.includes(undefined)) return undefined;
  const vars = INDICES.slice(0, shape.length);
  const texts = operands.map(({ v, node }) => {
    const text = textOf(fx, node);
    return v.kind === 'tile' && text !== undefined && v.tile.shape.length === vars.length
      ? `${text}${vars.map((i) => `[${i}]`).join('')}`
      : v.kind === 'tile' || v.kind === 'region'
        ? undefined
        : text;
  });
  if (texts.includes(undefined)) return undefined;
  const loop = `for (const [${vars.join(', ')}] of T.Parallel(${shape.join(', ')}))`;
  return `${loop} … = ${write(texts as readonly string[])}`;
}
