/** The tensors of a workload, filled as the manifest says, where they are used: gigabytes take no longer than copying them. */
import { POISON, randomInputs } from '../../manifest/inputs.ts';
import type { ResolvedTensor, ResolvedWorkload } from '../../manifest/workload.ts';
import { DTYPE_VALUES, type DTypeValue } from '../dsl/dtypes.ts';
import type { DType } from '../ir/dtype.ts';
import type { CpuDevice } from '../runtime/cpu-device.ts';
import type { Device } from '../runtime/device.ts';
import { Tensor, type TensorData } from '../runtime/tensor.ts';

export type Inputs = Readonly<Record<string, Tensor>>;

/**
 * Different random numbers of a tensor; behind them they repeat. A prime, so that no two of its first million rows are
 * alike, whatever their length.
 */
export const PERIOD = 1_048_573;

const dtypeValue = (dtype: DType): DTypeValue => DTYPE_VALUES[dtype] as DTypeValue;

/** All tensors of the workload by name. The caller disposes of them. The same numbers for the same seed. */
export async function makeInputs(w: ResolvedWorkload, device: Device | CpuDevice, seed = 1): Promise<Inputs> {
  const made: Record<string, Tensor> = {};
  try {
    for (const [i, t] of w.tensors.entries()) {
      const tensor = Tensor.empty(t.shape, dtypeValue(t.dtype), { device });
      made[t.name] = tensor;
      await fill(tensor, t, w, seed + i);
    }
    return made;
  } catch (e) {
    disposeInputs(made);
    throw e;
  }
}

export function disposeInputs(inputs: Inputs): void {
  for (const t of Object.values(inputs)) t.dispose();
}

async function fill(target: Tensor, t: ResolvedTensor, w: ResolvedWorkload, seed: number): Promise<void> {
  switch (t.entry.fill.kind) {
    case 'poison':
      target.fill(POISON);
      return;
    case 'constant':
      target.fill(t.entry.fill.value);
      return;
    case 'normal':
      await repeat(target, await values({ ...t, shape: [Math.min(target.size, PERIOD)] }, w, seed));
      return;
    case 'rotary':
    case 'index':
    case 'list':
    case 'prefixSums':
    case 'pages':
      await target.copyFrom((await values(t, w, seed)).reshape(t.shape));
      return;
  }
}

async function values(t: ResolvedTensor, w: ResolvedWorkload, seed: number): Promise<Tensor> {
  const [input] = randomInputs({ ...w, tensors: [t] }, seed);
  return Tensor.from(input!.values as TensorData, dtypeValue(t.dtype));
}

/** Fills `target` with the elements of `block` again and again: what is there already is copied behind itself. */
async function repeat(target: Tensor, block: Tensor): Promise<void> {
  const flat = target.reshape([target.size]);
  const part = async (start: number, source: Tensor): Promise<void> => {
    const place = flat.slice(start, start + source.size);
    await place.copyFrom(source);
    place.dispose();
  };
  await part(0, block);
  for (let done = block.size; done < target.size; done *= 2) {
    const source = flat.slice(0, Math.min(done, target.size - done));
    await part(done, source);
    source.dispose();
  }
  flat.dispose();
}
