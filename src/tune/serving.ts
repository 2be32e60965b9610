/** Operators with `tune: true`: each call is served by one with the configuration that is best for calls of its kind. */
import type { OperatorEntry } from '../../manifest/schema.ts';
import type { KernelConfig } from '../ops/kernels.ts';
import type { Call } from '../ops/operator.ts';
import { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { configOf, tunedConfig } from './lookup.ts';
import type { Params, Space } from './space.ts';
import { SPACES } from './spaces.ts';
import { FileStore, type Store } from './store.ts';
import { keyOf, type Tunable } from './tunable.ts';

const ITERATIONS = 20;

export interface ServingOptions<O> {
  readonly entry: OperatorEntry;
  readonly params: Params;
  /** The operator with another configuration. */
  readonly make: (config: KernelConfig) => O;
  readonly store?: Store;
}

export class Serving<O> {
  readonly #options: ServingOptions<O>;
  readonly #space: Space | undefined;
  readonly #store: Store;
  readonly #byClass = new Map<string, O>();
  readonly #pending = new Map<string, Promise<O>>();

  constructor(options: ServingOptions<O>) {
    this.#options = options;
    this.#space = SPACES[options.entry.name];
    this.#store = options.store ?? new FileStore();
  }

  /** The operator for such calls, if it is known which; undefined on the CPU, and where no space is declared. */
  known(call: Call): O | undefined {
    const what = this.#tunable(call);
    return what && (this.#byClass.get(classOf(what)) ?? this.#remember(what, tunedConfig(what, this.#store)));
  }

  /** The same, found by a search on the call's own tensors where it is not known. That takes from seconds to a minute. */
  async find(call: Call): Promise<O | undefined> {
    const known = this.known(call);
    const what = this.#tunable(call);
    if (known || !what) return known;
    const name = classOf(what);
    const pending = this.#pending.get(name) ?? this.#search(what, call);
    this.#pending.set(name, pending);
    try {
      return await pending;
    } finally {
      this.#pending.delete(name);
    }
  }

  #tunable({ device, sizes }: Call): Tunable | undefined {
    if (!this.#space || !(device instanceof Device)) return undefined;
    const { entry, params } = this.#options;
    return { entry, params, space: this.#space, gpu: device.name, sizeOf: (name) => sizes.get(name) };
  }

  #remember(what: Tunable, config: KernelConfig | undefined): O | undefined {
    if (!config) return undefined;
    const op = this.#options.make(config);
    this.#byClass.set(classOf(what), op);
    return op;
  }

  async #search(what: Tunable, call: Call): Promise<O> {
    const device = call.device as Device;
    // Loaded here, for they import the operators, which import this module.
    const [{ CompilePool }, { timerOn }, { tune }] = await Promise.all([
      import('./pool.ts'),
      import('../bench/timer.ts'),
      import('./tune.ts'),
    ]);
    await (call.stream ?? device.currentStream).synchronize();
    const pool = new CompilePool();
    const copies: Tensor[] = [];
    try {
      const inputs: Record<string, Tensor> = {};
      for (const [name, t] of Object.entries(call.args)) {
        if (!t) continue;
        inputs[name] = t;
        if (what.entry.tensors[name]!.role === 'in') continue;
        // What the call writes must be as it was when the call is made at last.
        inputs[name] = await t.to(device);
        copies.push(inputs[name]);
      }
      const record = await tune(what, {
        inputs,
        arch: device.arch,
        timer: timerOn(device),
        store: lenient(this.#store),
        pool,
        iterations: ITERATIONS,
      });
      return this.#remember(what, configOf(what, record) ?? {})!;
    } finally {
      for (const t of copies) t.dispose();
      await pool.dispose();
    }
  }
}

const classOf = (what: Tunable): string => {
  const { shapeClass, gpu } = keyOf(what);
  return `${gpu}\0${shapeClass}`;
};

/** A call must not fail because its cache folder cannot be written. */
const lenient = (store: Store): Store => ({
  read: (key) => store.read(key),
  write(record) {
    try {
      store.write(record);
    } catch {
      // The next process searches again.
    }
  },
});
