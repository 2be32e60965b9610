/** Operators over rows. Their kernels take the operator's own tensors, and rows may be as many as they like. */

import { absMaxBits, quantizeFp8Rows, quantizeFp8Tensor } from '../../kernels/quantizeFp8.ts';
import { addRmsNorm, rmsNorm } from '../../kernels/rmsNorm.ts';
import { siluAndMul } from '../../kernels/siluAndMul.ts';
import { softmax } from '../../kernels/softmax.ts';
import { MANIFEST } from '../../manifest/index.ts';
import type { ParamsOf } from '../../manifest/schema.ts';
import { i32 } from '../dsl/dtypes.ts';
import { Tensor } from '../runtime/tensor.ts';
import { kernelOf, type OperatorKernel } from './kernels.ts';
import { type Call, Operator, type OperatorOptions, type Step, type Workspace } from './operator.ts';

const tensorsOf = (call: Call): Call['args'] => call.args;
const isEmpty = (call: Call): boolean => call.sizes.get('rows') === 0;

/** x / √(mean(x²) + eps) · weight over each row: `run({ x, weight, out })`. */
export class RmsNorm extends Operator<typeof MANIFEST.rmsNorm> {
  readonly #steps: readonly Step[];
  constructor(params: ParamsOf<typeof MANIFEST.rmsNorm>, options?: OperatorOptions) {
    super(MANIFEST.rmsNorm, params, options);
    this.#steps = [{ kernel: kernelOf(rmsNorm, { ...this.params, ...this.config }), args: tensorsOf }];
  }
  protected override steps(call: Call): readonly Step[] {
    return isEmpty(call) ? [] : this.#steps;
  }
}

/** residual += x, then out = rmsNorm(residual): `run({ x, residual, weight, out })`. */
export class AddRmsNorm extends Operator<typeof MANIFEST.addRmsNorm> {
  readonly #steps: readonly Step[];
  constructor(params: ParamsOf<typeof MANIFEST.addRmsNorm>, options?: OperatorOptions) {
    super(MANIFEST.addRmsNorm, params, options);
    this.#steps = [{ kernel: kernelOf(addRmsNorm, { ...this.params, ...this.config }), args: tensorsOf }];
  }
  protected override steps(call: Call): readonly Step[] {
    return isEmpty(call) ? [] : this.#steps;
  }
}

/** Softmax over each row: `run({ x, out })`. */
export class Softmax extends Operator<typeof MANIFEST.softmax> {
  readonly #steps: readonly Step[];
  constructor(params: ParamsOf<typeof MANIFEST.softmax>, options?: OperatorOptions) {
    super(MANIFEST.softmax, params, options);
    this.#steps = [{ kernel: kernelOf(softmax, { ...this.params, ...this.config }), args: tensorsOf }];
  }
  protected override steps(call: Call): readonly Step[] {
    return isEmpty(call) ? [] : this.#steps;
  }
}

/** silu(x[:, :n]) · x[:, n:]: `run({ x, out })`. */
export class SiluAndMul extends Operator<typeof MANIFEST.siluAndMul> {
  readonly #steps: readonly Step[];
  constructor(params: ParamsOf<typeof MANIFEST.siluAndMul>, options?: OperatorOptions) {
    super(MANIFEST.siluAndMul, params, options);
    this.#steps = [{ kernel: kernelOf(siluAndMul, { ...this.params, ...this.config }), args: tensorsOf }];
  }
  protected override steps(call: Call): readonly Step[] {
    return isEmpty(call) ? [] : this.#steps;
  }
}

/** FP8 with a scale for each row: `run({ x, out, scale })`. */
export class QuantizeFp8Rows extends Operator<typeof MANIFEST.quantizeFp8Rows> {
  readonly #steps: readonly Step[];
  constructor(params: ParamsOf<typeof MANIFEST.quantizeFp8Rows>, options?: OperatorOptions) {
    super(MANIFEST.quantizeFp8Rows, params, options);
    this.#steps = [{ kernel: kernelOf(quantizeFp8Rows, { ...this.params, ...this.config }), args: tensorsOf }];
  }
  protected override steps(call: Call): readonly Step[] {
    return isEmpty(call) ? [] : this.#steps;
  }
}

/** FP8 with one scale: `run({ x, out, scale })`. Two launches: the largest magnitude, then the codes. Scratch: 4 bytes. */
export class QuantizeFp8Tensor extends Operator<typeof MANIFEST.quantizeFp8Tensor> {
  readonly #steps: readonly Step[];
  constructor(params: ParamsOf<typeof MANIFEST.quantizeFp8Tensor>, options?: OperatorOptions) {
    super(MANIFEST.quantizeFp8Tensor, params, options);
    const of = (factory: typeof absMaxBits | typeof quantizeFp8Tensor): OperatorKernel =>
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
  protected override steps(call: Call): readonly Step[] {
    return isEmpty(call) ? [] : this.#steps;
  }
  protected override scratch({ device, stream }: Call): Workspace {
    return { absMax: Tensor.empty([1], i32, { device, stream }) };
  }
}
