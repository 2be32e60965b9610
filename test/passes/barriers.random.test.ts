/** Barriers on generated programs, against an oracle that runs them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printKernel } from '../../src/ir/tile/printer.ts';
import { verify } from '../../src/ir/tile/verify.ts';
import { findHazards, insertBarriers } from '../../src/passes/insertBarriers.ts';
import { barrierPrograms } from './barrier-programs.ts';
import { findRace, type Race } from './race.ts';

const draws = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
};
const seed = fc.nat(2 ** 31 - 1);
const text = (r: Race | undefined): string | undefined =>
  r && `${r.place}: ${r.statements.map((s) => s.kind).join(' and ')}`;

test('what insert-barriers makes has no race and no hazard', () => {
  fc.assert(
    fc.property(barrierPrograms(false), seed, (k, s) => {
      const done = insertBarriers(k);
      expect(verify(done)).toEqual([]);
      expect(findHazards(done), printKernel(done)).toEqual([]);
      expect(text(findRace(done, draws(s))), printKernel(done)).toBeUndefined();
    }),
    { numRuns: 800 },
  );
}, 120_000);

test('a program without hazards has no race: what findHazards does not see is not there', () => {
  let ordered = 0;
  fc.assert(
    fc.property(barrierPrograms(true, 2), seed, (k, s) => {
      if (findHazards(k).length > 0) return;
      ordered++;
      expect(text(findRace(k, draws(s))), printKernel(k)).toBeUndefined();
    }),
    { numRuns: 3000 },
  );
  expect(ordered).toBeGreaterThan(300);
}, 120_000);

test('the oracle finds races: without barriers most programs have some', () => {
  let racy = 0;
  fc.assert(
    fc.property(barrierPrograms(false), seed, (k, s) => {
      if (findRace(k, draws(s))) racy++;
    }),
    { numRuns: 300 },
  );
  expect(racy).toBeGreaterThan(100);
}, 120_000);
