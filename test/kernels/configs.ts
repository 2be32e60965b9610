/** Every kernel in the configurations that users meet: what must compile without spills, print and parse. */
import { appendPagedKv } from '../../kernels/appendPagedKv.ts';
import { flashAttention } from '../../kernels/flashAttention.ts';
import { gemm } from '../../kernels/gemm.ts';
import { combineSplits, gqaPagedDecode } from '../../kernels/gqaPagedDecode.ts';
import { gqaPagedPrefill } from '../../kernels/gqaPagedPrefill.ts';
import { absMaxBits, quantizeFp8Rows, quantizeFp8Tensor } from '../../kernels/quantizeFp8.ts';
import { addRmsNorm, rmsNorm } from '../../kernels/rmsNorm.ts';
import { rope } from '../../kernels/rope.ts';
import { siluAndMul } from '../../kernels/siluAndMul.ts';
import { softmax } from '../../kernels/softmax.ts';
import { vectorAdd } from '../../kernels/vectorAdd.ts';
import type { KernelDef } from '../../src/dsl/kernel.ts';
import { type Arch, TARGETS } from '../../src/ir/target.ts';

interface Defined {
  readonly def: KernelDef;
}
export interface Configured {
  /** The factory and its configuration. */
  readonly name: string;
  /** The file in kernels/. */
  readonly file: string;
  readonly make: () => Defined;
  /** Where its tiles have room. */
  readonly arches: readonly Arch[];
}

export const COMPILED = ['sm_80', 'sm_90a'] as const satisfies readonly Arch[];

const of = <C>(
  file: string,
  factory: (config: C) => Defined,
  configs: readonly C[],
  arches: readonly Arch[] = COMPILED,
): readonly Configured[] =>
  configs.map((c) => ({ name: `${factory.name}(${text(c)})`, file, make: () => factory(c), arches }));

const text = (config: unknown): string => JSON.stringify(config).slice(1, -1).replaceAll('"', '').replaceAll(',', ', ');

const LLAMA = { heads: 32, headsKv: 8, dim: 128, pageSize: 64 } as const;
const FP8 = 'f8e4m3';

export const CONFIGS: readonly Configured[] = [
  ...of('vectorAdd', vectorAdd, [{}, { block: 256 }]),
  ...of('softmax', softmax, [
    { n: 4096, dtype: 'f16' },
    { n: 1001, dtype: 'bf16' },
    { n: 33, dtype: 'f32' },
  ]),
  ...of('rmsNorm', rmsNorm, [
    { n: 4096, dtype: 'bf16' },
    { n: 1001, dtype: 'f32' },
  ]),
  ...of('rmsNorm', addRmsNorm, [{ n: 4096, dtype: 'f16' }]),
  ...of('siluAndMul', siluAndMul, [{ n: 14336, dtype: 'bf16' }]),
  ...of('rope', rope, [
    { heads: 32, dim: 128, dtype: 'f16' },
    { heads: 32, dim: 128, rotaryDim: 64, dtype: 'bf16' },
  ]),
  ...of('quantizeFp8', quantizeFp8Rows, [{ n: 4096, dtype: 'bf16' }]),
  ...of('quantizeFp8', absMaxBits, [{ n: 4096, dtype: 'f16' }]),
  ...of('quantizeFp8', quantizeFp8Tensor, [{ n: 4096, dtype: 'f16' }]),
  ...of('appendPagedKv', appendPagedKv, [
    { ...LLAMA, dtype: 'f16', cacheDtype: FP8 },
    { ...LLAMA, dtype: 'bf16', rotaryDim: 64 },
  ]),
  ...of('gemm', gemm, [
    {},
    { dtype: 'bf16', transposeB: true, bias: true, activation: 'silu' },
    { transposeA: true, outDtype: 'f32' },
    { transposeA: true, transposeB: true, multipleOf: 1, bias: true, activation: 'gelu' },
  ]),
  ...of('flashAttention', flashAttention, [
    {},
    { dtype: 'bf16', isCausal: false },
    { dim: 64, heads: 16, headsKv: 4 },
    { dim: 64, BM: 64 },
    { BM: 64 },
  ]),
  ...of('flashAttention', flashAttention, [{ dim: 256 }], ['sm_90a']),
  ...of('gqaPagedDecode', gqaPagedDecode, [
    { ...LLAMA, cacheDtype: FP8 },
    { ...LLAMA, pageSize: 16, dtype: 'bf16', softcap: 30 },
    { ...LLAMA, dtype: 'bf16', cacheDtype: FP8 },
    { ...LLAMA, dim: 256, dtype: 'bf16', cacheDtype: FP8 },
  ]),
  ...of('gqaPagedDecode', combineSplits, [{ heads: 32, dim: 128, dtype: 'bf16' }]),
  ...of('gqaPagedPrefill', gqaPagedPrefill, [
    { ...LLAMA, cacheDtype: FP8 },
    { ...LLAMA, dtype: 'bf16' },
    { ...LLAMA, pageSize: 16, dtype: 'bf16', cacheDtype: FP8, rotaryDim: 128 },
    { ...LLAMA, pageSize: 32, dtype: 'bf16', cacheDtype: FP8 },
    { ...LLAMA, pageSize: 128, isCausal: false },
    { heads: 8, headsKv: 2, dim: 64, pageSize: 64, cacheDtype: FP8, softcap: 50 },
    { heads: 8, headsKv: 2, dim: 64, pageSize: 64, cacheDtype: FP8, softcap: 50, BM: 64 },
    { ...LLAMA, BM: 64, dtype: 'bf16', cacheDtype: FP8 },
    { ...LLAMA, dim: 256, cacheDtype: FP8, sharedBytes: TARGETS.sm_80.maxSharedBytes },
    { ...LLAMA, dim: 256, cacheDtype: FP8, sharedBytes: TARGETS.sm_89.maxSharedBytes },
    { ...LLAMA, BN: 96, dtype: 'bf16', cacheDtype: FP8 },
  ]),
  ...of('gqaPagedPrefill', gqaPagedPrefill, [{ ...LLAMA, dim: 256, dtype: 'bf16', cacheDtype: FP8 }], ['sm_90a']),
];
