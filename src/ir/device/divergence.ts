/**
 * Which threads of a block may disagree about a value, and so about a branch: none, whole warps, or single lanes. Values
 * start apart at the thread index and spread through names, register arrays and conditions until nothing changes.
 */
import type { DExpr, DeviceKernel, DStmt } from './schema.ts';
import { bodiesOf, exprsOf, operandsOf, registersWritten } from './walk.ts';

/** 0: all threads agree. 1: those of a warp do. 2: lanes may differ. */
export type Level = 0 | 1 | 2;

const WARP = 32;
const highest = (levels: readonly Level[]): Level => Math.max(0, ...levels) as Level;

export class Divergence {
  /** Of names and of register arrays; both are unique enough: one that is declared in two places takes the higher. */
  private readonly levels = new Map<string, Level>();
  /** Names that are the thread index itself. */
  private readonly threadIndex = new Set<string>();
  /** What a jump inside did to the loop around it. */
  private readonly loops = new Map<DStmt, Level>();
  private returned: Level = 0;
  private changed = false;

  constructor(k: DeviceKernel) {
    const roles: Level = k.roles.length > 1 ? 1 : 0;
    do {
      this.changed = false;
      this.block(k.prologue, 0, undefined);
      for (const r of k.roles) this.block(r.body, roles, undefined);
    } while (this.changed);
  }

  of(e: DExpr): Level {
    switch (e.kind) {
      case 'const':
        return 0;
      case 'var':
        return this.levels.get(e.name) ?? 0;
      case 'special':
        return e.name === 'threadIdx.x' ? 2 : 0;
      case 'reg':
        return highest([this.levels.get(e.array) ?? 0, this.of(e.index)]);
      case 'ptx':
        // It may read the lane's number, or anything else.
        return 2;
      case 'binary':
        if (this.isWarpIndex(e)) return 1;
        return highest([this.of(e.a), this.of(e.b)]);
      default:
        return highest(operandsOf(e).map((x) => this.of(x)));
    }
  }

  /** The thread index divided by whole warps. */
  private isWarpIndex(e: Extract<DExpr, { kind: 'binary' }>): boolean {
    const isThread = e.a.kind === 'special' || (e.a.kind === 'var' && this.threadIndex.has(e.a.name));
    if (!isThread || e.b.kind !== 'const') return false;
    const by = Number(e.b.value);
    return e.op === 'shr' ? by >= Math.log2(WARP) : (e.op === 'div' || e.op === 'floordiv') && by % WARP === 0;
  }

  /** Who may disagree whether a statement in the loop's body is reached, the conditions inside the body apart. */
  inLoop(s: DStmt, around: Level): Level {
    return highest([around, this.loops.get(s) ?? 0, ...exprsOf(s).map((e) => this.of(e))]);
  }

  /** A `return` that not all threads take: those behind it miss the others. */
  get afterReturns(): Level {
    return this.returned;
  }

  private raise(name: string, level: Level): void {
    if ((this.levels.get(name) ?? 0) >= level) return;
    this.levels.set(name, level);
    this.changed = true;
  }

  private block(body: readonly DStmt[], around: Level, loop: DStmt | undefined): void {
    for (const s of body) this.stmt(s, around, loop);
  }

  private stmt(s: DStmt, around: Level, loop: DStmt | undefined): void {
    switch (s.kind) {
      case 'declare':
        if (s.const && s.value.kind === 'special' && s.value.name === 'threadIdx.x') this.threadIndex.add(s.name);
        this.raise(s.name, highest([around, this.of(s.value)]));
        break;
      case 'assign':
        this.raise(s.name, highest([around, this.of(s.value)]));
        break;
      case 'if': {
        const inside = highest([around, this.of(s.cond)]);
        for (const b of bodiesOf(s)) this.block(b, inside, loop);
        break;
      }
      case 'for': {
        const inside = this.inLoop(s, around);
        this.raise(s.v, highest([inside, this.of(s.start), this.of(s.step)]));
        this.block(s.body, inside, s);
        break;
      }
      case 'while':
        this.block(s.body, this.inLoop(s, around), s);
        break;
      case 'break':
      case 'continue':
        this.leave(loop, around);
        break;
      case 'return':
        if (around > this.returned) {
          this.returned = around;
          this.changed = true;
        }
        this.leave(loop, around);
        break;
      default: {
        const values = s.kind === 'ldmatrix' || s.kind === 'mma' ? [2 as Level] : exprsOf(s).map((e) => this.of(e));
        const from = s.kind === 'convert' ? [this.levels.get(s.src.array) ?? 0] : [];
        for (const r of registersWritten(s)) this.raise(r.array, highest([around, ...values, ...from]));
      }
    }
  }

  private leave(loop: DStmt | undefined, around: Level): void {
    if (!loop || (this.loops.get(loop) ?? 0) >= around) return;
    this.loops.set(loop, around);
    this.changed = true;
  }
}
