/** Kernels on the CPU, as generated JavaScript. */
import type { JsProgram } from '../codegen/js/index.ts';
import type { LaunchOptions } from '../dsl/kernel.ts';
import { Binder, type CallArgs, type Scalar } from './bind.ts';
import { cpu } from './cpu-device.ts';
import type { Raw } from './elements.ts';
import type { Executable, ExecutableInfo } from './executable.ts';
import type { Signature } from './signature.ts';

export class CpuExecutable implements Executable {
  readonly device = 'cpu';
  readonly info: ExecutableInfo;
  /** The generated JavaScript. */
  readonly source: string;
  readonly #program: JsProgram;
  readonly #binder: Binder;

  constructor(signature: Signature, program: JsProgram, info: ExecutableInfo) {
    this.info = info;
    this.source = program.source;
    this.#program = program;
    this.#binder = new Binder(signature);
  }

  launch(args: CallArgs, _options?: LaunchOptions): void {
    const binder = this.#binder;
    binder.bind(args, cpu);
    const tensors: Record<string, Raw> = {};
    const shapes: Record<string, readonly number[]> = {};
    const scalars: Record<string, Scalar> = {};
    const dims: Record<string, number> = {};
    let t = 0;
    let s = 0;
    for (const p of binder.signature.params) {
      if (p.kind === 'scalar') scalars[p.name] = binder.scalars[s++]!;
      else {
        const tensor = binder.tensors[t++]!;
        tensors[p.name] = tensor.data;
        shapes[p.name] = tensor.shape;
      }
    }
    binder.signature.dims.forEach((d, i) => {
      dims[d.name] = binder.dims[i]!;
    });
    this.#program.run({ tensors, shapes, scalars, dims });
  }
}
