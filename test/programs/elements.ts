/** Values of every dtype, and functions of them evaluated on a device. */
import { DTYPE_VALUES } from '../../src/dsl/dtypes.ts';
import type { DType } from '../../src/ir/dtype.ts';
import { decodeElements, type Raw } from '../../src/runtime/elements.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import type { DeviceUnderTest } from '../ops/paged.ts';
import { type EachElement, eachElement } from './kernels/eachElement.ts';
import { tensorsOn } from './tensors.ts';

/** A number; a bigint of 64-bit integers; a boolean. */
export type Value = number | bigint | boolean;

/** The functions of the inputs, given as raw elements: by their names, a value for each element. */
export async function evaluate(
  device: DeviceUnderTest,
  inputs: readonly { readonly dtype: DType; readonly raw: Raw }[],
  functions: EachElement['functions'],
  dtypeOf: EachElement['dtypeOf'],
): Promise<Record<string, ArrayLike<Value>>> {
  const make = tensorsOn(device);
  const n = inputs[0]!.raw.length;
  const call: Record<string, Tensor> = {};
  for (const [i, { dtype, raw }] of inputs.entries())
    call[`in${i}`] = await make.raw(DTYPE_VALUES[dtype], raw as never);
  for (const name of Object.keys(functions))
    call[`out_${name}`] = await make.poisoned(DTYPE_VALUES[dtypeOf(name)], [n]);
  await eachElement({ inputs: inputs.map((x) => x.dtype), functions, dtypeOf })(call as never);
  const out: Record<string, ArrayLike<Value>> = {};
  for (const name of Object.keys(functions)) {
    const t = call[`out_${name}`]!;
    out[name] = decodeElements(t.dtype, await t.toRaw());
  }
  return out;
}

/** Throws at the first element that is not the wanted one; zeros of both signs differ, NaNs do not. */
export function expectSame(
  what: string,
  got: ArrayLike<Value>,
  want: readonly Value[],
  of: (i: number) => string,
): void {
  if (got.length !== want.length) throw new Error(`${what}: ${got.length} values, not ${want.length}`);
  for (const [i, w] of want.entries())
    if (!Object.is(got[i], w)) throw new Error(`${what} of ${of(i)} is ${text(got[i]!)}, not ${text(w)}`);
}

/** Throws at the first element that is not the wanted number nor as close to it as `bound` says: an absolute error. */
export function expectWithin(
  what: string,
  got: ArrayLike<Value>,
  want: readonly number[],
  bound: (want: number) => number,
  of: (i: number) => string,
): void {
  for (const [i, w] of want.entries()) {
    const g = Number(got[i]);
    if (g === w || (Number.isNaN(g) && Number.isNaN(w)) || Math.abs(g - w) <= bound(w)) continue;
    throw new Error(`${what} of ${of(i)} is ${text(g)}, not ${text(w)} ± ${bound(w)}`);
  }
}

const text = (x: Value): string => (Object.is(x, -0) ? '-0' : String(x));
