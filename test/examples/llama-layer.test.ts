/** A layer served in chunks and steps equals the layer over whole sequences, and would not if anything on the way were left out. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PagedCache } from '../../examples/llama-layer/cache.ts';
import { compare, TOLERANCE } from '../../examples/llama-layer/compare.ts';
import { type LayerConfig, randomStates, randomWeights, SMALL } from '../../examples/llama-layer/model.ts';
import { throughCache, wholeSequence } from '../../examples/llama-layer/reference.ts';
import { type Served, serve } from '../../examples/llama-layer/serve.ts';
import * as readback from '../../src/ops/readback.ts';
import { DEVICES } from '../ops/paged.ts';
import { stored } from '../reference/append.ts';
import { roundTo } from '../reference/numbers.ts';
import { allMagnitudes, random } from '../reference/random.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const PROMPTS = [33, 18, 1];
const DECODE_STEPS = 3;

function setUp(change: Partial<LayerConfig>) {
  const config = { ...SMALL, hidden: 128, heads: 8, headsKv: 2, dim: 32, ffn: 192, ...change };
  const weights = randomWeights(config, 5);
  const requests = PROMPTS.map((promptTokens, r) => ({
    promptTokens,
    states: randomStates(config, promptTokens + DECODE_STEPS, r + 20),
  }));
  type Through = (x: number, scale: number, round: (x: number) => number) => number;
  /** The relative error of each request, and elements that are off. */
  const errors = (served: Served, through?: Through) =>
    requests.map((r, i) =>
      compare(
        served.states[i]!,
        wholeSequence(config, weights, r.states, served.fromCache[i]!, { through }),
        config.dtype,
      ),
    );
  return { config, weights, requests, errors };
}

describe.each(DEVICES)('on %s', (device) => {
  test.each(['f16', 'bf16'] as const)('%s: as over the whole sequence', async (dtype) => {
    const { config, weights, requests, errors } = setUp({ dtype });
    const served = await serve(config, weights, requests, { device, chunk: 16 });
    for (const d of errors(served)) {
      expect(d.off).toBe(0);
      expect(d.relative).toBeLessThan(TOLERANCE[dtype].relative);
    }
    // So near that a cache of full precision, or scales that are 1 % off, would be noticed in every request.
    for (const d of errors(served, (x) => x)) expect(d.relative).toBeGreaterThan(TOLERANCE[dtype].relative);
  });

  test('steps compile nothing anew, and nothing is read back from the GPU to be checked', async () => {
    const read = vi.spyOn(readback, 'readBack');
    // A size of its own, so that no other test has compiled these kernels.
    const { config, weights, requests } = setUp({ ffn: 320, hidden: 192, dim: 16 });
    const { steps } = await serve(config, weights, requests, { device, chunk: 16 });
    expect(steps.map((s) => [s.kind, s.counts.join()])).toEqual([
      ['prefill', '16,16,1'],
      ['prefill', '16,2,0'],
      ['prefill', '1,0,0'],
      ...Array(DECODE_STEPS).fill(['decode', '1,1,1']),
    ]);
    const compiled = steps.map((s) => s.kernelsCompiled);
    expect(compiled[0]).toBeGreaterThanOrEqual(5);
    expect(compiled[3]).toBe(3); // RoPE, decode and its combination: the append is the prefill's
    expect([1, 2, 4, 5].map((i) => compiled[i])).toEqual([0, 0, 0, 0]);
    expect(read).not.toHaveBeenCalled();
  });
});

describe('pages', () => {
  test('are taken as requests grow, in no order, each for one request only', async () => {
    const cache = await PagedCache.create(SMALL, 2, 4, 6, 'cpu');
    const grow = (request: number, tokens: number): void => {
      cache.reserve(request, tokens);
      cache.lengths[request]! += tokens;
    };
    grow(0, 16);
    expect(cache.pagesOf(0)).toHaveLength(1);
    grow(1, 1);
    grow(0, 1);
    grow(0, 31);
    expect(cache.pagesOf(0)).toHaveLength(3);
    expect(cache.pagesOf(1)).toHaveLength(1);
    expect(new Set([...cache.pagesOf(0), ...cache.pagesOf(1)]).size).toBe(cache.pagesInUse);
    expect(cache.pagesOf(0)).not.toEqual([...cache.pagesOf(0)].sort());
    grow(1, 40);
    expect(cache.pagesInUse).toBe(6);
    expect(() => cache.reserve(0, 1)).toThrow('no page is free');
  });
});

test("the example's idea of the cache is the tests' own", () => {
  const r = random(3);
  const bf16 = (x: number): number => roundTo('bf16', x);
  for (const x of [...allMagnitudes(r, 20_000, -20, 10), 0, 448, -1e9])
    expect(throughCache(x, 0.02, bf16)).toBe(bf16(Math.fround(stored(x, 0.02, 'f8e4m3') * Math.fround(0.02))));
});

test('the example itself, on the CPU', async () => {
  vi.stubEnv('TILEC_DEVICE', 'cpu');
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string = '') => void printed.push(line));
  await import('../../examples/llama-layer/main.ts');
  const text = printed.join('\n');
  expect(text).toContain('  right: allowed are 0.03125 + 0.0078125 · |x| for an element, 0.005 over all');
  expect(text).toMatch(/prefill +\d+ \+ \d+ \+ \d+ +\d+ +[1-9]\d* +[\d.]+ ms/);
  expect(text).toMatch(/decode +1 \+ 1 \+ 1 +\d+ +0 +[\d.]+ ms/);
});
