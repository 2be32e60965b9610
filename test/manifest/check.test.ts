/** What the checker finds in an entry, with its place. */
import { describe, expect, it } from 'vitest';
import { checkEntry } from '../../manifest/check.ts';
import { MANIFEST } from '../../manifest/index.ts';
import type { OperatorEntry, ParamEntry, TensorEntry } from '../../manifest/schema.ts';

const prefill: OperatorEntry = MANIFEST.gqaPagedPrefill;
const softmax: OperatorEntry = MANIFEST.softmax;

const broken = (change: object, entry = prefill): readonly string[] =>
  checkEntry({ ...entry, ...change } as OperatorEntry);
/** As data that no type checker saw. */
const withParam = (name: string, change: object): readonly string[] =>
  broken({ params: { ...prefill.params, [name]: { ...prefill.params[name], ...change } as ParamEntry } });
const withTensor = (name: string, change: object): readonly string[] =>
  broken({ tensors: { ...prefill.tensors, [name]: { ...prefill.tensors[name], ...change } as TensorEntry } });
const withWorkload = (change: object): readonly string[] => {
  const w = prefill.workloads.find((x) => x.name === 'mixed')!;
  return broken({ workloads: [{ ...w, ...change }] });
};
const P = 'gqa-paged-prefill';

describe('parameters', () => {
  it.each<[string, object, string]>([
    ['heads', { type: 'integer' }, '`integer` is no type of a parameter'],
    ['heads', { min: 8, max: 4 }, 'its least value 8 is above its greatest, 4'],
    ['heads', { min: 0.5 }, 'its bounds are no integers'],
    ['heads', { default: 0 }, 'its default 0 is out of its range'],
    ['heads', { default: 2.5 }, 'its default 2.5 is out of its range'],
    ['softcap', { min: 2, max: 1 }, 'its least value 2 is above its greatest, 1'],
    ['softcap', { default: -1 }, 'its default -1 is out of its range'],
    ['softcap', { default: 1e31 }, 'its default 1e+31 is out of its range'],
    ['smScale', { default: '1 / sqrt(nope)' }, '`nope` in `1 / sqrt(nope)` is not known here'],
    ['isCausal', { default: 1 }, 'its default is neither true nor false'],
    ['dtype', { of: ['f16', 'f99'] }, '`f99` is no dtype'],
    ['cacheDtype', { default: 'f99' }, 'its default is neither a dtype nor a parameter'],
  ])('%s %j', (name, change, what) => {
    expect(withParam(name, change)).toContain(`${P}.params.${name}: ${what}`);
  });
});

describe('tiles', () => {
  it('are no parameters, and rules are of them', () => {
    expect(broken({ tiles: { ...prefill.tiles, dim: 'd', totalQ: 't' } })).toEqual([
      `${P}.tiles.dim: is a parameter or a size too`,
      `${P}.tiles.totalQ: is a parameter or a size too`,
    ]);
    const rule = (text: string, argument: string): readonly string[] =>
      broken({ tileRules: [{ rule: text, argument, expected: '' }] });
    expect(rule('BM % dim == 0', 'BM')).toEqual([]);
    expect(rule('BX > 1', 'BM')).toEqual([
      `${P}.tileRules: \`BX\` in \`BX > 1\` is not known here`,
      `${P}.tileRules: \`BX > 1\` says nothing of \`BM\``,
    ]);
    expect(rule('BM > dim', 'dim')).toEqual([`${P}.tileRules: there is no tile \`dim\``]);
  });
});

describe('tensors', () => {
  it.each<[string, object, string]>([
    ['q', { fill: { kind: 'gaussian' } }, '`gaussian` is no way to fill a tensor'],
    ['q', { fill: { kind: 'rotary', of: 'tan' } }, '`tan` is neither cos nor sin'],
    ['q', { fill: { kind: 'list', list: 'lens' } }, 'there is no list `lens`'],
    ['q', { fill: { kind: 'index', below: 'nope' } }, '`nope` in `nope` is not known here'],
    ['q', { role: 'input' }, '`input` is no role'],
    ['q', { dtype: 'constructor' }, '`constructor` is neither a dtype nor a parameter'],
    ['q', { inPlace: ['kNew'] }, 'is not written, and so not in place of anything'],
    ['out', { inPlace: ['nope'] }, 'there is no input `nope` that it could replace'],
    ['out', { inPlace: ['kPages'] }, 'there is no input `kPages` that it could replace'],
    ['out', { inPlace: ['kNew'] }, 'is written in place of `kNew`, which has another dtype or shape'],
  ])('%s %j', (name, change, what) => {
    expect(withTensor(name, change)).toContain(`${P}.tensors.${name}: ${what}`);
  });
  it('pages need to know how many there are', () => {
    const x = { ...softmax.tensors.x!, fill: { kind: 'pages', tokens: 'b' } };
    expect(broken({ tensors: { ...softmax.tensors, x } }, softmax)).toContain(
      'softmax.tensors.x: filling with pages needs `numPages`',
    );
  });
});

describe('lists and derived sizes', () => {
  it('use only what is known before them', () => {
    const { totalQ, maxPagesPerReq, ...rest } = prefill.derived!;
    expect(broken({ derived: { maxPagesPerReq: 'ceilDiv(totalQ, pageSize)', totalQ: totalQ!, ...rest } })).toContain(
      `${P}.derived.maxPagesPerReq: \`totalQ\` in \`ceilDiv(totalQ, pageSize)\` is not known here`,
    );
    expect(broken({ derived: { totalQ: totalQ!, maxPagesPerReq: 'ceilDiv(totalQ, pageSize)', ...rest } })).toEqual([]);
    expect(broken({ lists: { ...prefill.lists, oldLens: 'totalQ' } })).toContain(
      `${P}.lists.oldLens: \`totalQ\` in \`totalQ\` is not known here`,
    );
  });
});

describe('workloads', () => {
  const { params } = prefill.workloads[0]!;
  const lens = [1, 2, 3, 4, 5, 6, 7, 8];
  it.each<[object, string]>([
    [{ lists: { newLens: [1, 2, 3], oldLens: lens } }, 'the list `newLens` has 3 entries, not batch = 8'],
    [{ lists: { newLens: 1, oldLens: lens, moreLens: 1 } }, 'there is no list `moreLens`'],
    [
      { params: { ...params, heads: 30 } },
      '`headsKv` must be a divisor of heads: `heads % headsKv == 0` does not hold',
    ],
    [{ params: { ...params, cacheDtype: 'f16' } }, '`cacheDtype` must be dtype or f8e4m3:'],
    [{ params: { ...params, rotaryDim: 3 } }, '`rotaryDim` must be even and at most dim:'],
    [{ params: { ...params, dim: 512 } }, '`dim` cannot be 512'],
    [{ params: { ...params, heads: '32' } }, '`heads` cannot be 32'],
    [{ sizes: { batch: -1 } }, 'the size `batch` cannot be -1'],
    [{ sizes: { batch: 8, totalQ: 3 } }, '`totalQ` is no free size'],
  ])('%j', (change, what) => {
    const problems = withWorkload(change);
    expect(problems.join('\n')).toContain(`${P}.workloads.mixed: ${what}`);
    expect(problems.length).toBe(1);
  });
  it('rules and defaults that no program knows yet are read', () => {
    const eps = { type: 'float', min: 0, default: '2 / (n + 17)', doc: 'new' } as const;
    const requires = [{ rule: 'eps > n * 17', argument: 'eps', expected: 'large' }];
    expect(broken({ params: { ...softmax.params, eps }, requires }, softmax)).toContain(
      'softmax.workloads.ragged: `eps` must be large: `eps > n * 17` does not hold',
    );
  });
});
