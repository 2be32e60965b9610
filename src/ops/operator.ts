/** What all operators share: parameters, checks, kernels, launch. */
import type { Value } from '../../manifest/rules/evaluate.ts';
import type { OperatorEntry, ParamsOf, ResolvedParams, TensorsOf, TilesOf } from '../../manifest/schema.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { Device } from '../runtime/device.ts';
import type { Stream } from '../runtime/stream.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { Serving } from '../tune/serving.ts';
import { type Contents, type HostCopies, knownContents, readContents, type Validate } from './contents.ts';
import { OperatorError, OperatorUseError } from './error.ts';
import type { KernelConfig, OperatorKernel } from './kernels.ts';
import { resolveParams } from './params.ts';
import { isRecord } from './record.ts';
import { Signature, type Sizes, type TensorArgs } from './signature.ts';
import { resolveTiles } from './tiles.ts';

/** Scratch memory of a call by name. */
export type Workspace = Readonly<Record<string, Tensor>>;

export interface RunOptions {
  /** The GPU stream that the work is queued on; default: the device's own. */
  readonly stream?: Stream;
  readonly validate?: Validate;
  readonly host?: HostCopies;
  /** From `workspace(args)`. Without it scratch memory is allocated for the call (in a graph: for the graph's life). */
  readonly workspace?: Workspace;
}

export interface OperatorOptions<E extends OperatorEntry = OperatorEntry> {
  /** Overrides of the kernel's own choice of tiles, such as `{ BM: 64, numStages: 3 }`: those that docs/operators.md lists. */
  readonly config?: TilesOf<E>;
  /**
   * Take the tiles that were fastest on this GPU for calls of the same kind (`tilec tune`); where that is not known, `run`
   * and `prepare` find it out first, which takes from seconds to a minute. `config` goes before. The CPU ignores it.
   */
  readonly tune?: boolean;
}

/** One call, checked. */
export interface Call {
  readonly args: TensorArgs;
  readonly sizes: Sizes;
  readonly device: Tensor['device'];
  readonly stream: Stream | undefined;
}

/** One launch of a call: the kernel, and its arguments by the kernel's names. */
export interface Step {
  readonly kernel: OperatorKernel;
  readonly args: (call: Call, workspace: Workspace) => Readonly<Record<string, unknown>>;
}

/**
 * An operator: its parameters fix the kernels, its calls bring tensors. It keeps nothing of a call. Run-time sizes compile
 * nothing anew.
 */
export abstract class Operator<E extends OperatorEntry> {
  readonly entry: E;
  /** With defaults filled in. */
  readonly params: ResolvedParams<E>;
  /** The tiles that were chosen. */
  protected readonly config: KernelConfig;
  /** Tensors whose contents are checked. */
  protected readonly checked: readonly string[];
  readonly #signature: Signature;
  /** Devices for which calls of all sizes have their kernels. */
  readonly #complete = new Set<string>();
  readonly #tuned: Serving<Operator<E>> | undefined;

  /** Throws `OperatorError` for parameters and tiles that are missing, unknown, out of range or do not fit each other. */
  constructor(entry: E, params: ParamsOf<E>, options: OperatorOptions<E> = {}, checked: readonly string[] = []) {
    this.entry = entry;
    const resolved: Readonly<Record<string, Value>> = resolveParams(entry, params);
    if (!isRecord(options)) throw new OperatorError(entry.name, msg.notOptions('options', options));
    this.params = resolved as ResolvedParams<E>;
    this.config = resolveTiles(entry, resolved, options.config);
    this.#signature = new Signature(entry, resolved);
    this.checked = checked.filter((name) => this.#signature.tensors.includes(name));
    if (options.tune && Object.keys(this.config).length === 0) {
      const make = (config: KernelConfig): Operator<E> =>
        Reflect.construct(this.constructor, [params, { ...options, tune: false, config }]) as Operator<E>;
      this.#tuned = new Serving({ entry, params: resolved, make });
    }
  }

  /** The launches of a call, in order; none where there is nothing to do. */
  protected abstract steps(call: Call): readonly Step[];

  /** Steps that calls of other sizes take instead: compiled along with the first call, so that none later waits. */
  protected alternatives(_call: Call): readonly Step[] {
    return [];
  }

  /** Throws `OperatorError` for contents that the call cannot take. Called with those that may be looked at. */
  protected checkContents(_contents: Contents, _sizes: Sizes): void {}

  /** Scratch tensors that the call needs; the caller disposes of them. */
  protected scratch(_call: Call): Workspace {
    return {};
  }

  /**
   * Checks, compiles what is not compiled yet, launches. Resolves when the work is queued (on the CPU: done). Throws
   * `OperatorError`, before anything is launched or written.
   */
  async run(args: TensorsOf<E, Tensor>, options: RunOptions = {}): Promise<void> {
    // Of its own: what was checked is what is launched, whatever the caller does with theirs meanwhile.
    const tensors = { ...this.#signature.given(args) };
    const sizes = this.#check(tensors, options);
    if (this.#reads(options)) {
      const known = knownContents(this.entry.name, this.checked, tensors, options.host);
      const read = known.unknown.length > 0 && options.validate !== 'host';
      this.checkContents(read ? await readContents(known, tensors, options.stream) : known.contents, sizes);
    }
    const call = this.#call(tensors, sizes, options.stream);
    const op = this.#tuned ? await this.#found(call, this.#tuned) : this;
    const steps = op.steps(call);
    await op.#compile(call, steps);
    op.#launch(call, steps, options.workspace);
  }

  /** As `run`, at once: the kernels must be ready (`prepare`), and nothing can be read back. For graph capture and tight loops. */
  launch(args: TensorsOf<E, Tensor>, options: RunOptions = {}): void {
    const tensors = this.#signature.given(args);
    const sizes = this.#check(tensors, options);
    if (this.#reads(options)) {
      const known = knownContents(this.entry.name, this.checked, tensors, options.host);
      if (known.unknown.length > 0 && options.validate !== 'host')
        throw new OperatorUseError(`${this.entry.name}: ${msg.needsReading(known.unknown)}`);
      this.checkContents(known.contents, sizes);
    }
    const call = this.#call(tensors, sizes, options.stream);
    const op = this.#known(call);
    const steps = op.steps(call);
    for (const s of steps)
      if (!s.kernel.on(deviceName(call))) throw new OperatorUseError(`${this.entry.name}: ${msg.notPrepared}`);
    op.#launch(call, steps, options.workspace);
  }

  /** Compiles all that a call with such arguments needs. */
  async prepare(args: TensorsOf<E, Tensor>): Promise<void> {
    const call = this.#checkedCall(args);
    const op = this.#tuned ? await this.#found(call, this.#tuned) : this;
    await op.#compile(call, op.steps(call));
  }

  /** The kernels that a call with such arguments launches, in order; nothing is compiled. */
  kernels(args: TensorsOf<E, Tensor>): readonly OperatorKernel[] {
    const call = this.#checkedCall(args);
    return this.#known(call)
      .steps(call)
      .map((s) => s.kernel);
  }

  /** Scratch memory for calls with such arguments; empty where none is needed. */
  workspace(args: TensorsOf<E, Tensor>, options: Pick<RunOptions, 'stream'> = {}): Workspace {
    const call = this.#checkedCall(args, options.stream);
    return this.#known(call).scratch(call);
  }

  async #compile(call: Call, steps: readonly Step[]): Promise<void> {
    const name = deviceName(call);
    if (this.#complete.has(name) && steps.every((s) => s.kernel.on(name))) return;
    // One that fails is for the calls that need it to report.
    const others = Promise.allSettled(this.alternatives(call).map((s) => s.kernel.load(name)));
    await Promise.all(steps.map((s) => s.kernel.load(name)));
    await others;
    this.#complete.add(name);
  }

  /** The operator that serves such calls: this one, or with `tune` the one with the best tiles, if that is known. */
  #known(call: Call): Operator<E> {
    return this.#tuned?.known(call) ?? this;
  }

  async #found(call: Call, tuned: Serving<Operator<E>>): Promise<Operator<E>> {
    return this.steps(call).length > 0 ? ((await tuned.find(call)) ?? this) : this;
  }

  #check(args: TensorArgs, options: RunOptions): Sizes {
    if (!isRecord(options)) throw new OperatorError(this.entry.name, msg.notOptions('options', options));
    switch (options.validate) {
      case 'none':
        return this.#signature.sizes(args);
      case undefined:
      case 'full':
      case 'host':
        return this.#signature.check(args);
      default:
        throw new OperatorError(this.entry.name, msg.badValidate(options.validate));
    }
  }

  /** For what launches nothing. */
  #checkedCall(args: unknown, stream?: Stream): Call {
    const tensors = this.#signature.given(args);
    return this.#call(tensors, this.#signature.check(tensors), stream);
  }

  /** Is there something to be said of contents? */
  #reads({ validate, host }: RunOptions): boolean {
    return validate !== 'none' && (this.checked.length > 0 || host !== undefined);
  }

  #call(args: TensorArgs, sizes: Sizes, stream: Stream | undefined): Call {
    return { args, sizes, stream, device: args[this.#signature.tensors[0]!]!.device };
  }

  #launch(call: Call, steps: readonly Step[], given: Workspace | undefined): void {
    if (steps.length === 0) return;
    const workspace = given ?? this.scratch(call);
    const name = deviceName(call);
    try {
      for (const s of steps)
        s.kernel.on(name)!.launch(s.args(call, workspace) as never, call.stream ? { stream: call.stream } : undefined);
    } finally {
      // The allocator gives the memory to later work on the stream only.
      if (given === undefined) for (const t of Object.values(workspace)) t.dispose();
    }
  }
}

const deviceName = (call: Call): string => (call.device instanceof Device ? call.device.toString() : 'cpu');
