/** Chooses, for every gemm, the instruction that multiplies and how the block's warps share the product. */
import { gemmWithoutTensorCores } from '../diagnostics/messages/advice.ts';
import { warning } from '../diagnostics/report.ts';
import { bytesOf, type DType, isFloat } from '../ir/dtype.ts';
import type { Target } from '../ir/target.ts';
import type { Gemm, Kernel, Stmt } from '../ir/tile/schema.ts';
import type { PassContext } from './pass.ts';
import { rewrite, visitStmts } from './rewrite.ts';

const WARP = 32;

export function selectInstructions(kernel: Kernel, cx: PassContext): Kernel {
  const dtypeOf = (name: string): DType => kernel.buffers.find((b) => b.name === name)!.dtype;
  const scopeOf = (name: string) => kernel.buffers.find((b) => b.name === name)?.scope ?? 'global';
  const wholeRows = rowGroups(kernel);
  const warps = kernel.threads / WARP;
  const choose = (s: Gemm): Gemm => {
    const types = { a: dtypeOf(s.a.buffer), b: dtypeOf(s.b.buffer), c: dtypeOf(s.c.buffer) };
    const K = s.transposeA ? s.a.extent.at(-2)! : s.a.extent.at(-1)!;
    const [M, N] = [s.c.extent.at(-2)!, s.c.extent.at(-1)!];
    const { instr, instead } = matrixInstruction(s, types, [M, N, K], cx.target, scopeOf(s.a.buffer) === 'fragment');
    if (instead) cx.warn?.(warning(gemmWithoutTensorCores(...instead), s.span));
    if (instr === 'fma') return { ...s, instr, warps: [1, 1] };
    const grid = warpGrid(M, N, warps, wholeRows.has(s.c.buffer) || scopeOf(s.a.buffer) === 'fragment');
    return { ...s, instr, warps: grid };
  };
  return { ...kernel, body: rewrite(kernel.body, { stmt: (s) => (s.kind === 'gemm' ? choose(s) : s) }) };
}

interface Choice {
  readonly instr: string;
  /** For operands that tensor cores multiply: why they do not, and what would let them. */
  readonly instead?: readonly [why: string, wanted: string];
}

function matrixInstruction(
  s: Gemm,
  t: { a: DType; b: DType; c: DType },
  [M, N, K]: readonly [number, number, number],
  target: Target,
  aInRegisters: boolean,
): Choice {
  const bytes = bytesOf(t.a);
  if (bytes !== bytesOf(t.b) || bytes > 2 || !isFloat(t.a) || !isFloat(t.b)) return { instr: 'fma' };
  const scalar = (why: string, wanted: string): Choice => ({ instr: 'fma', instead: [why, wanted] });
  if (bytes === 1 && !target.hasFp8)
    return scalar(
      `${target.arch} has none for ${t.a}`,
      'convert the operands to f16 first, or compile for sm_89 or later',
    );
  if (bytes === 2 && t.a !== t.b) return scalar(`one operand is ${t.a}, the other ${t.b}`, 'give both the same dtype');
  if (t.c !== 'f32') return scalar(`it accumulates in ${t.c}`, 'accumulate in f32, and convert the result');
  const depth = bytes === 2 ? 16 : 32;
  const odd = [
    ...(M % 16 !== 0 ? [`${M} rows are no multiple of 16`] : []),
    ...(N % 8 !== 0 ? [`${N} columns are no multiple of 8`] : []),
    ...(K % depth !== 0 ? [`a depth of ${K} is no multiple of ${depth}`] : []),
  ];
  if (odd.length > 0) return scalar(odd.join(', '), 'make the tiles larger, and fill what is too much with zeros');
  if (bytes === 2) return { instr: 'mma.m16n8k16' };
  // `ldmatrix` transposes 16-bit elements only: bytes must have the depth last in memory.
  if ((aInRegisters || !s.transposeA) && s.transposeB) return { instr: 'mma.m16n8k32' };
  return scalar(
    'operands of 8 bits must have the depth last in memory',
    s.transposeA ? 'store a as [M, K]' : 'store b as [N, K], with transposeB: true',
  );
}

/**
 * How many warps share M and N. Whole rows a warp where rows are reduced or feed another product; otherwise the split that
 * reads the fewest operand elements.
 */
export function warpGrid(M: number, N: number, warps: number, wholeRows: boolean): [number, number] {
  let best: [number, number] = [1, 1];
  let bestCost = Infinity;
  for (let m = 1; m <= warps; m++) {
    if (warps % m !== 0 || M % (16 * m) !== 0) continue;
    for (let n = 1; n <= warps / m; n++) {
      if ((warps / m) % n !== 0 || N % (8 * n) !== 0 || (wholeRows && n > 1)) continue;
      const idle = warps / (m * n);
      const cost = (M / m + N / n) * idle + (n > m ? 0.5 : 0);
      if (cost < bestCost) {
        bestCost = cost;
        best = [m, n];
      }
    }
  }
  return best;
}

/** Fragments tied together by element-wise loops and copies, of whose group one is reduced along rows or feeds a gemm. */
function rowGroups(kernel: Kernel): ReadonlySet<string> {
  const fragments = new Set(kernel.buffers.filter((b) => b.scope === 'fragment').map((b) => b.name));
  const parent = new Map<string, string>();
  const find = (x: string): string => {
    const p = parent.get(x) ?? x;
    return p === x ? x : find(p);
  };
  const marked = new Set<string>();
  const unite = (names: readonly string[]): void => {
    const own = names.filter((n) => fragments.has(n));
    for (const n of own.slice(1)) parent.set(find(n), find(own[0]!));
  };
  visitStmts(kernel.body, (s) => {
    if (s.kind === 'parallel') unite(namesIn(s));
    if (s.kind === 'copy') unite([s.src.buffer, s.dst.buffer]);
    if (s.kind === 'reduce') {
      unite([s.src.buffer, s.dst.buffer]);
      if (s.dim === s.src.extent.length - 1) marked.add(s.src.buffer);
    }
    if (s.kind === 'gemm' && fragments.has(s.a.buffer)) marked.add(s.a.buffer);
  });
  const roots = new Set([...marked].map(find));
  return new Set([...fragments].filter((f) => roots.has(find(f))));
}

function namesIn(s: Stmt): string[] {
  const names: string[] = [];
  JSON.stringify(s, (key, value: unknown) => {
    if (key === 'span') return undefined;
    if (key === 'buffer' && typeof value === 'string') names.push(value);
    return typeof value === 'bigint' ? value.toString() : value;
  });
  return names;
}
