import { rope } from '../../kernels/rope.ts';
import { MANIFEST } from '../../manifest/index.ts';
import type { ParamsOf } from '../../manifest/schema.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import type { Contents } from './contents.ts';
import { OperatorError } from './error.ts';
import { kernelOf } from './kernels.ts';
import { type Call, Operator, type OperatorOptions, type Step } from './operator.ts';
import type { Sizes } from './signature.ts';

/** Rotary embedding of packed tokens: `run({ x, positions, cos, sin, out })`. */
export class Rope extends Operator<typeof MANIFEST.rope> {
  readonly #steps: readonly Step[];
  constructor(params: ParamsOf<typeof MANIFEST.rope>, options?: OperatorOptions<typeof MANIFEST.rope>) {
    super(MANIFEST.rope, params, options, ['positions']);
    this.#steps = [{ kernel: kernelOf(rope, { ...this.params, ...this.config }), args: (call) => call.args }];
  }
  protected override steps({ sizes }: Call): readonly Step[] {
    return sizes.get('tokens') === 0 ? [] : this.#steps;
  }
  protected override checkContents({ positions }: Contents, sizes: Sizes): void {
    if (!positions) return;
    const below = sizes.get('maxPosition');
    for (let i = 0; i < positions.length; i++) {
      const p = positions[i]!;
      if (!(p >= 0 && p < below))
        throw new OperatorError(this.entry.name, msg.positionOutOfRange('positions', i, p, below));
    }
  }
}
