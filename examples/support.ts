/** What the lessons share: where their kernels run, and how they check themselves. */
import { Device, type DeviceName, type Tensor } from 'tilec';

/** The GPU if there is one, else the CPU; `TILEC_DEVICE=cpu` keeps a lesson off the GPU. */
export const device = (process.env.TILEC_DEVICE ?? (Device.available() ? 'cuda' : 'cpu')) as DeviceName;

/** Prints the largest error, or throws unless |got − want| ≤ atol + rtol · |want| everywhere. NaN is never near anything. */
export async function check(
  what: string,
  got: Tensor,
  want: ArrayLike<number>,
  { atol = 0, rtol = 0 }: { readonly atol?: number; readonly rtol?: number } = {},
): Promise<void> {
  const values = await got.toFloat64Array();
  if (values.length !== want.length) throw new Error(`${what}: ${values.length} elements, not ${want.length}`);
  let worst = 0;
  values.forEach((x, i) => {
    const error = Math.abs(x - want[i]!);
    if (!(error <= atol + rtol * Math.abs(want[i]!))) throw new Error(`${what}: element ${i} is ${x}, not ${want[i]}`);
    worst = Math.max(worst, error);
  });
  console.log(`${what}: ${values.length} elements on ${got.device}, largest error ${worst.toPrecision(2)}`);
}

/** The matrix product of row-major a [M, K] and b [K, N] in 64-bit floating point. */
export function product(a: Float64Array, b: Float64Array, M: number, N: number, K: number): Float64Array {
  const c = new Float64Array(M * N);
  for (let m = 0; m < M; m++)
    for (let k = 0; k < K; k++) for (let n = 0; n < N; n++) c[m * N + n]! += a[m * K + k]! * b[k * N + n]!;
  return c;
}
