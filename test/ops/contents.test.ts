/** Checks of page tables against the plainest way to say the same, over random calls; and what they cost. */
import { expect, it } from 'vitest';
import { measureContentChecks } from '../../src/bench/contentChecks.ts';
import { type Cache, checkAppend } from '../../src/ops/checks/paged.ts';
import { OperatorError } from '../../src/ops/index.ts';

const PAGE = 4;
const COLUMNS = 3;

interface Request {
  readonly old: number;
  readonly added: number;
  readonly pages: readonly number[];
}

/** Row by row: which rows of which pages are old tokens, and which are written or lie behind what is written. */
function allowed(requests: readonly Request[], numPages: number): boolean {
  const active = requests.filter((r) => r.added > 0);
  const writers = new Map<number, { entry: string; first: number }>();
  for (const [b, r] of active.entries())
    for (let t = 0; t < r.old + r.added; t++) {
      const page = r.pages[Math.floor(t / PAGE)]!;
      if (page < 0 || page >= numPages) return false;
      if (t < r.old) continue;
      const entry = `${b} ${Math.floor(t / PAGE)}`;
      const known = writers.get(page);
      if (known === undefined) writers.set(page, { entry, first: t % PAGE });
      else if (known.entry !== entry) return false;
    }
  for (const [b, r] of active.entries())
    for (let t = 0; t < r.old; t++) {
      const w = writers.get(r.pages[Math.floor(t / PAGE)]!);
      if (w && w.entry !== `${b} ${Math.floor(t / PAGE)}` && t % PAGE >= w.first) return false;
    }
  return true;
}

it('random calls are taken and refused as row by row, whatever calls came before', () => {
  let seed = 7;
  const below = (n: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const seen = { taken: 0, refused: 0 };
  for (let round = 0; round < 4000; round++) {
    const numPages = 4 + below(30);
    const requests = Array.from({ length: 1 + below(4) }, (): Request => {
      const old = below(2 * PAGE + 1);
      const added = below(3) === 0 ? 0 : below(PAGE + 1);
      // Now and then a page that is not there.
      const pages = Array.from({ length: COLUMNS }, () => (below(40) === 0 ? numPages + below(2) : below(numPages)));
      return { old, added, pages };
    });
    const sums = [0];
    for (const r of requests) sums.push(sums.at(-1)! + r.added);
    const cache: Cache = { operator: 'x', batch: requests.length, numPages, pageSize: PAGE, maxPagesPerReq: COLUMNS };
    const contents = {
      cuSeqlensQ: Int32Array.from(sums),
      cacheSeqlens: Int32Array.from(requests, (r) => r.old),
      blockTable: Int32Array.from(requests.flatMap((r) => r.pages)),
    };
    let taken = true;
    try {
      checkAppend(cache, contents, sums.at(-1)!);
    } catch (e) {
      expect(e).toBeInstanceOf(OperatorError);
      taken = false;
    }
    expect(taken, JSON.stringify({ numPages, requests })).toBe(allowed(requests, numPages));
    seen[taken ? 'taken' : 'refused']++;
  }
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(500);
});

it('contents of a call with host copies are checked in microseconds', () => {
  // The fastest of several: the machine may be busy with other tests.
  const runs = Array.from({ length: 5 }, () => measureContentChecks(60));
  const fastest = runs[0]!.map(({ name }, i) => ({ name, us: Math.min(...runs.map((r) => r[i]!.value)) }));
  for (const { name, us } of fastest) console.log(`${name}: ${us.toFixed(2)} µs`);
  expect(fastest.map((f) => f.name)).toEqual([
    'checks of contents, llama8b-4k, host copies given',
    'checks of contents, mixed, host copies given',
  ]);
  expect(fastest[0]!.us).toBeLessThan(5);
  expect(fastest[1]!.us).toBeLessThan(12);
});
