/** T.gemm: operands gathered into dense arrays of the accumulator's kind, then one tight loop of the support library. */
import type { DType } from '../../ir/dtype.ts';
import type { Gemm, Region } from '../../ir/tile/schema.ts';
import { elementVal } from './access.ts';
import { settled } from './casts.ts';
import { type BufferInfo, bufferOf, type Context, support } from './context.ts';
import { storedVal } from './expr.ts';
import { binaryVal } from './operators.ts';
import { type Place, placeOf, wholePlace } from './region.ts';
import { ARRAYS, zeroOf } from './storage.ts';
import { isWhole, transfer } from './transfer.ts';
import { int, primary, rangeOf, type Val } from './value.ts';

const FAST: Readonly<Partial<Record<DType, { readonly fn: string; readonly dtype: DType }>>> = {
  f32: { fn: 'gemmF32', dtype: 'f32' },
  f64: { fn: 'gemmF64', dtype: 'f64' },
  i32: { fn: 'gemmI32', dtype: 'i32' },
  // The low 32 bits of sums and products are those of i32.
  u32: { fn: 'gemmI32', dtype: 'i32' },
};

export function gemm(cx: Context, s: Gemm): void {
  const c = bufferOf(cx, s.c.buffer);
  const [M, N] = matrix(s.c.extent);
  const [a0, a1] = matrix(s.a.extent);
  const K = s.transposeA ? a0 : a1;
  cx.w.scope(() => {
    if (s.clear) cx.w.line(`${c.id}.fill(${zeroOf(c.dtype)});`);
    const fast = FAST[c.dtype];
    const dtype = fast?.dtype ?? c.dtype;
    const a = dense(cx, s.a, s.transposeA, dtype, [M, K]);
    const b = dense(cx, s.b, s.transposeB, dtype, [K, N]);
    if (fast) {
      const cArray = c.dtype === 'u32' ? scratch(cx, `${c.id}_i32`, `new Int32Array(${c.id}.buffer)`) : c.id;
      cx.w.line(`${support(cx, fast.fn)}(${[cArray, a.id, b.id, M, N, K].join(', ')});`);
    } else slow(cx, c, a, b, [M, N, K]);
  });
}

const matrix = (extent: readonly number[]): readonly [number, number] => [extent.at(-2) ?? 1, extent.at(-1)!];

function scratch(cx: Context, key: string, value: string): string {
  const known = cx.scratch.get(key);
  if (known) return known.id;
  const id = cx.name.permanent(key);
  cx.scratch.set(key, { id, value });
  return id;
}

/** The operand as a dense [rows, columns] array of `dtype`: itself if it is one, else a copy. */
function dense(
  cx: Context,
  r: Region,
  transposed: boolean,
  dtype: DType,
  shape: readonly [number, number],
): BufferInfo {
  const place = placeOf(cx, r);
  const { buffer } = place;
  if (buffer.dtype === dtype && !transposed && isWhole(place)) return buffer;
  const key = `${buffer.id}_${dtype}${transposed ? '_t' : ''}_${shape.join('x')}`;
  const id = scratch(cx, key, `new ${ARRAYS[dtype]}(${shape[0] * shape[1]})`);
  const copy: BufferInfo = { name: id, id, scope: 'local', dtype, shape: shape.map(int) };
  const rank = r.extent.length;
  const rows: Place = { ...place, loops: [rank - 2, rank - 1] };
  transfer(cx, rows, wholePlace(copy, transposed ? [1, 0] : [0, 1]));
  return copy;
}

/** Accumulators that no function of the library takes: rounded or wrapped after each product and each sum. */
function slow(
  cx: Context,
  c: BufferInfo,
  a: BufferInfo,
  b: BufferInfo,
  [M, N, K]: readonly [number, number, number],
): void {
  const { w } = cx;
  const { dtype } = c;
  cx.name.scoped(() => {
    const [m, n, k, sum] = ['m', 'n', 'k', 'sum'].map((x) => cx.name.fresh(x)) as [string, string, string, string];
    const at = (buffer: BufferInfo, offset: string): Val => elementVal(cx, `${buffer.id}[${offset}]`, buffer);
    const apply = (op: 'add' | 'mul', x: Val, y: Val): Val =>
      settled(
        cx,
        binaryVal(cx, op, x, y, dtype, dtype, (v) => v),
        dtype,
      );
    w.block(`for (let ${m} = 0; ${m} < ${M}; ${m}++)`, () =>
      w.block(`for (let ${n} = 0; ${n} < ${N}; ${n}++)`, () => {
        w.line(`let ${sum} = ${at(c, `${m} * ${N} + ${n}`).text};`);
        w.block(`for (let ${k} = 0; ${k} < ${K}; ${k}++)`, () => {
          const product = apply('mul', at(a, `${m} * ${K} + ${k}`), at(b, `${k} * ${N} + ${n}`));
          w.line(`${sum} = ${apply('add', primary(sum, rangeOf(dtype)), product).text};`);
        });
        w.line(`${c.id}[${m} * ${N} + ${n}] = ${storedVal(cx, primary(sum, rangeOf(dtype)), dtype)};`);
      }),
    );
  });
}
