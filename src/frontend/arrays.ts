/** Methods of arrays, on arrays that may hold tiles and device values. */
import type { ts } from 'ts-morph';
import type { Frontend } from './context.ts';
import { hostOf } from './expr.ts';
import { itemsOf } from './pattern.ts';
import { type Closure, host, listOf, type Value } from './values.ts';

type Apply = (f: Closure, args: readonly Value[]) => Value;

/** Methods that take a function of the kernel; undefined for others. */
export function visitArray(
  fx: Frontend,
  items: readonly Value[],
  name: string,
  f: Closure,
  initial: Value | undefined,
  apply: Apply,
  node: ts.Node,
): Value | undefined {
  const each = (v: Value, i: number): Value => apply(f, [v, host(i)]);
  const test = (v: Value, i: number): boolean => Boolean(hostOf(fx, each(v, i), node, `the condition of ${name}`));
  switch (name) {
    case 'map':
      return listOf(items.map(each));
    case 'flatMap':
      return listOf(items.flatMap((v, i) => itemsOf(fx, each(v, i), node)));
    case 'forEach':
      items.forEach(each);
      return host(undefined);
    case 'reduce': {
      const [first = host(undefined), ...rest] = initial ? [initial, ...items] : items;
      return rest.reduce((acc, v) => apply(f, [acc, v]), first);
    }
    case 'filter':
      return listOf(items.filter(test));
    case 'find':
      return items.find(test) ?? host(undefined);
    case 'some':
      return host(items.some(test));
    case 'every':
      return host(items.every(test));
    default:
      return undefined;
  }
}

/** Methods that only move items about; undefined for others. */
export function mixedArray(
  fx: Frontend,
  items: readonly Value[],
  name: string,
  args: readonly Value[],
  node: ts.Node,
): Value | undefined {
  const number = (v: Value | undefined): number | undefined =>
    v && (hostOf(fx, v, node, `an argument of ${name}`) as number | undefined);
  switch (name) {
    case 'concat':
      return listOf([
        ...items,
        ...args.flatMap((v) => (v.kind === 'list' || v.kind === 'host' ? itemsOf(fx, v, node) : [v])),
      ]);
    case 'slice':
      return listOf(items.slice(number(args[0]), number(args[1])));
    case 'at':
      return items.at(number(args[0]) ?? 0) ?? host(undefined);
    case 'toReversed':
      return listOf(items.toReversed());
    case 'entries':
      return listOf(items.map((v, i) => listOf([host(i), v])));
    default:
      return undefined;
  }
}
