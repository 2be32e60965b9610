/** Runs kernels written as Tile IR text on the CPU backend. */
import { compileJs, type JsOptions, type JsProgram, type RawArray } from '../../../src/codegen/js/index.ts';
import type { DType } from '../../../src/ir/dtype.ts';
import { parseKernel } from '../../../src/ir/tile/parser.ts';
import type { Kernel } from '../../../src/ir/tile/schema.ts';
import { poisoned, raw, type Scalar, values } from './data.ts';

export interface Input {
  readonly shape: readonly number[];
  /** Absent for an output, which is poisoned. */
  readonly data?: ArrayLike<Scalar | boolean>;
}

export interface Call {
  readonly tensors: Readonly<Record<string, Input>>;
  readonly scalars?: Readonly<Record<string, number | bigint | boolean>>;
  readonly dims?: Readonly<Record<string, number>>;
}

export const parse = (text: string): Kernel => parseKernel(text, 'kernel.tir', { textSpans: true });

export const compile = (text: string, options?: JsOptions): JsProgram => compileJs(parse(text), options);

/** Compiles and runs; gives every tensor's values afterwards. With `checks` absent, checked and unchecked code must agree. */
export function run(text: string | Kernel, call: Call, options?: JsOptions): Record<string, Scalar[]> {
  const kernel = typeof text === 'string' ? parse(text) : text;
  const once = (o?: JsOptions): Record<string, RawArray> => {
    const tensors: Record<string, RawArray> = {};
    const shapes: Record<string, readonly number[]> = {};
    for (const [name, { shape, data }] of Object.entries(call.tensors)) {
      const length = shape.reduce((a, b) => a * b, 1);
      tensors[name] = data ? raw(dtypeOf(kernel, name), data) : poisoned(dtypeOf(kernel, name), length);
      shapes[name] = shape;
      if (tensors[name].length !== length) throw new Error(`${name}: ${tensors[name].length} elements for ${shape}`);
    }
    compileJs(kernel, o).run({ tensors, shapes, scalars: call.scalars ?? {}, dims: call.dims ?? {} });
    return tensors;
  };
  const tensors = once(options);
  const out: Record<string, Scalar[]> = {};
  for (const [name, array] of Object.entries(tensors)) out[name] = values(dtypeOf(kernel, name), array);
  if (options === undefined) {
    for (const [name, array] of Object.entries(once({ checks: false }))) {
      const fast = values(dtypeOf(kernel, name), array);
      fast.forEach((x, i) => {
        if (!Object.is(x, out[name]![i]))
          throw new Error(`${name}[${i}] is ${x} without checks, ${out[name]![i]} with`);
      });
    }
  }
  return out;
}

const dtypeOf = (k: Kernel, name: string): DType => {
  const p = k.params.find((q) => q.name === name);
  if (!p) throw new Error(`no parameter ${name}`);
  return p.dtype;
};

/** The values of an expression over `a`, `b`, `c` (elements of inputs of one dtype each) as elements of `dtype`. */
export function evaluate(
  expression: string,
  dtype: DType,
  inputs: Readonly<Record<string, readonly [DType, ArrayLike<Scalar | boolean>]>>,
): Scalar[] {
  const n = Object.values(inputs)[0]![1].length;
  const names = Object.keys(inputs);
  const params = [...names.map((x) => `in_${x}: ${inputs[x]![0]}[${n}]`), `out: ${dtype}[${n}]`];
  const lets = names.map((x) => `let ${x}: ${inputs[x]![0]} = in_${x}[i]`);
  const text = `kernel k(${params.join(', ')}) grid(1) threads(32) {
    parallel (i) in (${n}) { ${lets.join('\n')}
      out[i] = ${expression}
    } }`;
  const tensors: Record<string, Input> = { out: { shape: [n] } };
  for (const x of names) tensors[`in_${x}`] = { shape: [n], data: inputs[x]![1] };
  return run(text, { tensors }).out!;
}
