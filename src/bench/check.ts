/** Is a result one at all? Outputs are poisoned with NaN before, so an element that is not finite was not written, or wrongly. */
import type { ResolvedWorkload } from '../../manifest/workload.ts';
import type { DType } from '../ir/dtype.ts';
import type { Raw } from '../runtime/elements.ts';
import type { Inputs } from './inputs.ts';

/** All ones in these bits: an infinity or NaN. e4m3 has no infinity, and NaN only where all bits are one. */
const EXPONENT: Partial<Readonly<Record<DType, number>>> = { f16: 0x7c00, bf16: 0x7f80, f8e4m3: 0x7f, f8e5m2: 0x7c };

export function countNotFinite(dtype: DType, raw: Raw): number {
  let count = 0;
  const mask = EXPONENT[dtype];
  if (mask !== undefined) {
    const codes = raw as Uint16Array | Uint8Array;
    for (let i = 0; i < codes.length; i++) if ((codes[i]! & mask) === mask) count++;
  } else if (raw instanceof Float32Array || raw instanceof Float64Array) {
    for (let i = 0; i < raw.length; i++) if (!Number.isFinite(raw[i])) count++;
  }
  return count;
}

/** Elements of the workload's outputs that are not finite, by tensor; empty where all is well. */
export async function badElements(w: ResolvedWorkload, inputs: Inputs): Promise<Readonly<Record<string, number>>> {
  const bad: Record<string, number> = {};
  for (const t of w.tensors) {
    if (t.entry.role !== 'out') continue;
    const count = countNotFinite(t.dtype, await inputs[t.name]!.toRaw());
    if (count > 0) bad[t.name] = count;
  }
  return bad;
}
