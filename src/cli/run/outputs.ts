/** What a launch left in its tensors, in a few numbers. */
import type { Tensor } from '../../runtime/tensor.ts';

export interface OutputSummary {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Over the finite elements; null where there are none. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly nan: number;
  readonly infinite: number;
}

/** Tensors that differ from before the launch. */
export async function changedTensors(
  before: Readonly<Record<string, Tensor>>,
  after: Readonly<Record<string, Tensor>>,
): Promise<OutputSummary[]> {
  const changed: OutputSummary[] = [];
  for (const [name, tensor] of Object.entries(after)) {
    const was = await before[name]!.toRaw();
    const is = await tensor.toRaw();
    const same = Buffer.from(was.buffer, was.byteOffset, was.byteLength).equals(
      Buffer.from(is.buffer, is.byteOffset, is.byteLength),
    );
    if (!same) changed.push(summarize(name, tensor, await tensor.toFloat64Array()));
  }
  return changed;
}

function summarize(name: string, { dtype, shape }: Tensor, values: Float64Array): OutputSummary {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let nan = 0;
  let infinite = 0;
  for (const x of values) {
    if (Number.isNaN(x)) nan++;
    else if (!Number.isFinite(x)) infinite++;
    else {
      if (x < min) min = x;
      if (x > max) max = x;
      sum += x;
    }
  }
  const finite = values.length - nan - infinite;
  const known = finite > 0 ? { min, max, mean: sum / finite } : { min: null, max: null, mean: null };
  return { name, dtype, shape, ...known, nan, infinite };
}
