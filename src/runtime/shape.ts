/** Shapes of dense, row-major tensors. */
export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

/** Throws RangeError for anything but whole numbers ≥ 0. */
export function checkShape(shape: Shape): void {
  for (const n of shape)
    if (!(Number.isSafeInteger(n) && n >= 0)) throw new RangeError(`shape [${shape.join(', ')}]: ${n} is not a size`);
  if (!Number.isSafeInteger(sizeOf(shape))) throw new RangeError(`shape [${shape.join(', ')}] has too many elements`);
}

export type Nested<X> = readonly (X | Nested<X>)[];

/** The shape of nested arrays, and their values in order. Throws RangeError where lengths differ. */
export function flatten<X>(nested: Nested<X>): { readonly shape: number[]; readonly flat: X[] } {
  const shape: number[] = [];
  for (
    let level: X | Nested<X> | undefined = nested;
    Array.isArray(level);
    level = level[0] as X | Nested<X> | undefined
  )
    shape.push(level.length);
  const flat: X[] = [];
  const walk = (at: X | Nested<X>, depth: number): void => {
    const isArray = Array.isArray(at);
    if (isArray !== depth < shape.length || (isArray && at.length !== shape[depth]))
      throw new RangeError(`nested arrays of unequal length: expected shape [${shape.join(', ')}]`);
    if (isArray) for (const x of at as Nested<X>) walk(x, depth + 1);
    else flat.push(at as X);
  };
  walk(nested, 0);
  return { shape, flat };
}

/** Values in order as nested arrays of the shape; the value itself for the shape []. */
export function nest<X>(flat: ArrayLike<X>, shape: Shape): X | Nested<X> {
  let at = 0;
  const build = (depth: number): X | Nested<X> =>
    depth === shape.length ? flat[at++]! : Array.from({ length: shape[depth]! }, () => build(depth + 1));
  return build(0);
}
