/** Results in groups. */
import type { WorkloadResult } from './result.ts';

/** In the order in which operators first appear. */
export function byOperator(results: readonly WorkloadResult[]): readonly (readonly [string, WorkloadResult[]])[] {
  const groups = new Map<string, WorkloadResult[]>();
  for (const r of results) {
    const group = groups.get(r.op);
    if (group) group.push(r);
    else groups.set(r.op, [r]);
  }
  return [...groups];
}

/** FLOPs a byte above which the tensor cores are what limits; an H100's are at about 250. */
const INTENSE = 100;

/** Are TFLOP/s what tells about most of them, rather than GB/s? */
export const isComputeBound = (results: readonly WorkloadResult[]): boolean =>
  results.filter((r) => r.flops / r.bytes > INTENSE).length * 2 >= results.length;
