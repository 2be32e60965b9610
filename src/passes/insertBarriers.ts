/**
 * Barriers, derived from the accesses. Every tile statement is done by all threads together, in any assignment of elements
 * to threads; so between two statements that touch the same shared bytes, one of them writing, all threads must meet.
 *
 * The walk carries the accesses since the last barrier. Before a statement that conflicts with one of them it puts a
 * barrier. Copies of a multi-buffered tile are told apart by their slot, `(count + c) % stages`: on a loop's way back, c
 * falls by one where the count is known to grow by one, and is forgotten where a name in it changes otherwise. An
 * asynchronous copy counts as a write that completes only at a `waitGroup`; it survives barriers until then, and where
 * nothing waits for it in time, the walk puts that wait too. Loops are walked until nothing new comes around.
 */
import { bytesOf } from '../ir/dtype.ts';
import type { Expr, For, If, Kernel, Reduce, Stmt, While } from '../ir/tile/schema.ts';
import { walkStmts } from '../ir/tile/walk.ts';
import { type Access, accessesOf, countsOf, isApart, type Slot, type Tracked } from './accesses.ts';
import { apartAcross, fixedNames } from './places.ts';
import { sharedBytes } from './planShared.ts';
import { effectsOf, visitStmts } from './rewrite.ts';

type State = ReadonlyMap<string, Access>;

interface Walked {
  readonly stmts: readonly Stmt[];
  readonly state: State;
}

export interface Hazard {
  readonly before: Stmt;
  readonly buffer: string;
  /** Read or overwritten while an async copy into it may be under way. */
  readonly inFlight: boolean;
}

export function insertBarriers(kernel: Kernel): Kernel {
  return { ...kernel, body: new BarrierWalk(kernel, true).run() };
}

/** What the walk would still have to separate: empty for a program that is ordered. */
export function findHazards(kernel: Kernel): readonly Hazard[] {
  const walk = new BarrierWalk(kernel, false);
  walk.run();
  return walk.hazards;
}

/** A loop around the statement that is walked: what its condition reads each time, and the states at its exits. */
interface Exits {
  readonly cond: readonly Access[];
  readonly broke: State[];
  readonly continued: State[];
}

/** Nothing gets here. */
const UNREACHED: State = new Map();

class BarrierWalk {
  readonly hazards: Hazard[] = [];
  private readonly kernel: Kernel;
  private readonly insert: boolean;
  private readonly ranges: ReadonlyMap<string, readonly [number, number]>;
  private readonly tracked: Tracked;
  private readonly loops: Exits[] = [];
  /** Older groups need not be told apart: no wait leaves as many pending. */
  private readonly oldest: number;
  private readonly lets: ReadonlyMap<string, Expr>;
  private readonly loopTurns = new Map<For, Turns>();
  private readonly known = new Map<Stmt, readonly Access[]>();

  constructor(kernel: Kernel, insert: boolean) {
    this.kernel = kernel;
    this.insert = insert;
    const shared = kernel.buffers.filter((b) => b.scope === 'shared');
    this.ranges = new Map(
      shared.flatMap((b) =>
        b.offset === undefined ? [] : [[b.name, [b.offset, b.offset + (b.layout ? sharedBytes(b) : bytesOf(b.dtype))]]],
      ),
    );
    // Tensors that the kernel writes order like shared tiles, within the block: the last write is what must remain.
    const all = effectsOf(kernel.body);
    const tensors = kernel.params.filter((p) => p.kind === 'tensor' && all.writes.has(p.name));
    this.tracked = new Map([
      ...shared.map((b) => [b.name, 'shared'] as const),
      ...tensors.map((p) => [p.name, 'global'] as const),
    ]);
    this.lets = fixedNames(kernel.body);
    let pending = 0;
    walkStmts(kernel.body, (s) => {
      if (s.kind === 'waitGroup') pending = Math.max(pending, s.pending);
    });
    this.oldest = pending + 1;
  }

  /** The accesses of a statement that is walked again and again. */
  private accesses(s: Stmt): readonly Access[] {
    const known = this.known.get(s);
    if (known) return known;
    const all = accessesOf(s, this.tracked);
    this.known.set(s, all);
    return all;
  }

  run(): readonly Stmt[] {
    return this.block(this.kernel.body, new Map()).stmts;
  }

  private turns(s: For | While): Turns {
    if (s.kind === 'while') return WHILE;
    const known = this.loopTurns.get(s) ?? turnsOf(s, this.lets, (st) => this.accesses(st));
    this.loopTurns.set(s, known);
    return known;
  }

  private block(stmts: readonly Stmt[], entry: State): Walked {
    let state = entry;
    const out: Stmt[] = [];
    for (const s of stmts) {
      const done = this.stmt(s, state);
      out.push(...done.stmts);
      state = done.state;
    }
    return { stmts: out, state };
  }

  private stmt(s: Stmt, entry: State): Walked {
    switch (s.kind) {
      case 'barrier':
        return { stmts: [s], state: afterBarrier(entry) };
      case 'commitGroup':
        return { stmts: [s], state: afterCommit(entry, this.oldest) };
      case 'waitGroup':
        return { stmts: [s], state: afterWait(entry, s.pending) };
      case 'for':
      case 'while':
        return this.loop(s, entry);
      case 'if':
        return this.condition(s, entry);
      case 'break':
        this.loops.at(-1)?.broke.push(entry);
        return { stmts: [s], state: UNREACHED };
      case 'continue': {
        // The loop's condition comes next.
        const around = this.loops.at(-1);
        const again = this.ordered(s, around?.cond ?? [], entry);
        around?.continued.push(again.state);
        return { stmts: [...again.before, s], state: UNREACHED };
      }
      case 'return':
        return { stmts: [s], state: UNREACHED };
      case 'reduce':
        return this.reduce(s, entry);
      case 'let':
      case 'declare':
      case 'assign': {
        const done = this.ordered(s, this.accesses(s), entry);
        // Slots that followed the old value follow nothing now.
        return { stmts: [...done.before, s], state: forget(done.state, s.name) };
      }
      default: {
        const done = this.ordered(s, this.accesses(s), entry);
        return { stmts: [...done.before, s], state: done.state };
      }
    }
  }

  /**
   * The branches' conflicts with what came before are settled ahead of the condition: one meeting for both, and in a
   * pipelined loop the one that the prefetch needs serves the compute behind it too.
   */
  private condition(s: If, entry: State): Walked {
    const read = accessesOf({ ...s, then: [], else: [] }, this.tracked, s);
    const settled = this.insert ? this.ordered(s, this.accesses(s), withoutFlying(entry)).before : [];
    const start = settled.length > 0 ? afterBarrier(entry) : entry;
    const head = this.ordered(s, read, start);
    const then = this.block(s.then, head.state);
    const other = this.block(s.else, head.state);
    return {
      stmts: [...settled, ...head.before, { ...s, then: then.stmts, else: other.stmts }],
      state: union(then.state, other.state),
    };
  }

  /** With a scratch tile, lowering writes the parts, lets all threads meet, and reads the parts. */
  private reduce(s: Reduce, entry: State): Walked {
    const done = this.ordered(s, this.accesses(s), entry);
    if (!s.scratch) return { stmts: [...done.before, s], state: done.state };
    const written = this.ordered(s, [{ buffer: s.scratch, write: true }], done.state);
    const state = add(afterBarrier(written.state), [{ buffer: s.scratch, write: false }]);
    return { stmts: [...done.before, ...written.before, s], state };
  }

  /** The state after the accesses, and the waits and barriers that must come first. */
  private ordered(s: Stmt, accesses: readonly Access[], entry: State): { before: readonly Stmt[]; state: State } {
    const rivals = [...entry.values()].filter((old) => accesses.some((a) => this.conflict(old, a)));
    if (!this.insert)
      for (const { buffer, age } of rivals) this.hazards.push({ before: s, buffer, inFlight: age !== undefined });
    if (!this.insert || rivals.length === 0) return { before: [], state: add(entry, accesses) };
    const before: Stmt[] = [];
    let state = entry;
    const { span } = s;
    const ages = rivals.flatMap((a) => (a.age === undefined ? [] : [a.age]));
    if (ages.includes(0)) {
      before.push({ kind: 'commitGroup', span });
      state = afterCommit(state, this.oldest);
    }
    if (ages.length > 0) {
      const pending = Math.max(0, Math.min(...ages) - 1);
      before.push({ kind: 'waitGroup', pending, span });
      state = afterWait(state, pending);
    }
    before.push({ kind: 'barrier', span });
    return { before, state: add(afterBarrier(state), accesses) };
  }

  /** `a` came before. */
  private conflict(a: Access, b: Access): boolean {
    if ((!a.write && !b.write) || (a.atomic && b.atomic)) return false;
    if (a.apart !== undefined && a.place?.key === b.place?.key) return false;
    if (a.buffer === b.buffer && isApart(a.box, b.box)) return false;
    if (a.buffer !== b.buffer) {
      const x = this.ranges.get(a.buffer);
      const y = this.ranges.get(b.buffer);
      return x !== undefined && y !== undefined && x[0] < y[1] && y[0] < x[1];
    }
    if (!a.slot || !b.slot || a.slot.base !== b.slot.base || a.slot.stages !== b.slot.stages) return true;
    const distance = a.slot.c - b.slot.c;
    return a.slot.base === '' ? distance === 0 : distance % a.slot.stages === 0;
  }

  /**
   * A loop may conflict with what came before it in its first iteration only. A barrier ahead of the loop then saves those
   * inside; where it saves none, each stays where it is needed.
   */
  private loop(s: For | While, before: State): Walked {
    const cond = accessesOf({ ...s, body: [] }, this.tracked, s);
    const head = this.ordered(s, cond, before);
    const plain = this.rounds(s, cond, head.before, head.state);
    if (!this.insert || head.before.length > 0 || countBarriers(plain.stmts) === 0) return plain;
    const ahead = this.rounds(s, cond, [{ kind: 'barrier', span: s.span }], add(afterBarrier(head.state), cond));
    return countBarriers(ahead.stmts) <= countBarriers(plain.stmts) ? ahead : plain;
  }

  private rounds(s: For | While, cond: readonly Access[], head: readonly Stmt[], entry: State): Walked {
    // The bounds of a `for` are read once, the condition of a `while` each time.
    const each = s.kind === 'while' ? cond : [];
    const turns = this.turns(s);
    let arriving = turns.first(entry);
    for (;;) {
      const hazards = this.hazards.length;
      this.loops.push({ cond: each, broke: [], continued: [] });
      const body = this.block(s.body, arriving);
      const { broke, continued } = this.loops.pop()!;
      const again = this.ordered(s, each, body.state);
      const ends = [again.state, ...continued];
      const after = union(arriving, ends.map(turns.next).reduce(union));
      if (after.size === arriving.size) {
        const leaving = [...ends, ...broke, entry].reduce(union);
        const stmts = [...head, { ...s, body: [...body.stmts, ...again.before] }];
        return { stmts, state: s.kind === 'for' ? forget(leaving, s.v) : leaving };
      }
      this.hazards.length = hazards;
      arriving = after;
    }
  }
}

// ---------------------------------------------------------------------------------------------------------- states

function countBarriers(stmts: readonly Stmt[]): number {
  let n = 0;
  visitStmts(stmts, (s) => {
    if (s.kind === 'barrier') n++;
  });
  return n;
}

const keyOf = (a: Access): string =>
  `${a.buffer}|${a.atomic ? 'a' : a.write}|${a.slot ? `${a.slot.base}+${a.slot.c}%${a.slot.stages}` : '*'}|${a.age ?? '-'}|${a.place?.key}|${a.apart}|${a.box?.map((x) => x?.join('-') ?? '')}`;

function add(state: State, accesses: readonly Access[]): State {
  const out = new Map(state);
  for (const a of accesses) out.set(keyOf(a), a);
  return out;
}
const union = (a: State, b: State): State => add(a, [...b.values()]);
const mapState = (state: State, f: (a: Access) => Access): State => add(new Map(), [...state.values()].map(f));
const filterState = (state: State, f: (a: Access) => boolean): State => new Map([...state].filter(([, a]) => f(a)));

const afterBarrier = (state: State): State => filterState(state, (a) => a.age !== undefined);
const withoutFlying = (state: State): State => filterState(state, (a) => a.age === undefined);
const afterCommit = (state: State, oldest: number): State =>
  mapState(state, (a) => (a.age === undefined ? a : { ...a, age: Math.min(a.age + 1, oldest) }));
/** All but the last `pending` groups are done; their writes are seen by others after a barrier. */
const afterWait = (state: State, pending: number): State =>
  mapState(state, (a) => (a.age !== undefined && a.age > pending ? { ...a, age: undefined } : a));

/** What followed the name follows it no more. */
const forget = (state: State, name: string): State =>
  mapState(state, (a) => {
    const slot = a.slot?.names.has(name) ? undefined : a.slot;
    const apart = a.apart === name ? undefined : a.apart;
    return slot === a.slot && apart === a.apart ? a : { ...a, slot, apart };
  });

/** How the accesses before a loop and of one of its iterations look from the next one. */
interface Turns {
  readonly first: (state: State) => State;
  readonly next: (state: State) => State;
}

const WHILE: Turns = { first: (state) => state, next: (state) => state };

/**
 * In the first iteration the count that slots follow is zero, so what was put into slot c before the loop follows it by c.
 * In the next iteration, what followed the count by c follows it by c - 1, what followed the variable otherwise follows nothing.
 */
function turnsOf(s: For, lets: ReadonlyMap<string, Expr>, accesses: (s: Stmt) => readonly Access[]): Turns {
  const { advancing, fromZero } = countsOf(s);
  const rotating = new Map<string, Slot>();
  walkStmts(s.body, (st) => {
    for (const a of accesses(st)) if (a.slot && fromZero.has(a.slot.base)) rotating.set(a.buffer, a.slot);
  });
  const first = (a: Access): Access => {
    const slot = rotating.get(a.buffer);
    return slot && a.slot?.base === '' && a.slot.c < slot.stages ? { ...a, slot: { ...slot, c: a.slot.c } } : a;
  };
  const slotLater = (slot: Slot | undefined): Slot | undefined => {
    if (!slot?.names.has(s.v)) return slot;
    return advancing.has(slot.base) ? { ...slot, c: (slot.c - 1 + slot.stages) % slot.stages } : undefined;
  };
  const apart = new Map<string, boolean>();
  const isApart = ({ place }: Access): boolean => {
    if (!place) return false;
    const known = apart.get(place.key) ?? apartAcross(s, place, lets);
    apart.set(place.key, known);
    return known;
  };
  const next = (a: Access): Access => {
    const slot = slotLater(a.slot);
    const moved = a.apart ?? (isApart(a) ? s.v : undefined);
    return slot === a.slot && moved === a.apart ? a : { ...a, slot, apart: moved };
  };
  return { first: (state) => mapState(state, first), next: (state) => mapState(state, next) };
}
