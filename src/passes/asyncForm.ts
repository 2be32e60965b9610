/** The parallel loops that `cp.async` can stand for. */
import type { Expr, Load, Parallel, Select, Store } from '../ir/tile/schema.ts';

/** `store(shared, load(global))` or `store(shared, select(cond, load(global), 0))`: what `cp.async` can do. */
export function asyncForm(
  p: Parallel,
): { readonly store: Store; readonly load: Load; readonly cond?: Expr } | undefined {
  const [store, ...rest] = p.body;
  if (rest.length > 0 || store?.kind !== 'store') return undefined;
  const { value } = store;
  if (value.kind === 'load') return { store, load: value };
  if (value.kind === 'select' && value.a.kind === 'load' && isZeroFloat(value))
    return { store, load: value.a, cond: value.cond };
  return undefined;
}
const isZeroFloat = (e: Select): boolean => e.b.kind === 'const' && Object.is(Number(e.b.value), 0);
