/** Worker threads that compile. NVRTC holds its thread for a second or so, and takes all threads that it is given. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Compiled } from './search.ts';
import type { Answer, CompileTask, Request } from './task.ts';

/** From the sources, which threads cannot load, as from the build. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/src/tune/worker.js' : './worker.js',
  import.meta.url,
);

interface Job {
  readonly request: Request;
  resolve(compiled: Compiled): void;
  reject(error: Error): void;
}

export class CompilePool {
  readonly size: number;
  readonly #worker: URL;
  readonly #threads = new Map<Worker, Job | undefined>();
  readonly #waiting: Job[] = [];
  #next = 0;

  /** Threads start when they are needed. Default: one less than there are processors, which is for the one that times. */
  constructor(size: number = Math.max(1, availableParallelism() - 1), worker: URL = WORKER) {
    this.size = size;
    this.#worker = worker;
  }

  /** Rejects where compiling at all is impossible, such as without NVRTC. A thread that dies refuses its configuration. */
  compile(task: CompileTask): Promise<Compiled> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request: { id: this.#next++, task }, resolve, reject });
      this.#assign();
    });
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle();
      if (!thread) return;
      const job = this.#waiting.shift()!;
      this.#threads.set(thread, job);
      thread.postMessage(job.request);
    }
  }

  #idle(): Worker | undefined {
    for (const [thread, job] of this.#threads) if (!job) return thread;
    return this.#threads.size < this.size ? this.#start() : undefined;
  }

  #start(): Worker {
    const thread = new Worker(this.#worker);
    this.#threads.set(thread, undefined);
    thread.on('message', (answer: Answer) => {
      const job = this.#threads.get(thread);
      this.#threads.set(thread, undefined);
      if ('compiled' in answer) job?.resolve(answer.compiled);
      else job?.reject(Object.assign(new Error(answer.error.message), { name: answer.error.name }));
      this.#assign();
    });
    let why = 'the compiling thread ended';
    thread.on('error', (e) => {
      why = `the compiling thread died: ${e.message}`;
    });
    thread.on('exit', () => {
      const job = this.#threads.get(thread);
      this.#threads.delete(thread);
      job?.resolve({ ok: false, detail: why });
      this.#assign();
    });
    return thread;
  }

  /** Ends all threads; what they work on is refused. */
  async dispose(): Promise<void> {
    for (const job of this.#waiting.splice(0)) job.resolve({ ok: false, detail: 'the search ended' });
    await Promise.all([...this.#threads.keys()].map((t) => t.terminate()));
  }
}
