/**
 * c[m, n] += Σ_k a[m, k] · b[k, n] over dense row-major arrays, k in order. One function a storage class, so that each
 * only ever meets one kind of array.
 */

/** Each multiply-add is rounded to f32, by being stored. */
export function gemmF32(c: Float32Array, a: Float32Array, b: Float32Array, M: number, N: number, K: number): void {
  const { fround } = Math;
  const whole = K - (K % 4);
  for (let m = 0; m < M; m++) {
    const row = m * N;
    const aRow = m * K;
    let k = 0;
    for (; k < whole; k += 4) {
      const a0 = a[aRow + k]!;
      const a1 = a[aRow + k + 1]!;
      const a2 = a[aRow + k + 2]!;
      const a3 = a[aRow + k + 3]!;
      const b0 = k * N;
      const b1 = b0 + N;
      const b2 = b1 + N;
      const b3 = b2 + N;
      for (let n = 0; n < N; n++) {
        const s0 = fround(c[row + n]! + a0 * b[b0 + n]!);
        const s1 = fround(s0 + a1 * b[b1 + n]!);
        const s2 = fround(s1 + a2 * b[b2 + n]!);
        c[row + n] = s2 + a3 * b[b3 + n]!;
      }
    }
    for (; k < K; k++) {
      const ak = a[aRow + k]!;
      const bRow = k * N;
      for (let n = 0; n < N; n++) c[row + n] = c[row + n]! + ak * b[bRow + n]!;
    }
  }
}

export function gemmF64(c: Float64Array, a: Float64Array, b: Float64Array, M: number, N: number, K: number): void {
  for (let m = 0; m < M; m++) {
    const row = m * N;
    for (let k = 0; k < K; k++) {
      const ak = a[m * K + k]!;
      const bRow = k * N;
      for (let n = 0; n < N; n++) c[row + n] = c[row + n]! + ak * b[bRow + n]!;
    }
  }
}

/** Wraps at 32 bits; serves u32 too, whose low bits are the same. */
export function gemmI32(c: Int32Array, a: Int32Array, b: Int32Array, M: number, N: number, K: number): void {
  const { imul } = Math;
  for (let m = 0; m < M; m++) {
    const row = m * N;
    for (let k = 0; k < K; k++) {
      const ak = a[m * K + k]!;
      const bRow = k * N;
      for (let n = 0; n < N; n++) c[row + n] = c[row + n]! + imul(ak, b[bRow + n]!);
    }
  }
}
