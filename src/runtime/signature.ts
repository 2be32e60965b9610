/** What the host knows of a kernel in order to call it: plain data, kept beside the cubin in the cache. */
import type { Sig } from '../dsl/sig.ts';
import { dimOf } from '../dsl/sig.ts';
import type { DType } from '../ir/dtype.ts';
import type { Expr, Kernel } from '../ir/tile/schema.ts';

/** A product: `coef` times the dimensions of these indices. */
export interface Extent {
  readonly coef: number;
  readonly dims: readonly number[];
}
export type ParamRecord =
  | { readonly kind: 'tensor'; readonly name: string; readonly dtype: DType; readonly shape: readonly Extent[] }
  | { readonly kind: 'scalar'; readonly name: string; readonly dtype: DType };
export interface DimRecord {
  readonly name: string;
  readonly multipleOf: number;
}
export interface Signature {
  readonly name: string;
  readonly params: readonly ParamRecord[];
  readonly dims: readonly DimRecord[];
}

/** The signature as its author wrote it. */
export function signatureOfSig(name: string, sig: Sig): Signature {
  const dims: DimRecord[] = [];
  const indexOf = (dim: DimRecord): number => {
    const known = dims.findIndex((d) => d.name === dim.name);
    return known >= 0 ? known : dims.push({ name: dim.name, multipleOf: dim.multipleOf }) - 1;
  };
  const params = Object.entries(sig).map(([p, s]): ParamRecord => {
    if (s.kind === 'scalar') return { kind: 'scalar', name: p, dtype: s.dtype };
    const shape = s.shape.map((entry) => {
      const d = dimOf(entry);
      const factors = d === undefined ? [Number(entry)] : d.kind === 'dim' ? [d] : d.factors;
      return extent(factors, indexOf);
    });
    return { kind: 'tensor', name: p, dtype: s.dtype, shape };
  });
  return { name, params, dims };
}

function extent(factors: readonly (number | DimRecord)[], indexOf: (d: DimRecord) => number): Extent {
  let coef = 1;
  const dims: number[] = [];
  for (const f of factors) {
    if (typeof f === 'number') coef *= f;
    else dims.push(indexOf(f));
  }
  return { coef, dims };
}

/** The signature of a kernel in Tile IR or Device IR. */
export function signatureOfKernel(kernel: Pick<Kernel, 'name' | 'params' | 'dims'>): Signature {
  const dims = kernel.dims.map(({ name, multipleOf }) => ({ name, multipleOf }));
  const factors = (e: Expr): readonly (number | DimRecord)[] => {
    if (e.kind === 'const') return [Number(e.value)];
    if (e.kind === 'var') return [dims.find((d) => d.name === e.name) ?? { name: e.name, multipleOf: 1 }];
    if (e.kind === 'binary' && e.op === 'mul') return [...factors(e.a), ...factors(e.b)];
    if (e.kind === 'cast') return factors(e.a);
    throw new Error(`internal: a tensor's extent is a ${e.kind}`);
  };
  const params = kernel.params.map((p): ParamRecord => {
    if (p.kind === 'scalar') return { kind: 'scalar', name: p.name, dtype: p.dtype };
    const shape = p.shape.map((e) => extent(factors(e), (d) => dims.findIndex((x) => x.name === d.name)));
    return { kind: 'tensor', name: p.name, dtype: p.dtype, shape };
  });
  return { name: kernel.name, params, dims };
}

/** A shape as its author wrote it: `[batch, 64·pages]`. */
export function shapeText(shape: readonly Extent[], dims: readonly DimRecord[]): string {
  const text = ({ coef, dims: of }: Extent): string => {
    const names = of.map((d) => dims[d]!.name);
    return [...(coef !== 1 || names.length === 0 ? [String(coef)] : []), ...names].join('·');
  };
  return `[${shape.map(text).join(', ')}]`;
}
