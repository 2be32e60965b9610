/**
 * Places every tile. Products come first: an accumulator and an operand in registers have the layout of their
 * instruction. From there layouts spread through everything that touches two fragments at once (element-wise loops,
 * copies, reductions), each of which runs in one layout of its own. What nothing constrains gets coalesced rows.
 * Deterministic: program order decides. Where two demands on one fragment disagree, both are shown.
 */

import { fragmentOverflow } from '../diagnostics/messages/advice.ts';
import { layoutConflict, operandScope, partialFragment } from '../diagnostics/messages/passes.ts';
import { fail, warning } from '../diagnostics/report.ts';
import { bytesOf, type DType } from '../ir/dtype.ts';
import { gcd } from '../ir/integers.ts';
import type { Atom, Layout } from '../ir/layout.ts';
import type { Span } from '../ir/span.ts';
import type {
  Buffer,
  Expr,
  Gemm,
  Kernel,
  Load,
  Parallel,
  Region,
  Scope,
  Stmt,
  Store,
  TensorParam,
} from '../ir/tile/schema.ts';
import { namesBound, tensorsOf } from '../ir/tile/walk.ts';
import { blocked } from '../layout/blocked.ts';
import { keepDims, layout as makeLayout, onReg, sizeOf } from '../layout/layout.ts';
import { accumulator, operandA } from '../layout/mma.ts';
import { matrixTile, rowMajor } from '../layout/shared.ts';
import { collectFacts, type Facts } from './facts.ts';
import { addCoords, type Coord, type Digit, locate, single, weighted } from './lower/digits.ts';
import { toCoord } from './lower/expr.ts';
import { scratchLength, sumType } from './lower/reduce.ts';
import {
  accessesOf,
  depends,
  type Memory,
  regionAlignment,
  VECTOR_BYTES,
  varying,
  vectorLength,
} from './lower/vectorize.ts';
import type { PassContext } from './pass.ts';
import { visitStmts } from './rewrite.ts';

/** What fixed a layout, for the diagnostics. */
interface Origin {
  readonly reason: string;
  readonly span: Span;
}

interface Access {
  readonly buffer: string;
  /** For each dimension of the buffer: the loop dimension that indexes it, 'one' where it has a single element, or code. */
  readonly dims: readonly (number | 'one' | Expr)[];
  readonly span: Span;
}

/** Something that touches fragments element by element, in one layout. */
interface Join {
  readonly vars: readonly string[];
  readonly extents: readonly number[];
  readonly accesses: readonly Access[];
  /** Neighbours that a thread takes at once: as many as what it moves to or from memory allows, up to 16 bytes. */
  readonly vector: number;
  readonly what: string;
  readonly span: Span;
  readonly parallel?: Parallel;
  layout?: Layout;
  origin?: Origin;
}

export function inferLayouts(kernel: Kernel, { warn }: PassContext): Kernel {
  const placed = new Inference(kernel).run();
  for (const b of placed.buffers) {
    const registers = b.scope === 'fragment' ? Math.ceil((sizeOf(b.layout!, 'reg') * bytesOf(b.dtype)) / REGISTER) : 0;
    if (registers > MOST_REGISTERS) warn?.(warning(fragmentOverflow(b.name, registers, kernel.threads), b.span));
  }
  return placed;
}

/** Bytes. */
const REGISTER = 4;
/** Of a thread. */
const MOST_REGISTERS = 255;

const WARP = 32;

class Inference implements Memory {
  private readonly kernel: Kernel;
  readonly facts: Facts;
  readonly tensors: ReadonlyMap<string, TensorParam>;
  /** Shared tiles with their layouts; fragments get theirs at the end. */
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly regionLoads: Memory['regionLoads'] = new Map();
  private readonly layouts = new Map<string, Layout>();
  private readonly origins = new Map<string, Origin>();
  private readonly joins: Join[] = [];

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.facts = collectFacts(kernel);
    this.tensors = tensorsOf(kernel);
    this.buffers = new Map(placeShared(kernel).map((b) => [b.name, b]));
    for (const b of this.buffers.values()) if (b.layout) this.layouts.set(b.name, b.layout);
  }

  run(): Kernel {
    visitStmts(this.kernel.body, (s) => this.visit(s));
    this.spread();
    for (let next = this.undecided(); next; next = this.undecided()) {
      next();
      this.spread();
    }
    for (const join of this.joins) this.check(join);
    return this.annotate();
  }

  private isFragment(name: string): boolean {
    return this.buffers.get(name)?.scope === 'fragment';
  }

  private fix(buffer: string, layout: Layout, origin: Origin): void {
    if (this.layouts.has(buffer)) return;
    this.layouts.set(buffer, layout);
    this.origins.set(buffer, origin);
  }

  // ---------------------------------------------------------------------------------------------- demands

  private visit(s: Stmt): void {
    switch (s.kind) {
      case 'gemm':
        return this.gemm(s);
      case 'copy':
        if (this.isFragment(s.src.buffer) || this.isFragment(s.dst.buffer))
          this.joins.push(this.joinRegions([s.src, s.dst], 'this copy', s.span));
        return;
      case 'reduce': {
        const src = this.access(s.src, (d) => d);
        const keeps = s.dst.extent.length === s.src.extent.length;
        const dst = this.access(s.dst, (d) => (keeps ? d : d < s.dim ? d : d + 1));
        const extents = s.src.extent;
        this.joins.push({
          vars: extents.map((_, d) => `%${d}`),
          extents,
          accesses: [src, dst],
          vector: 16 / bytesOf(this.buffers.get(s.src.buffer)!.dtype),
          what: 'this reduction',
          span: s.span,
        });
        return;
      }
      case 'parallel': {
        const join = this.joinParallel(s);
        if (join.accesses.length > 0) this.joins.push(join);
        return;
      }
      default:
    }
  }

  private gemm(s: Gemm): void {
    for (const [which, r] of [
      ['a', s.a],
      ['b', s.b],
    ] as const) {
      const scope = this.buffers.get(r.buffer)?.scope ?? 'global';
      const registers = which === 'a' && scope === 'fragment' && s.instr !== 'fma' && !s.transposeA;
      if (scope !== 'shared' && !registers) fail(operandScope(which, r.buffer, scope), r.span);
    }
    const c = this.buffers.get(s.c.buffer)!;
    const origin: Origin = { reason: `\`${c.name}\` accumulates this T.gemm`, span: s.span };
    if (s.instr === 'fma') return;
    const [m, n] = s.warps!;
    const grid = { m, n, copies: this.kernel.threads / WARP / (m * n) };
    this.fixOrRefuse(c.name, accumulator(c.shape.at(-2)!, c.shape.at(-1)!, grid), origin);
    if (this.isFragment(s.a.buffer)) {
      const a = this.buffers.get(s.a.buffer)!;
      const bytes = bytesOf(a.dtype) as 1 | 2;
      const reason = `\`${a.name}\` is an operand of this T.gemm in registers`;
      this.fixOrRefuse(a.name, operandA(a.shape.at(-2)!, a.shape.at(-1)!, bytes, grid), { reason, span: s.span });
    }
  }

  private fixOrRefuse(buffer: string, layout: Layout, origin: Origin): void {
    const old = this.layouts.get(buffer);
    if (old && JSON.stringify(old) !== JSON.stringify(layout)) this.refuse(buffer, this.origins.get(buffer)!, origin);
    this.fix(buffer, layout, origin);
  }

  private refuse(buffer: string, first: Origin, second: Origin): never {
    fail(layoutConflict(buffer, buffer), second.span, [
      { message: `first demand: ${first.reason}`, span: first.span },
      { message: `second demand: ${second.reason}`, span: second.span },
    ]);
  }

  /** A region as an access: fragments must be used whole. */
  private access(r: Region, loopDim: (d: number) => number): Access {
    const b = this.buffers.get(r.buffer);
    if (
      b?.scope === 'fragment' &&
      (r.extent.some((n, d) => n !== b.shape[d]) ||
        r.origin.some((o) => !(o.kind === 'const' && Number(o.value) === 0)))
    )
      fail(partialFragment(b.name), r.span);
    return {
      buffer: r.buffer,
      dims: r.extent.map((n, d) => (n === 1 && b?.shape[d] === 1 ? 'one' : loopDim(d))),
      span: r.span,
    };
  }

  private joinRegions(regions: readonly Region[], what: string, span: Span): Join {
    const long = (r: Region): number[] => r.extent.flatMap((n, d) => (n > 1 ? [d] : []));
    const extents = long(regions[0]!).map((d) => regions[0]!.extent[d]!);
    const accesses = regions
      .filter((r) => this.isFragment(r.buffer))
      .map((r): Access => {
        const a = this.access(r, (d) => d);
        return { ...a, dims: r.extent.map((n, d) => (n > 1 ? long(r).indexOf(d) : 'one')) };
      });
    const moved = regions.filter((r) => !this.isFragment(r.buffer));
    const widest = 16 / Math.max(...(moved.length > 0 ? moved : regions).map((r) => bytesOf(this.dtypeOf(r.buffer))));
    const vector = Math.min(widest, ...moved.map((r) => this.regionVector(r)));
    return { vars: extents.map((_, d) => `%${d}`), extents, accesses, vector, what, span };
  }

  /** Neighbours in the region's innermost dimension that lie together in memory, aligned. */
  private regionVector(r: Region): number {
    const t = this.tensors.get(r.buffer);
    if (!t) return VECTOR_BYTES;
    const along = r.extent.findLastIndex((n) => n > 1);
    return along === r.extent.length - 1 ? regionAlignment(t, r, this.facts) : 1;
  }

  scopeOf(name: string): Scope {
    return this.buffers.get(name)?.scope ?? 'global';
  }

  dtypeOf(name: string): DType {
    return (this.buffers.get(name) ?? this.tensors.get(name))!.dtype;
  }

  private joinParallel(p: Parallel): Join {
    const all: (Load | Store)[] = accessesOf(p.body).accesses;
    const accesses = all
      .filter((a) => this.isFragment(a.buffer))
      .map((a): Access => {
        const shape = this.buffers.get(a.buffer)!.shape;
        const dims = a.indices.map((e, d): number | 'one' | Expr => {
          const i = e.kind === 'var' ? p.vars.indexOf(e.name) : -1;
          if (i >= 0 && p.extents[i] === shape[d]) return shape[d] === 1 ? 'one' : i;
          return shape[d] === 1 ? 'one' : e;
        });
        return { buffer: a.buffer, dims, span: a.span };
      });
    const inner = p.vars.at(-1)!;
    const names = varying(p.body, inner);
    const moves = all.some((a) => !this.isFragment(a.buffer) && a.indices.some((i) => depends(i, names)));
    const own = all.filter((a) => this.isFragment(a.buffer)).map((a) => bytesOf(this.dtypeOf(a.buffer)));
    const vector = moves ? vectorLength(this, p.body, inner, p.extents.at(-1)!, true) : 16 / Math.max(4, ...own);
    return {
      vars: p.vars,
      extents: p.extents,
      accesses,
      vector,
      what: 'this T.Parallel',
      span: p.span,
      parallel: p,
    };
  }

  // --------------------------------------------------------------------------------------------- spreading

  private spread(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const join of this.joins) changed = this.spreadJoin(join) || changed;
    }
  }

  private spreadJoin(join: Join): boolean {
    let changed = false;
    if (!join.layout) {
      const known = join.accesses.find((a) => this.layouts.has(a.buffer) && this.coversLoop(a, join));
      if (known) {
        const l = this.layouts.get(known.buffer)!;
        const dims = join.extents.map((_, d) => {
          const at = known.dims.indexOf(d);
          return at < 0 ? [] : l.dims[at]!;
        });
        join.layout = makeLayout(dims, l.replicate);
        join.origin = this.origins.get(known.buffer);
        changed = true;
      }
    }
    if (!join.layout) return changed;
    for (const a of join.accesses) {
      if (this.layouts.has(a.buffer) || a.dims.some((d) => typeof d === 'object')) continue;
      const kept = a.dims.flatMap((d) => (typeof d === 'number' ? [d] : []));
      const l = keepDims(join.layout, kept);
      const dims = a.dims.map((d): readonly Atom[] => (typeof d === 'number' ? l.dims[kept.indexOf(d)]! : []));
      this.fix(
        a.buffer,
        { ...l, dims },
        { reason: `\`${a.buffer}\` follows the layout of ${join.what}`, span: join.span },
      );
      changed = true;
    }
    return changed;
  }

  /** Does the access use every loop dimension that is longer than one? */
  private coversLoop(a: Access, join: Join): boolean {
    return a.dims.every((d) => typeof d !== 'object') && join.extents.every((n, d) => n === 1 || a.dims.includes(d));
  }

  /** The next free choice, in program order: a loop whose layout nothing has fixed, wider accesses first. */
  private undecided(): (() => void) | undefined {
    const open = this.joins.filter((j) => !j.layout);
    const partly = open.find((j) =>
      j.accesses.some((a) => this.layouts.has(a.buffer) && a.dims.every((d) => typeof d !== 'object')),
    );
    if (partly) {
      return () => {
        const a = partly.accesses.find(
          (x) => this.layouts.has(x.buffer) && x.dims.every((d) => typeof d !== 'object'),
        )!;
        partly.layout = this.extend(this.layouts.get(a.buffer)!, a, partly);
        partly.origin = this.origins.get(a.buffer);
      };
    }
    const size = (j: Join): number => j.extents.reduce((n, x) => n * x, 1);
    const free = open.filter((j) => j.accesses.some((a) => !this.layouts.has(a.buffer)));
    const largest =
      free.reduce<Join | undefined>((best, j) => (!best || size(j) > size(best) ? j : best), undefined) ?? open[0];
    if (largest)
      return () => {
        largest.layout = blocked(largest.extents, this.kernel.threads, largest.vector);
        largest.origin = { reason: `${largest.what} spreads its elements evenly`, span: largest.span };
      };
    const alone = this.kernel.buffers.find((b) => b.scope === 'fragment' && !this.layouts.has(b.name));
    if (!alone) return undefined;
    return () =>
      this.fix(alone.name, blocked(alone.shape, this.kernel.threads, 16 / Math.max(4, bytesOf(alone.dtype))), {
        reason: 'nothing constrains it',
        span: alone.span,
      });
  }

  /** A loop layout around a fragment that lacks some of the loop's dimensions: the threads holding copies share those. */
  private extend(l: Layout, a: Access, join: Join): Layout {
    const spare = [...l.replicate].sort((x, y) => x.stride - y.stride);
    let regStride = 1;
    const dims: (readonly Atom[])[] = join.extents.map(() => []);
    const used = new Set<Atom>();
    for (let d = join.extents.length - 1; d >= 0; d--) {
      if (a.dims.includes(d)) continue;
      let left = join.extents[d]!;
      const atoms: Atom[] = [];
      const vector = d === join.extents.length - 1 ? gcd(left, join.vector) : 1;
      atoms.unshift(onReg(vector, regStride));
      regStride *= vector;
      left /= vector;
      for (const r of spare) {
        if (used.has(r) || left % r.extent !== 0) continue;
        atoms.unshift(r);
        used.add(r);
        left /= r.extent;
      }
      atoms.unshift(onReg(left, regStride));
      regStride *= left;
      dims[d] = atoms;
    }
    a.dims.forEach((loopDim, d) => {
      if (typeof loopDim !== 'number') return;
      dims[loopDim] = l.dims[d]!.map((x) => {
        if (x.axis !== 'reg') return x;
        const moved = onReg(x.extent, x.stride * regStride);
        return moved;
      });
    });
    return makeLayout(
      dims,
      spare.filter((r) => !used.has(r)),
    );
  }

  // ---------------------------------------------------------------------------------------------- checking

  private check(join: Join): void {
    const l = join.layout!;
    const bound = new Map<string, { coord: Coord }>();
    l.dims.forEach((atoms, d) => {
      const digits = weighted(atoms).map(({ atom, weight }) => single(digitOf(atom, d, weight), weight));
      bound.set(join.vars[d]!, { coord: addCoords(...digits) });
    });
    for (const a of join.accesses) {
      const coords = a.dims.map((d) =>
        d === 'one'
          ? { terms: [], offset: 0 }
          : typeof d === 'number'
            ? bound.get(join.vars[d]!)!.coord
            : toCoord({ bound }, d),
      );
      const layout = this.layouts.get(a.buffer)!;
      if (coords.every((c) => c !== undefined) && locate(layout, coords).ok && this.copiesAgree(layout, a, join))
        continue;
      const other = join.accesses.find((x) => x.buffer !== a.buffer)?.buffer ?? a.buffer;
      fail(layoutConflict(a.buffer, other), a.span, [
        { message: `\`${a.buffer}\`: ${this.origins.get(a.buffer)!.reason}`, span: this.origins.get(a.buffer)!.span },
        { message: `${join.what}: ${join.origin!.reason}`, span: join.origin!.span },
      ]);
    }
  }

  /** Threads that differ in a loop digit which the fragment lacks must all hold a copy of its element. */
  private copiesAgree(layout: Layout, a: Access, join: Join): boolean {
    const copied = offsetsOf(layout.replicate);
    const dropped = join.extents.flatMap((_, d) =>
      a.dims.includes(d) ? [] : join.layout!.dims[d]!.filter((x) => x.axis === 'thread'),
    );
    return [...offsetsOf(dropped)].every((t) => copied.has(t));
  }

  // --------------------------------------------------------------------------------------------- the result

  private fresh(base: string, added: readonly Buffer[]): string {
    const { params, dims, blockVars, body } = this.kernel;
    const taken = new Set([...[...params, ...dims, ...added].map((x) => x.name), ...blockVars, ...namesBound(body)]);
    let name = base;
    for (let i = 1; taken.has(name) || this.buffers.has(name); i++) name = `${base}_${i}`;
    return name;
  }

  private annotate(): Kernel {
    const scratch: Buffer[] = [];
    const parallels = new Map(this.joins.flatMap((j) => (j.parallel ? [[j.parallel, j.layout!]] : [])));
    const annotate = (stmts: readonly Stmt[]): readonly Stmt[] =>
      stmts.map((s): Stmt => {
        switch (s.kind) {
          case 'parallel': {
            const layout = parallels.get(s);
            return layout ? { ...s, layout } : s;
          }
          case 'for':
          case 'while':
            return { ...s, body: annotate(s.body) };
          case 'if':
            return { ...s, then: annotate(s.then), else: annotate(s.else) };
          case 'reduce': {
            const length = scratchLength(this.layouts.get(s.src.buffer)!, s.dim);
            if (length === 0) return s;
            const name = this.fresh(`${s.dst.buffer}_scratch`, scratch);
            const dtype = sumType(this.buffers.get(s.dst.buffer)!.dtype);
            scratch.push({ name, scope: 'shared', dtype, shape: [length], span: s.span, layout: rowMajor([length]) });
            return { ...s, scratch: name };
          }
          default:
            return s;
        }
      });
    const body = annotate(this.kernel.body);
    const buffers = this.kernel.buffers.map((b) =>
      b.scope === 'local' ? b : { ...b, layout: this.layouts.get(b.name)! },
    );
    return { ...this.kernel, buffers: [...buffers, ...scratch], body };
  }
}

/** Operands of matrix instructions are read by `ldmatrix`: swizzled. Other shared tiles are plain rows. */
function placeShared(kernel: Kernel): readonly Buffer[] {
  const matrices = new Set<string>();
  visitStmts(kernel.body, (s) => {
    if (s.kind === 'gemm' && s.instr !== 'fma') for (const r of [s.a, s.b]) matrices.add(r.buffer);
  });
  return kernel.buffers.map((b): Buffer => {
    if (b.scope !== 'shared') return b;
    const layout = matrices.has(b.name) ? matrixTile(b.shape, bytesOf(b.dtype)) : rowMajor(b.shape);
    return { ...b, layout };
  });
}

const digitOf = (atom: Atom, d: number, weight: number): Digit => ({
  id: atom.axis === 'thread' ? `t${atom.stride}x${atom.extent}` : `r${d}w${weight}`,
  expr: { kind: 'const', dtype: 'i32', value: 0 },
  extent: atom.extent,
  ...(atom.axis === 'thread' ? { thread: { stride: atom.stride, extent: atom.extent } } : {}),
});

/** The threads that atoms reach from one, as distances. */
const offsetsOf = (atoms: readonly Atom[]): ReadonlySet<number> =>
  new Set(
    atoms.reduce<readonly number[]>(
      (all, a) => all.flatMap((t) => Array.from({ length: a.extent }, (_, i) => t + i * a.stride)),
      [0],
    ),
  );
