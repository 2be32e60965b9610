/** Operators over rows. Their kernels take the operator's own tensors, and there may be as many rows as one likes. */
import { absMaxBits, quantizeFp8Rows, quantizeFp8Tensor } from '../../kernels/quantizeFp8.ts';
import { addRmsNorm, rmsNorm } from '../../kernels/rmsNorm.ts';
import { siluAndMul } from '../../kernels/siluAndMul.ts';
import { softmax } from '../../kernels/softmax.ts';
import { MANIFEST } from '../../manifest/index.ts';
import type { OperatorEntry, ParamsOf } from '../../manifest/schema.ts';
import { i32 } from '../dsl/dtypes.ts';
import { Tensor } from '../runtime/tensor.ts';
import { kernelOf, type OperatorKernel } from './kernels.ts';
import { type Call, Operator, type OperatorOptions, type Step, type Workspace } from './operator.ts';

/** One launch of one kernel, whose parameters and tensors have the operator's names. */
abstract class RowOperator<E extends OperatorEntry> extends Operator<E> {
  readonly #steps: readonly Step[];
  constructor(entry: E, factory: (config: never) => unknown, params: ParamsOf<E>, options?: OperatorOptions<E>) {
    super(entry, params, options);
    this.#steps = [{ kernel: kernelOf(factory, { ...this.params, ...this.config }), args: (call) => call.args }];
  }
  protected override steps({ sizes }: Call): readonly Step[] {
    return sizes.get('rows') === 0 ? [] : this.#steps;
  }
}

/** x / √(mean(x²) + eps) · weight over each row: `run({ x, weight, out })`. */
export class RmsNorm extends RowOperator<typeof MANIFEST.rmsNorm> {
  constructor(params: ParamsOf<typeof MANIFEST.rmsNorm>, options?: OperatorOptions<typeof MANIFEST.rmsNorm>) {
    super(MANIFEST.rmsNorm, rmsNorm, params, options);
  }
}

/** residual += x, then out = rmsNorm(residual): `run({ x, residual, weight, out })`. */
export class AddRmsNorm extends RowOperator<typeof MANIFEST.addRmsNorm> {
  constructor(params: ParamsOf<typeof MANIFEST.addRmsNorm>, options?: OperatorOptions<typeof MANIFEST.addRmsNorm>) {
    super(MANIFEST.addRmsNorm, addRmsNorm, params, options);
  }
}

/** Softmax over each row: `run({ x, out })`. */
export class Softmax extends RowOperator<typeof MANIFEST.softmax> {
  constructor(params: ParamsOf<typeof MANIFEST.softmax>, options?: OperatorOptions<typeof MANIFEST.softmax>) {
    super(MANIFEST.softmax, softmax, params, options);
  }
}

/** silu(x[:, :n]) · x[:, n:]: `run({ x, out })`. */
export class SiluAndMul extends RowOperator<typeof MANIFEST.siluAndMul> {
  constructor(params: ParamsOf<typeof MANIFEST.siluAndMul>, options?: OperatorOptions<typeof MANIFEST.siluAndMul>) {
    super(MANIFEST.siluAndMul, siluAndMul, params, options);
  }
}

/** FP8 with a scale for each row: `run({ x, out, scale })`. */
export class QuantizeFp8Rows extends RowOperator<typeof MANIFEST.quantizeFp8Rows> {
  constructor(
    params: ParamsOf<typeof MANIFEST.quantizeFp8Rows>,
    options?: OperatorOptions<typeof MANIFEST.quantizeFp8Rows>,
  ) {
    super(MANIFEST.quantizeFp8Rows, quantizeFp8Rows, params, options);
  }
}

/** FP8 with one scale: `run({ x, out, scale })`. Two launches: the largest magnitude, then the codes. Scratch: 4 bytes. */
export class QuantizeFp8Tensor extends Operator<typeof MANIFEST.quantizeFp8Tensor> {
  readonly #steps: readonly Step[];
  constructor(
    params: ParamsOf<typeof MANIFEST.quantizeFp8Tensor>,
    options?: OperatorOptions<typeof MANIFEST.quantizeFp8Tensor>,
  ) {
    super(MANIFEST.quantizeFp8Tensor, params, options);
    const of = (factory: (config: never) => unknown): OperatorKernel =>
      kernelOf(factory, { ...this.params, ...this.config });
    this.#steps = [
      {
        kernel: of(absMaxBits),
        args: ({ args, stream }, { absMax }) => {
          absMax!.fill(0, { stream });
          return { x: args.x, absMax };
        },
      },
      { kernel: of(quantizeFp8Tensor), args: ({ args }, { absMax }) => ({ ...args, absMax }) },
    ];
  }
  protected override steps({ sizes }: Call): readonly Step[] {
    return sizes.get('rows') === 0 ? [] : this.#steps;
  }
  protected override scratch({ device, stream }: Call): Workspace {
    return { absMax: Tensor.empty([1], i32, { device, stream }) };
  }
}
