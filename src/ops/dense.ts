/** Operators over dense tensors on the tensor cores. */
import { flashAttention } from '../../kernels/flashAttention.ts';
import { gemm } from '../../kernels/gemm.ts';
import { MANIFEST } from '../../manifest/index.ts';
import type { ParamsOf } from '../../manifest/schema.ts';
import { type KernelConfig, kernelOf } from './kernels.ts';
import { type Call, Operator, type OperatorOptions, type Step } from './operator.ts';
import { RowTiles } from './rowTiles.ts';
import type { Sizes } from './signature.ts';

/** Dense grouped-query attention, forward: `run({ q, k, v, out })`. On a GPU one of two kernels, for many rows or for few. */
export class GqaForward extends Operator<typeof MANIFEST.gqaForward> {
  readonly #steps: RowTiles<readonly Step[]>;
  constructor(params: ParamsOf<typeof MANIFEST.gqaForward>, options?: OperatorOptions<typeof MANIFEST.gqaForward>) {
    super(MANIFEST.gqaForward, params, options);
    const steps = (tiles: KernelConfig): readonly Step[] => {
      const kernel = kernelOf(flashAttention, { ...this.params, ...tiles });
      return [{ kernel, args: ({ args }) => ({ Q: args.q, K: args.k, V: args.v, O: args.out }) }];
    };
    this.#steps = new RowTiles(steps, this.params.dim, this.config);
  }
  protected override steps({ sizes, device }: Call): readonly Step[] {
    const requests = sizes.get('batch');
    const rows = requests * sizes.get('seq');
    return rows === 0 ? [] : this.#steps.for({ rows, requests, heads: this.params.heads }, device);
  }
  protected override alternatives({ device }: Call): readonly Step[] {
    return Object.values(this.#steps.on(device)).flat();
  }
}

/** What a kernel may rely on: 16-byte accesses along rows, or less. */
const ALIGNMENTS = [8, 2, 1] as const;

/** activation(op(a) · op(b) + bias): `run({ a, b, bias, out })`, with `bias` only if the operator has one. */
export class Gemm extends Operator<typeof MANIFEST.gemm> {
  readonly #byAlignment = new Map<number, readonly Step[]>();
  constructor(params: ParamsOf<typeof MANIFEST.gemm>, options?: OperatorOptions<typeof MANIFEST.gemm>) {
    super(MANIFEST.gemm, params, options);
  }
  protected override steps({ sizes }: Call): readonly Step[] {
    if (sizes.get('m') === 0 || sizes.get('n') === 0) return [];
    return this.#for(this.#alignment(sizes));
  }

  /** The dimensions along which rows lie are multiples of it. */
  #alignment(sizes: Sizes): number {
    const along = ['n', this.params.transposeA ? 'm' : 'k', 'k'];
    return ALIGNMENTS.find((a) => along.every((d) => sizes.get(d) % a === 0))!;
  }

  #for(multipleOf: number): readonly Step[] {
    const known = this.#byAlignment.get(multipleOf);
    if (known) return known;
    const { dtype, outDtype, transposeA, transposeB, hasBias: bias, activation } = this.params;
    const config = {
      dtype,
      outDtype,
      transposeA,
      transposeB,
      bias,
      activation,
      multipleOf,
      ...this.config,
    };
    const steps: readonly Step[] = [
      {
        kernel: kernelOf(gemm, config),
        args: ({ args: { a, b, bias: row, out } }) =>
          bias ? { A: a, B: b, bias: row, C: out } : { A: a, B: b, C: out },
      },
    ];
    this.#byAlignment.set(multipleOf, steps);
    return steps;
  }
}
