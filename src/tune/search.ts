/** The search itself: compile many at a time, time one at a time, keep each result as it comes. */
import type { KernelConfig } from '../ops/kernels.ts';
import { bestOf, configKey, type Measured, type Reason, type Rejected, type TuneRecord } from './record.ts';

/** What the compiler made of a configuration. */
export type Compiled =
  | {
      readonly ok: true;
      /** Equal for equal machine code. */
      readonly program: string;
      readonly spillBytes: number;
    }
  | { readonly ok: false; readonly detail: string };

/** Milliseconds, or why it cannot be had. An error thrown instead ends the search. */
export type Timed = { readonly ms: number } | { readonly failed: string };

export interface SearchSteps {
  compile(config: KernelConfig): Promise<Compiled>;
  /** `best`: milliseconds of the fastest so far; what is clearly slower need not be timed well. */
  time(config: KernelConfig, best: number): Promise<Timed>;
  /** Called with each new state of the record. */
  save(record: TuneRecord): void;
}

export interface Progress {
  readonly candidates: number;
  readonly compiled: number;
  readonly measured: number;
  readonly rejected: number;
  readonly best: Measured | undefined;
}

export interface SearchOptions {
  /** How many are compiled at once. */
  readonly parallel: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (p: Progress) => void;
}

/**
 * Tries the kernels' own choice and all `candidates`. Measurements that `before` holds count if the compiled kernels are
 * still the same. The kernels' own choice is timed even if it spills, so that the result is never worse than it. When
 * `signal` aborts, the measurement under way is finished, and what has been found is returned as incomplete.
 */
export async function search(
  candidates: readonly KernelConfig[],
  before: TuneRecord,
  steps: SearchSteps,
  { parallel, signal, onProgress }: SearchOptions,
): Promise<TuneRecord> {
  const known = new Map(before.measured.map((m) => [configKey(m.config), m]));
  const measured: Measured[] = [];
  const rejected: Rejected[] = [];
  const own = configKey({});
  const todo = [{}, ...candidates.filter((c) => configKey(c) !== own)];
  let compiled = 0;

  const recordNow = (complete: boolean): TuneRecord => {
    // What this search has not come to yet stays as it was.
    const tried = new Set([...measured, ...rejected].map((x) => configKey(x.config)));
    const rest = complete ? [] : before.measured.filter((m) => !tried.has(configKey(m.config)));
    return { ...before, measured: [...measured, ...rest], rejected, complete };
  };
  const report = (): void =>
    onProgress?.({
      candidates: todo.length,
      compiled,
      measured: measured.length,
      rejected: rejected.length,
      best: bestOf({ measured }),
    });
  const reject = (config: KernelConfig, reason: Reason, detail: string): void => {
    rejected.push({ config, reason, detail });
  };

  const measure = async (config: KernelConfig, result: Compiled): Promise<void> => {
    if (!result.ok) return reject(config, 'refused', result.detail);
    const { program, spillBytes } = result;
    if (spillBytes > 0 && configKey(config) !== own) return reject(config, 'spills', `${spillBytes} bytes a thread`);
    const same = measured.find((m) => m.program === program);
    const earlier = known.get(configKey(config));
    if (same) measured.push({ config, ms: same.ms, program });
    else if (earlier?.program === program) measured.push(earlier);
    else {
      const timed = await steps.time(config, bestOf({ measured })?.ms ?? Number.POSITIVE_INFINITY);
      if ('failed' in timed) return reject(config, 'fails', timed.failed);
      measured.push({ config, ms: timed.ms, program });
    }
  };

  report();
  for await (const { config, result } of compileAll(todo, parallel, steps, signal)) {
    compiled++;
    await measure(config, result);
    steps.save(recordNow(false));
    report();
    if (signal?.aborted) break;
  }
  const done = recordNow(compiled === todo.length);
  steps.save(done);
  return done;
}

/** Compiles `parallel` at a time; gives them in the order in which they finish, the first one first. Ends when aborted. */
async function* compileAll(
  todo: readonly KernelConfig[],
  parallel: number,
  steps: SearchSteps,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly config: KernelConfig; readonly result: Compiled }> {
  const running = new Map<number, Promise<{ readonly index: number; readonly result: Compiled }>>();
  const aborted = new Promise<undefined>((resolve) => {
    signal?.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let next = 0;
  const start = (): void => {
    while (running.size < parallel && next < todo.length) {
      const index = next++;
      const promise = steps.compile(todo[index]!).then((result) => ({ index, result }));
      // Nobody waits for those that run when the search ends early.
      promise.catch(() => {});
      running.set(index, promise);
    }
  };
  start();
  let first = running.get(0);
  while (running.size > 0 && !signal?.aborted) {
    const done = await Promise.race([aborted, ...(first ? [first] : running.values())]);
    first = undefined;
    if (!done) return;
    running.delete(done.index);
    // Others compile while the caller times this one.
    start();
    yield { config: todo[done.index]!, result: done.result };
  }
}
