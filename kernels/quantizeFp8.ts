/** Quantisation to e4m3 with scales found from the data: absmax / 448, or 1 where all is zero. */
import { dim, type f32 as F32, f8e4m3, f32, i32, kernel, macro, T, tensor } from 'tilec';
import { quantizeFp8 } from './macros/fp8.ts';
import { ROW_DTYPES, type RowConfig, rowTiling, sheetTiling } from './rows.ts';

const E4M3_MAX = 448;

/** 1 where all is zero, or so small that the quotient is. */
const scaleOf = macro((absMax: F32) => {
  const scale = absMax / E4M3_MAX;
  return T.select(scale > 0, scale, 1);
});

/** A scale for each row. x: [rows, n]; out: [rows, n] f8e4m3; scale: [rows] f32. */
export function quantizeFp8Rows(config: RowConfig) {
  const { n, dtype } = config;
  const type = ROW_DTYPES[dtype];
  const rows = dim('rows');
  const { BM, N, threads } = rowTiling(config);
  return kernel(
    { x: tensor(type, [rows, n]), out: tensor(f8e4m3, [rows, n]), scale: tensor(f32, [rows]) },
    ({ x, out, scale }) => {
      const [block] = T.grid([T.ceilDiv(rows, BM)], { threads });
      const tile = T.fragment(type, [BM, N]);
      const scales = T.fragment(f32, [BM]);
      const q = T.fragment(f8e4m3, [BM, N]);
      T.copy(x.tile([block * BM, 0], [BM, N]), tile);
      T.reduceAbsMax(tile, scales, { dim: 1 });
      for (const [m] of T.Parallel(BM)) scales[m] = scaleOf(scales[m]);
      for (const [m, i] of T.Parallel(BM, N)) q[m][i] = quantizeFp8(f32(tile[m][i]), scales[m]);
      T.copy(q, out.tile([block * BM, 0], [BM, N]));
      T.copy(scales, scale.tile([block * BM], [BM]));
    },
  );
}

export interface SheetConfig extends RowConfig {
  /** Columns of a block. */
  readonly BN?: number;
}

const perThread = ({ dtype }: RowConfig): number => (dtype === 'f32' ? 16 : 32);

/**
 * The largest magnitude of x [rows, n], as the bits of an f32 in `absMax` [1], which must be 0 before: the bits of
 * non-negative floats are in the order of the floats.
 */
export function absMaxBits(config: SheetConfig) {
  const { n, dtype } = config;
  const type = ROW_DTYPES[dtype];
  const rows = dim('rows');
  const { BM, BN, threads } = sheetTiling(config, perThread(config));
  return kernel({ x: tensor(type, [rows, n]), absMax: tensor(i32, [1]) }, ({ x, absMax }) => {
    const [by, bx] = T.grid([T.ceilDiv(rows, BM), T.ceilDiv(n, BN)], { threads });
    const tile = T.fragment(type, [BM, BN]);
    const ofRow = T.fragment(f32, [BM]);
    const largest = T.fragment(f32, [1]);
    T.copy(x.tile([by * BM, bx * BN], [BM, BN]), tile);
    T.reduceAbsMax(tile, ofRow, { dim: 1 });
    T.reduceMax(ofRow, largest, { dim: 0 });
    // One a block: atomics at one place wait for each other.
    for (const [i] of T.Parallel(1)) T.atomicMax(absMax[0], T.bitcast(i32, largest[i]));
  });
}

/** One scale, from `absMaxBits`. x: [rows, n]; absMax: [1]; out: [rows, n] f8e4m3; scale: [1] f32, written. */
export function quantizeFp8Tensor(config: SheetConfig) {
  const { n, dtype } = config;
  const type = ROW_DTYPES[dtype];
  const rows = dim('rows');
  const { BM, BN, threads } = sheetTiling(config, perThread(config));
  return kernel(
    { x: tensor(type, [rows, n]), absMax: tensor(i32, [1]), out: tensor(f8e4m3, [rows, n]), scale: tensor(f32, [1]) },
    ({ x, absMax, out, scale }) => {
      const [turn, bx] = T.grid([T.ceilDiv(rows, BM), T.ceilDiv(n, BN)], { threads });
      // Last rows first: the search for the maximum has just left them in L2.
      const by = T.ceilDiv(rows, BM) - 1 - turn;
      const tile = T.fragment(type, [BM, BN]);
      const q = T.fragment(f8e4m3, [BM, BN]);
      T.copy(x.tile([by * BM, bx * BN], [BM, BN]), tile);
      const s = scaleOf(T.bitcast(f32, absMax[0]));
      for (const [m, i] of T.Parallel(BM, BN)) q[m][i] = quantizeFp8(f32(tile[m][i]), s);
      T.copy(q, out.tile([by * BM, bx * BN], [BM, BN]));
      if (by === 0 && bx === 0) scale[0] = s;
    },
  );
}
