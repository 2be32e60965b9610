/** The loop of a server: prompts in chunks, then token by token, all requests of a step in one batch. */
import { type DeviceName, Tensor } from 'tilec';
import { compileCount } from '../../src/ops/index.ts';
import { Batch } from './batch.ts';
import { PagedCache } from './cache.ts';
import { LlamaLayer } from './layer.ts';
import { DTYPES, type LayerConfig, type Weights } from './model.ts';

export interface Request {
  /** Hidden states of the prompt and of the tokens behind it, [tokens, hidden]. */
  readonly states: Float64Array;
  readonly promptTokens: number;
}

export interface StepReport {
  readonly kind: 'prefill' | 'decode';
  /** New tokens of each request. */
  readonly counts: readonly number[];
  readonly pagesInUse: number;
  readonly kernelsCompiled: number;
  readonly milliseconds: number;
}

export interface Served {
  /** Hidden states behind the layer, of each request; [tokens, hidden]. */
  readonly states: readonly Float64Array[];
  /** For each token of each request: the first so many tokens were read from the cache, later ones as they were computed. */
  readonly fromCache: readonly (readonly number[])[];
  readonly steps: readonly StepReport[];
  readonly cache: PagedCache;
}

export interface ServeOptions {
  readonly device: DeviceName;
  /** The most tokens of a request in a prefill step. */
  readonly chunk: number;
}

export async function serve(
  c: LayerConfig,
  weights: Weights,
  requests: readonly Request[],
  o: ServeOptions,
): Promise<Served> {
  const { device, chunk } = o;
  const { hidden } = c;
  const totals = requests.map((r) => r.states.length / hidden);
  const longest = Math.max(...totals);
  const columns = Math.ceil(longest / c.pageSize);
  const pages = totals.reduce((sum, n) => sum + Math.ceil(n / c.pageSize), 0);
  const cache = await PagedCache.create(c, requests.length, columns, pages, device);
  const batch = new Batch(requests.length, columns, device);
  const layer = await LlamaLayer.create(c, weights, cache, {
    device,
    mostTokens: chunk * requests.length,
    positions: longest,
  });

  const states = requests.map((r) => new Float64Array(r.states.length).fill(Number.NaN));
  const fromCache = requests.map((): number[] => []);
  const steps: StepReport[] = [];

  /** Runs the next `counts[r]` tokens of each request through the layer. */
  const step = async (kind: StepReport['kind'], counts: readonly number[], trusted: boolean): Promise<void> => {
    const start = performance.now();
    const compiled = compileCount();
    await batch.plan(counts, cache);
    const rows = (r: number): [number, number] => [
      cache.lengths[r]! * hidden,
      (cache.lengths[r]! + counts[r]!) * hidden,
    ];
    const packed = requests.flatMap((request, r) => [...request.states.subarray(...rows(r))]);
    const x = await Tensor.from(packed, DTYPES[c.dtype], [packed.length / hidden, hidden]).to(device);
    if (kind === 'prefill') await layer.prefill(x, batch);
    else await layer.decode(x, batch, trusted);
    const out = await x.toFloat64Array();
    requests.forEach((_, r) => {
      const first = batch.host.cuSeqlensQ[r]!;
      states[r]!.set(out.subarray(first * hidden, (first + counts[r]!) * hidden), rows(r)[0]);
      const old = cache.lengths[r]!;
      for (let i = 0; i < counts[r]!; i++) fromCache[r]!.push(kind === 'prefill' ? old : old + 1);
      cache.lengths[r] = old + counts[r]!;
    });
    steps.push({
      kind,
      counts,
      pagesInUse: cache.pagesInUse,
      kernelsCompiled: compileCount() - compiled,
      milliseconds: performance.now() - start,
    });
  };

  // Requests whose prompt is through have no tokens in a prefill step: an operator takes 0 like any other number.
  const left = (r: number): number => requests[r]!.promptTokens - cache.lengths[r]!;
  while (requests.some((_, r) => left(r) > 0))
    await step(
      'prefill',
      requests.map((_, r) => Math.min(chunk, left(r))),
      false,
    );
  const decodeSteps = Math.min(...requests.map((r, i) => totals[i]! - r.promptTokens));
  for (let i = 0; i < decodeSteps; i++)
    await step(
      'decode',
      requests.map(() => 1),
      i > 0,
    );
  return { states, fromCache, steps, cache };
}
