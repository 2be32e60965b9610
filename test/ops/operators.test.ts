/** Every operator against its entry of the manifest, and small workloads of each run from the entry's own random inputs. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MANIFEST } from '../../manifest/index.ts';
import { randomInputs } from '../../manifest/inputs.ts';
import type { OperatorEntry, Workload } from '../../manifest/schema.ts';
import { type ResolvedWorkload, resolveWorkload } from '../../manifest/workload.ts';
import * as ops from '../../src/ops/index.ts';
import { Operator } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { tensor } from './paged.ts';

type AnyOperator = Operator<OperatorEntry>;
const classes = Object.entries(ops).filter(([, v]) => typeof v === 'function' && v.prototype instanceof Operator) as [
  string,
  new (params: object, options?: object) => AnyOperator,
][];
const entries: readonly OperatorEntry[] = Object.values(MANIFEST);
const entryFor = (name: string): OperatorEntry => entries.find((e) => e.operator === name)!;

/** A small relative of the entry's first workload. */
const SMALL: Readonly<Record<string, Pick<Workload, 'sizes' | 'lists'> & { readonly params?: object }>> = {
  GqaPagedPrefill: {
    params: { heads: 4, headsKv: 2, dim: 32 },
    sizes: { batch: 2 },
    lists: { newLens: [3, 20], oldLens: [70, 0] },
  },
  AppendPagedKv: {
    params: { headsKv: 2, dim: 32, rotaryDim: 16 },
    sizes: { batch: 2 },
    lists: { newLens: [3, 20], oldLens: [70, 0] },
  },
  GqaPagedDecode: { params: { heads: 4, headsKv: 2, dim: 32 }, sizes: { batch: 2 }, lists: { lens: [70, 3] } },
  GqaForward: { params: { heads: 2, headsKv: 1, dim: 32 }, sizes: { batch: 1, seq: 40 } },
  Gemm: { sizes: { m: 20, n: 24, k: 16 } },
  Rope: { params: { heads: 2, dim: 32 }, sizes: { tokens: 5, maxPosition: 9 } },
};
const rows = { params: { n: 72 }, sizes: { rows: 3 } };

/** Other run-time sizes of the same. */
const OTHER: Readonly<Record<string, Pick<Workload, 'sizes' | 'lists'>>> = {
  GqaPagedPrefill: { sizes: { batch: 3 }, lists: { newLens: [1, 0, 40], oldLens: [0, 9, 130] } },
  AppendPagedKv: { sizes: { batch: 1 }, lists: { newLens: [77], oldLens: [200] } },
  GqaPagedDecode: { sizes: { batch: 3 }, lists: { lens: [1, 600, 0] } },
  GqaForward: { sizes: { batch: 3, seq: 65 } },
  Gemm: { sizes: { m: 33, n: 72, k: 40 } },
  Rope: { sizes: { tokens: 1, maxPosition: 30 } },
};

function small(entry: OperatorEntry, other?: Pick<Workload, 'sizes' | 'lists'>): ResolvedWorkload {
  const { params, ...rest } = { ...(SMALL[entry.operator] ?? rows), ...other };
  const [first] = entry.workloads;
  return resolveWorkload(entry, { name: 'small', ...rest, params: { ...first!.params, ...params } });
}

it('the library has a class for each entry, and no other', () => {
  expect(classes.map(([name]) => name).sort()).toEqual(entries.map((e) => e.operator).sort());
});

describe('the layers stay apart', () => {
  const sources = (folder: string) =>
    readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.ts'))
      .map((f) => [f, readFileSync(new URL(`../../${folder}/${f}`, import.meta.url), 'utf8')] as const);
  it('no kernel is written in src/ops', () => {
    const written = sources('src/ops').filter(([, text]) => /\bT\.[a-z]|\b(kernel|macro)\(/.test(text));
    expect(written.map(([f]) => f)).toEqual([]);
  });
  it('nothing is validated in kernels', () => {
    const validating = sources('kernels').filter(([, text]) => /\bthrow\b|T\.assert/.test(text));
    expect(validating.map(([f]) => f)).toEqual([]);
  });
});

describe.each(classes)('%s', (name, Class) => {
  const entry = entryFor(name);

  it('takes the parameters of every workload', () => {
    for (const w of entry.workloads) {
      const op = new Class(w.params);
      expect(op.entry).toBe(entry);
      expect(Object.keys(op.params).sort()).toEqual(Object.keys(entry.params).sort());
      expect(op.params).toMatchObject(resolveWorkload(entry, w).params);
    }
  });

  it('takes what the shape rules give, writes all of each output and nothing else', async () => {
    const w = small(entry);
    const op = new Class(w.params);
    const tensors: Record<string, Tensor> = {};
    for (const t of randomInputs(w)) tensors[t.name] = await tensor(t.values, t.dtype, t.shape);
    const before = new Map<string, ArrayLike<number>>();
    for (const [n, t] of Object.entries(tensors)) before.set(n, await t.toFloat64Array());
    await op.run(tensors);
    for (const t of w.tensors) {
      const after = await tensors[t.name]!.toFloat64Array();
      if (t.entry.role === 'in') expect(after, t.name).toEqual(before.get(t.name));
      else if (t.entry.role === 'inout') expect(after, t.name).not.toEqual(before.get(t.name));
      else expect(after.every(Number.isFinite), t.name).toBe(true);
    }
  });

  it('compiles nothing anew for other run-time sizes', async () => {
    const run = async (w: ResolvedWorkload): Promise<void> => {
      const tensors: Record<string, Tensor> = {};
      for (const t of randomInputs(w)) tensors[t.name] = await tensor(t.values, t.dtype, t.shape);
      await new Class(w.params).run(tensors);
    };
    await run(small(entry));
    const before = ops.compileCount();
    await run(small(entry, OTHER[name] ?? { sizes: { rows: 70 } }));
    expect(ops.compileCount()).toBe(before);
  });

  it('refuses each tensor with one dimension more, one element more, or another dtype', async () => {
    const w = small(entry);
    const op = new Class(w.params);
    const good: Record<string, Tensor> = {};
    for (const t of w.tensors) good[t.name] = await tensor(new Float64Array(size(t.shape)), t.dtype, t.shape);
    for (const t of w.tensors) {
      const refused = async (dtype: typeof t.dtype, shape: readonly number[]): Promise<void> => {
        const bad = { ...good, [t.name]: await tensor(new Float64Array(size(shape)), dtype, shape) };
        await expect(op.run(bad, { validate: 'host' }), `${t.name} [${shape}] ${dtype}`).rejects.toThrow(
          ops.OperatorError,
        );
      };
      await refused(t.dtype, [1, ...t.shape]);
      await refused(t.dtype === 'f32' ? 'f16' : 'f32', t.shape);
      // The last dimension of a page table may be anything; each other one follows from the parameters or another tensor.
      if (t.name !== 'blockTable') await refused(t.dtype, [...t.shape.slice(0, -1), t.shape.at(-1)! + 1]);
    }
  });
});

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
