import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkEntry } from '../../manifest/check.ts';
import { GENERATED } from '../../manifest/generated.ts';
import { MANIFEST } from '../../manifest/index.ts';
import { randomInputs } from '../../manifest/inputs.ts';
import type { OperatorEntry } from '../../manifest/schema.ts';
import { resolveWorkload, withDefaults } from '../../manifest/workload.ts';
import { bytesOf } from '../../src/ir/dtype.ts';

const entries: readonly OperatorEntry[] = Object.values(MANIFEST);
const prefill: OperatorEntry = MANIFEST.gqaPagedPrefill;
const workload = (entry: OperatorEntry, name: string) =>
  resolveWorkload(entry, entry.workloads.find((w) => w.name === name)!);

describe('the manifest', () => {
  it.each(entries.map((e) => [e.name, e] as const))('%s is well-formed', (_, entry) => {
    expect(checkEntry(entry)).toEqual([]);
  });
  it.each(Object.entries(GENERATED))(
    '%s is up to date (build, then `node dist/manifest/generate.js`)',
    (path, text) => {
      expect(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')).toBe(text());
    },
  );
  it('names operators once', () => {
    expect(new Set(entries.map((e) => e.name)).size).toBe(entries.length);
  });
});

describe('the checker', () => {
  const broken = (change: Partial<OperatorEntry>): string => checkEntry({ ...prefill, ...change }).join('\n');
  it('finds names that are not known, rules that cannot be read, missing parts', () => {
    const q = { ...prefill.tensors.q! };
    expect(broken({ tensors: { ...prefill.tensors, q: { ...q, when: 'totalQ > 0' } } })).toContain(
      'tensors.q: `totalQ` in',
    );
    expect(broken({ tensors: { ...prefill.tensors, q: { ...q, shape: ['totalQ +'] } } })).toContain('rule `totalQ +`');
    expect(broken({ tensors: { ...prefill.tensors, q: { ...q, dtype: 'f99' } } })).toContain('`f99` is neither');
    expect(broken({ tensors: { ...prefill.tensors, q: { ...q, role: 'out' } } })).toContain('poison');
    expect(broken({ roofline: { flops: 'heads * nope', bytes: '1' } })).toContain('roofline.flops: `nope`');
    expect(broken({ requires: [{ rule: 'dim > 0', argument: 'nope', expected: '' }] })).toContain('no `nope`');
    expect(broken({ workloads: [] })).toContain('there are none');
    expect(broken({ name: 'Gqa' })).toContain('kebab-case');
    const [w] = prefill.workloads;
    expect(broken({ workloads: [{ ...w!, sizes: {} }] })).toContain('does not give the size `batch`');
    expect(broken({ workloads: [{ ...w!, lists: {} }] })).toContain('does not give the list `newLens`');
    expect(broken({ workloads: [{ ...w!, params: { ...w!.params, colour: 1 } }] })).toContain('no parameter `colour`');
    expect(broken({ workloads: [w!, w!] })).toContain('there twice');
  });
});

describe('workloads', () => {
  it('cost what the description of the operator says', () => {
    const w = workload(prefill, 'llama8b-4k');
    expect(w.flops).toBe(4 * 32 * 128 * 8 * (512 * 4096 + (512 * 513) / 2));
    expect(w.env.totalQ).toBe(4096);
    expect(w.env.maxPagesPerReq).toBe(72);
    const mixed = workload(prefill, 'mixed');
    const lens = [
      [256, 4096],
      [512, 8192],
      [768, 16384],
      [1024, 32768],
      [384, 12288],
      [640, 24576],
      [896, 30720],
      [128, 2048],
    ] as const;
    expect(mixed.flops).toBe(lens.reduce((s, [n, old]) => s + 4 * 32 * 128 * (n * old + (n * (n + 1)) / 2), 0));
    const elements = (name: string) => mixed.tensors.find((t) => t.name === name)!.shape.reduce((a, b) => a * b);
    const once = 2 * (elements('q') + elements('kNew') + elements('vNew') + elements('out'));
    const old = lens.reduce((s, [, o]) => s + o, 0);
    const index = 4 * (elements('cuSeqlensQ') + elements('cacheSeqlens') + elements('blockTable'));
    expect(mixed.bytes).toBe(once + 2 * 8 * 128 * (old + 4608) + index);
  });
  it('without a mask count every pair', () => {
    const w = resolveWorkload(prefill, prefill.workloads[0]!, { isCausal: false });
    expect(w.flops).toBe(4 * 32 * 128 * 8 * 512 * (4096 + 512));
  });
  it.each(['rms-norm', 'softmax', 'silu-and-mul', 'rope', 'add-rms-norm', 'quantize-fp8-rows'])(
    '%s on 8192 × 8192: the bytes are those of its tensors',
    (name) => {
      const entry = entries.find((e) => e.name === name)!;
      const w = workload(entry, '8192x8192');
      const sum = w.tensors.reduce(
        (s, t) => s + (t.entry.role === 'inout' ? 2 : 1) * bytesOf(t.dtype) * t.shape.reduce((a, b) => a * b),
        0,
      );
      expect(w.bytes).toBe(sum);
    },
  );
  it('all resolve to whole, positive sizes', () => {
    for (const e of entries)
      for (const w of e.workloads)
        for (const t of resolveWorkload(e, w).tensors)
          expect(
            t.shape.every((n) => Number.isInteger(n) && n > 0),
            `${e.name} ${w.name} ${t.name} [${t.shape}]`,
          ).toBe(true);
  });
  it('tensors depend on the parameters', () => {
    const names = (over: object) =>
      resolveWorkload(prefill, prefill.workloads[0]!, { ...over }).tensors.map((t) => t.name);
    expect(names({})).toContain('kScale');
    expect(names({ cacheDtype: 'bf16' })).not.toContain('kScale');
    expect(names({})).not.toContain('cos');
    expect(names({ rotaryDim: 64 })).toContain('cos');
  });
  it('defaults may follow from other parameters', () => {
    expect(withDefaults(prefill, { dim: 64, dtype: 'f16' })).toMatchObject({
      smScale: 0.125,
      cacheDtype: 'f16',
      isCausal: true,
    });
  });
});

describe('random inputs', () => {
  const small = resolveWorkload(prefill, {
    name: 'small',
    params: { heads: 4, headsKv: 2, dim: 16, pageSize: 16, dtype: 'f16', cacheDtype: 'f8e4m3', rotaryDim: 8 },
    sizes: { batch: 3 },
    lists: { newLens: [5, 0, 20], oldLens: [30, 7, 0] },
  });
  const inputs = randomInputs(small, 3);
  const get = (name: string) => inputs.find((t) => t.name === name)!;

  it('follow the lists, and give each request pages of its own', () => {
    expect([...get('cuSeqlensQ').values]).toEqual([0, 5, 5, 25]);
    expect([...get('cacheSeqlens').values]).toEqual([30, 7, 0]);
    expect(get('blockTable').shape).toEqual([3, 3]);
    const t = get('blockTable').values;
    const used = [t[0], t[1], t[2], t[3], t[6], t[7]];
    expect(new Set(used).size).toBe(6);
    expect(get('kPages').shape).toEqual([96, 2, 16]);
    expect(Math.max(...(used as number[]))).toBeLessThan(6);
  });
  it('poison outputs and only those; rotary tables are cos and sin of one angle', () => {
    for (const t of inputs) expect(Number.isNaN(t.values[0]), t.name).toBe(t.entry.role === 'out');
    const [c, s] = [get('cos').values, get('sin').values];
    for (let i = 0; i < c.length; i++) expect(c[i]! ** 2 + s[i]! ** 2).toBeCloseTo(1, 5);
    expect(c[4]).toBeCloseTo(Math.cos(1), 6);
  });
  it('are the same for the same seed only', () => {
    const again = (seed: number) => randomInputs(small, seed)[0]!.values;
    expect(again(3)).toEqual(get('q').values);
    expect(again(4)).not.toEqual(get('q').values);
  });
  it('repeat numbers in large tensors without repeating rows', () => {
    const rms: OperatorEntry = MANIFEST.rmsNorm;
    const w = resolveWorkload(rms, { name: 'big', params: { n: 1024, dtype: 'bf16' }, sizes: { rows: 2100 } });
    const x = randomInputs(w)[0]!.values;
    expect(x[1024 * 1024]).toBe(x[1]);
    expect(x.subarray(1024 * 1024, 1024 * 1025)).not.toEqual(x.subarray(0, 1024));
    expect(x.every((v) => Number.isFinite(v))).toBe(true);
    expect(x.at(-1)).not.toBe(0);
  });
});
