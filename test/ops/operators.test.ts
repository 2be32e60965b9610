/** Every operator against its entry of the manifest, and small workloads of each run from the entry's own random inputs. */
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

function small(entry: OperatorEntry): ResolvedWorkload {
  const { params, ...rest } = SMALL[entry.operator] ?? rows;
  const [first] = entry.workloads;
  return resolveWorkload(entry, { name: 'small', ...rest, params: { ...first!.params, ...params } });
}

it('the library has a class for each entry, and no other', () => {
  expect(classes.map(([name]) => name).sort()).toEqual(entries.map((e) => e.operator).sort());
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
