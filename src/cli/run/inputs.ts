/** Arguments for a kernel that nobody has data for: sizes as asked, random elements. */
import { badSize, badValue, tooLarge, unknownDims, unknownParameters } from '../../diagnostics/messages/cli.ts';
import { DTYPE_VALUES } from '../../dsl/dtypes.ts';
import { classOf, type DType } from '../../ir/dtype.ts';
import type { Extent, Signature } from '../../runtime/signature.ts';
import { Tensor } from '../../runtime/tensor.ts';
import { uniform } from '../../runtime/uniform.ts';
import { UsageError } from '../exit.ts';
import type { Options } from '../load/options.ts';

/** What a dimension is that nobody gave, before it is rounded up to what the kernel was promised. */
const DEFAULT_SIZE = 256;
/** Random integers lie below this: they are often indices. */
const INTEGERS = 8;
/** Sizes are 32-bit integers to a kernel. */
const MOST = 2 ** 31 - 1;

export type Scalar = number | boolean;

export interface Inputs {
  readonly dims: Readonly<Record<string, number>>;
  /** On the CPU. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly scalars: Readonly<Record<string, Scalar>>;
}

export interface InputOptions {
  readonly shape: Options;
  /** Values for scalars, and for all elements of tensors. */
  readonly set: Options;
  readonly seed: number;
}

/** Throws `UsageError` for names that the signature does not have and sizes that are none. */
export function makeInputs(signature: Signature, { shape, set, seed }: InputOptions): Inputs {
  const dimNames = signature.dims.map((d) => d.name);
  const strangers = (given: Options, known: readonly string[]): string[] =>
    Object.keys(given).filter((n) => !known.includes(n));
  const noDims = strangers(shape, dimNames);
  if (noDims.length > 0) throw new UsageError(unknownDims(noDims, dimNames));
  const names = signature.params.map((p) => p.name);
  const noParams = strangers(set, names);
  if (noParams.length > 0) throw new UsageError(unknownParameters(noParams, names));

  const sizes = signature.dims.map(({ name, multipleOf }) => {
    const given = shape[name] ?? Math.ceil(DEFAULT_SIZE / multipleOf) * multipleOf;
    if (typeof given !== 'number' || !Number.isInteger(given) || given < 0 || given > MOST)
      throw new UsageError(badSize(name, MOST, given));
    return given;
  });
  const sizeOf = ({ coef, dims }: Extent): number => dims.reduce((n, d) => n * sizes[d]!, coef);
  const tensors: Record<string, Tensor> = {};
  const scalars: Record<string, Scalar> = {};
  signature.params.forEach((p, i) => {
    const value = set[p.name];
    if (typeof value === 'string') throw new UsageError(badValue(p.name, value));
    if (p.kind === 'scalar') scalars[p.name] = value ?? (p.dtype === 'bool' ? true : 1);
    else tensors[p.name] = made(p.name, p.dtype, p.shape.map(sizeOf), value, seed * 1000 + i);
  });
  return { dims: Object.fromEntries(dimNames.map((n, i) => [n, sizes[i]!])), tensors, scalars };
}

/** Throws `UsageError` where there is not the memory. */
function made(name: string, dtype: DType, shape: readonly number[], value: Scalar | undefined, seed: number): Tensor {
  try {
    return filled(dtype, shape, value, seed);
  } catch (e) {
    if (e instanceof RangeError) throw new UsageError(tooLarge(`${name}: ${dtype} [${shape.join(', ')}]`));
    throw e;
  }
}

function filled(dtype: DType, shape: readonly number[], value: Scalar | undefined, seed: number): Tensor {
  const as = DTYPE_VALUES[dtype];
  if (value !== undefined) return Tensor.full<DType>(shape, value, as);
  if (classOf(dtype) === 'float') return Tensor.random<DType>(shape, as, { seed });
  const size = shape.reduce((a, b) => a * b, 1);
  const integers = uniform(size, 0, dtype === 'bool' ? 2 : INTEGERS, seed).map(Math.floor);
  return Tensor.from<DType>(integers, as, shape);
}
