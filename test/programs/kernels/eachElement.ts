/** Many functions of elements in one kernel: an output for each. */
import { type DType, dim, type f32, kernel, T, tensor } from 'tilec';
import { DTYPE_VALUES } from '../../../src/dsl/dtypes.ts';

/** Elements of a block. */
const TILE = 512;

export interface EachElement {
  readonly inputs: readonly DType[];
  /** Macros of one element of each input, by the names of their outputs. */
  readonly functions: Readonly<Record<string, (...xs: never[]) => number | boolean>>;
  readonly dtypeOf: (name: string) => DType;
}

/** For the editor all are f32. */
const named = (dtype: DType): typeof f32 => DTYPE_VALUES[dtype] as typeof f32;

/** in0, in1, …: [n] the inputs; out_<name>: [n] of its dtype = functions[name](in0[i], in1[i], …). */
export function eachElement({ inputs, functions, dtypeOf }: EachElement) {
  const n = dim('n');
  const macros = functions as Readonly<Record<string, (...xs: f32[]) => f32>>;
  const names = Object.keys(macros);
  const ins = inputs.map((dtype, i) => [`in${i}`, tensor(named(dtype), [n])] as const);
  const outs = names.map((name) => [`out_${name}`, tensor(named(dtypeOf(name)), [n])] as const);
  return kernel(Object.fromEntries([...ins, ...outs]), (p) => {
    const [bx] = T.grid([T.ceilDiv(n, TILE)], { threads: 128 });
    for (const [j] of T.Parallel(TILE)) {
      const i = bx * TILE + j;
      if (i < n) {
        const xs = ins.map(([name]) => p[name]![i]);
        for (const name of names) p[`out_${name}`]![i] = macros[name]!(...xs);
      }
    }
  });
}
