/** How far a result is from its reference. */

/** |got − want| ≤ atol + rtol · |want|, element by element. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

/** Floors that the operator's description sets; kernels with f32 accumulation do far better. */
export const TOLERANCES = {
  f16: { atol: 5e-3, rtol: 1e-5 },
  bf16: { atol: 8e-2, rtol: 1e-2 },
  fp8Cache: { atol: 8e-2, rtol: 2e-2 },
} as const satisfies Record<string, Tolerance>;

export interface Difference {
  readonly maxAbs: number;
  /** ‖got − want‖ / ‖want‖. */
  readonly relative: number;
  /** Elements beyond the tolerance, or NaN in one of the two only. */
  readonly bad: number;
  /** The first of those. */
  readonly first?: { readonly index: number; readonly got: number; readonly want: number };
}

export function difference(got: ArrayLike<number>, want: ArrayLike<number>, { atol, rtol }: Tolerance): Difference {
  if (got.length !== want.length) throw new RangeError(`${got.length} elements, but the reference has ${want.length}`);
  let maxAbs = 0;
  let square = 0;
  let norm = 0;
  let bad = 0;
  let first: Difference['first'];
  for (let i = 0; i < want.length; i++) {
    const g = got[i]!;
    const w = want[i]!;
    if (g === w || (Number.isNaN(g) && Number.isNaN(w))) {
      if (Number.isFinite(w)) norm += w * w;
      continue;
    }
    const d = Math.abs(g - w);
    if (!(d <= atol + rtol * Math.abs(w))) {
      bad++;
      first ??= { index: i, got: g, want: w };
    }
    if (d > maxAbs) maxAbs = d;
    square += d * d;
    norm += w * w;
  }
  return { maxAbs, relative: Math.sqrt(square / (norm || 1)), bad, first };
}

/** Throws, with the first bad element, unless all are within the tolerance. */
export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: Tolerance,
  what = 'result',
): void {
  const d = difference(got, want, tolerance);
  if (d.first)
    throw new Error(
      `${what}: ${d.bad} of ${want.length} elements are off; [${d.first.index}] is ${d.first.got}, not ${d.first.want} ` +
        `(largest difference ${d.maxAbs}, relative ${d.relative})`,
    );
}

/** Throws unless the two hold the same bytes. */
export function expectBytes(got: Uint8Array, want: Uint8Array, what = 'bytes'): void {
  if (got.length !== want.length) throw new Error(`${what}: ${got.length} bytes, not ${want.length}`);
  for (let i = 0; i < want.length; i++)
    if (got[i] !== want[i])
      throw new Error(`${what}: byte ${i} is 0x${got[i]!.toString(16)}, not 0x${want[i]!.toString(16)}`);
}
