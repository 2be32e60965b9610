/** Matrix products: `mma.sync` fed by `ldmatrix`, or plain multiply-adds where no matrix instruction takes the dtypes. */

import type { DExpr } from '../../ir/device/schema.ts';
import { bytesOf } from '../../ir/dtype.ts';
import type { Gemm, Region } from '../../ir/tile/schema.ts';
import { factOf } from '../facts.ts';
import { type SharedIndex, sharedAt } from './address.ts';
import type { Lowering } from './context.ts';
import { add, castTo, int, mul, reg } from './dexpr.ts';
import { addCoords, type Coord, constant, type Digit, emitCoord, locate, scaleCoord, single } from './digits.ts';
import { lowerExpr, toCoord } from './expr.ts';
import { overLayout } from './parallel.ts';

/** Depth steps of a product that are unrolled together: enough to load the next ones' operands meanwhile. */
const STEPS_AT_ONCE = 4;

/** Elements of a 16-byte row of an 8×8 `ldmatrix` tile. */
const rowElements = (bytes: number): number => 16 / bytes;

interface Operand {
  readonly region: Region;
  /** Is the reduced dimension the last one in memory? */
  readonly kLast: boolean;
  readonly bytes: number;
}

export function lowerGemm(cx: Lowering, s: Gemm): void {
  if (s.clear) {
    const zero: DExpr = { kind: 'const', dtype: cx.dtypeOf(s.c.buffer), value: 0 };
    cx.unrolled('i', cx.registerCount(s.c.buffer), (i) =>
      cx.emit({ kind: 'setReg', array: s.c.buffer, index: i.expr, value: zero, span: s.span }),
    );
  }
  if (s.instr === 'fma') lowerFma(cx, s);
  else lowerMma(cx, s);
}

const matrixExtent = (r: Region): readonly [number, number] => [r.extent.at(-2)!, r.extent.at(-1)!];

function lowerMma(cx: Lowering, s: Gemm): void {
  const [M, N] = matrixExtent(s.c);
  const [a0, a1] = matrixExtent(s.a);
  const K = s.transposeA ? a0 : a1;
  const [wm, wn] = s.warps!;
  const bytes = bytesOf(cx.dtypeOf(s.b.buffer));
  const depth = 32 / bytes;
  const tilesM = M / wm / 16;
  const tilesN = N / wn / 8;
  const dtype = cx.dtypeOf(s.b.buffer);
  const aType = cx.dtypeOf(s.a.buffer);
  const cType = cx.dtypeOf(s.c.buffer);
  const warpRow = single(cx.threadDigit(32, wm), M / wm);
  const warpColumn = single(cx.threadDigit(32 * wm, wn), N / wn);
  const aInRegisters = cx.scopeOf(s.a.buffer) === 'fragment';
  const a: Operand = { region: s.a, kLast: !s.transposeA, bytes };
  const b: Operand = { region: s.b, kLast: s.transposeB, bytes };
  // Registers per tile, in elements: A 16×depth over 32 lanes, B 8×depth.
  const perA = (16 * depth) / 32;
  const perB = (8 * depth) / 32;

  const steps = (kk: Digit): void => {
    const k = single(kk, depth);
    const aRegs = aInRegisters ? s.a.buffer : cx.registers(`${s.a.buffer}_frag`, aType, tilesM * perA);
    if (!aInRegisters)
      cx.unrolled('mi', tilesM, (mi) => {
        const row = addCoords(warpRow, single(mi, 16));
        loadMatrices(cx, a, row, k, 4, 'rowsFirst', { array: aRegs, index: mul(mi.expr, int(perA)) }, s);
      });
    const multiply = (nj: Digit, wide: 1 | 2): void => {
      const bRegs = cx.registers(`${s.b.buffer}_frag`, dtype, wide * perB);
      const column = addCoords(warpColumn, single(nj, 8 * wide), constant(wide === 1 ? (tilesN - 1) * 8 : 0));
      loadMatrices(cx, b, column, k, wide === 2 ? 4 : 2, 'depthFirst', { array: bRegs, index: int(0) }, s);
      cx.unrolled('mi', tilesM, (mi) => {
        for (let half = 0; half < wide; half++) {
          const ni = wide === 1 ? int(tilesN - 1) : add(mul(nj.expr, int(2)), int(half));
          const aIndex = aInRegisters
            ? add(mul(mi.expr, int((K / depth) * perA)), mul(kk.expr, int(perA)))
            : mul(mi.expr, int(perA));
          cx.emit({
            kind: 'mma',
            shape: bytes === 1 ? 'm16n8k32' : 'm16n8k16',
            a: { array: aRegs, index: aIndex },
            aType,
            b: { array: bRegs, index: int(half * perB) },
            bType: dtype,
            c: { array: s.c.buffer, index: add(mul(mi.expr, int(tilesN * 4)), mul(ni, int(4))) },
            cType,
            span: s.span,
          });
        }
      });
    };
    cx.unrolled('nj', Math.floor(tilesN / 2), (nj) => multiply(nj, 2));
    if (tilesN % 2 === 1) multiply({ id: 'one', expr: int(0), extent: 1 }, 1);
  };
  // An operand in registers is indexed by the step; with both in memory a few steps at a time do, for less code to compile.
  cx.unrolled('kk', K / depth, steps, aInRegisters ? undefined : STEPS_AT_ONCE);
}

/**
 * One `ldmatrix` of the operand at (`outer`, `k`). Lane l gives the address of row l % 8 of tile l / 8. The four tiles are
 * two steps of 8 along the outer dimension and two half-depths along k: for A the outer step is the faster one
 * (`rowsFirst`), for B the half-depth (`depthFirst`), as the mma fragments want them.
 */
function loadMatrices(
  cx: Lowering,
  op: Operand,
  outer: Coord,
  k: Coord,
  matrices: 2 | 4,
  order: 'rowsFirst' | 'depthFirst',
  dst: { array: string; index: DExpr },
  s: Gemm,
): void {
  const row = single(cx.threadDigit(1, 8));
  const fast = single(cx.threadDigit(8, 2));
  // With two tiles the addresses of the upper lanes are ignored; they repeat the lower ones.
  const slow = matrices === 4 ? single(cx.threadDigit(16, 2)) : constant(0);
  const half = rowElements(op.bytes);
  const outerStep = order === 'rowsFirst' ? fast : slow;
  const depthStep = order === 'rowsFirst' ? slow : fast;
  const [o, d] = op.kLast
    ? [addCoords(outer, scaleCoord(outerStep, 8), row), addCoords(k, scaleCoord(depthStep, half))]
    : [addCoords(outer, scaleCoord(outerStep, 8)), addCoords(k, scaleCoord(depthStep, 8), row)];
  const addr = sharedAt(cx, op.region.buffer, placed(cx, op.region, op.kLast ? [o, d] : [d, o]));
  cx.emit({ kind: 'ldmatrix', dst, matrices, transpose: !op.kLast, addr, span: s.span });
}

/** Indices of the buffer for a position within the region's last two dimensions. */
function placed(cx: Lowering, r: Region, position: readonly [Coord, Coord]): SharedIndex[] {
  const lead = r.origin.length - 2;
  return r.origin.map((origin, d) => {
    const within = d >= lead ? position[d - lead]! : constant(0);
    if (origin.kind === 'const') return addCoords(within, constant(Number(origin.value)));
    const known = toCoord(cx, origin);
    if (known) return addCoords(within, known);
    const by = lowerExpr(cx, origin);
    return d >= lead ? { within, by, multiple: factOf(origin, cx.facts).multiple } : by;
  });
}

/** Each thread sums its own elements of c over k, reading both operands from shared memory (or A from its registers). */
function lowerFma(cx: Lowering, s: Gemm): void {
  const layout = cx.buffer(s.c.buffer).layout!;
  const cType = cx.dtypeOf(s.c.buffer);
  const [a0, a1] = matrixExtent(s.a);
  const K = s.transposeA ? a0 : a1;
  const k = cx.fresh('k');
  const body = cx.collect(() => {
    const extents = cx.buffer(s.c.buffer).shape.slice(-2);
    overLayout(cx, { layout, extents, vector: 1 }, ['%m', '%n'], (bind) => {
      bind(undefined);
      const m = cx.bound.get('%m')!.coord;
      const n = cx.bound.get('%n')!.coord;
      const kDigit: Digit = { id: k, expr: { kind: 'var', name: k, dtype: 'i32' }, extent: K };
      const kk = single(kDigit);
      const element = (r: Region, position: readonly [Coord, Coord]): DExpr => {
        const dtype = cx.dtypeOf(r.buffer);
        const addr = sharedAt(cx, r.buffer, placed(cx, r, position));
        return castTo(cType, { kind: 'load', addr, dtype });
      };
      const a = element(s.a, s.transposeA ? [kk, m] : [m, kk]);
      const b = element(s.b, s.transposeB ? [n, kk] : [kk, n]);
      const at = locate(layout, [m, n]);
      if (!at.ok) throw new Error('internal: accumulator element out of place');
      const index = emitCoord(at.reg);
      const old = reg(s.c.buffer, index, cType);
      const value: DExpr =
        cType === 'f32' || cType === 'f64'
          ? { kind: 'call', fn: 'fma', args: [a, b, old], dtype: cType }
          : { kind: 'binary', op: 'add', a: old, b: { kind: 'binary', op: 'mul', a, b, dtype: cType }, dtype: cType };
      cx.emit({ kind: 'setReg', array: s.c.buffer, index, value, span: s.span });
    });
  });
  cx.emit({ kind: 'for', v: k, start: int(0), stop: int(K), step: int(1), body, span: s.span });
  cx.release(k);
}
