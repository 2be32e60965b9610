/** Waiting for the GPU without blocking the event loop. */

/** How long to look at every turn of the event loop before taking rests. */
const EAGER_MS = 2;
const REST_MS = 1;

/** Resolves once `done` says so: it is asked at once, then at each turn of the event loop, then every millisecond. */
export async function until(done: () => boolean): Promise<void> {
  const start = performance.now();
  while (!done()) await (performance.now() - start < EAGER_MS ? turn() : rest());
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, REST_MS));
