/** The programs as cubins, without a GPU: the emitted CUDA C is accepted, and no value is spilt for want of registers. */
import { expect, test } from 'vitest';
import { compileToCubin, onEachArch, type Program } from './cubin.ts';
import { convolution } from './kernels/convolution.ts';
import { dropout, histogram } from './kernels/counting.ts';
import { crossEntropy } from './kernels/crossEntropy.ts';
import { gatedFeedForward } from './kernels/feedForward.ts';
import { compact, gatherRows, gatherScatter } from './kernels/gather.ts';
import { doubleGemm, groupedGemm, persistentGemm } from './kernels/gemms.ts';
import { maskedColumns, stencil } from './kernels/grids.ts';
import { layerNorm } from './kernels/layerNorm.ts';
import { gatedLinearAttention } from './kernels/linearAttention.ts';
import { collatz, newton, searchSorted } from './kernels/loops.ts';
import { argmax, bitonicSort, topK } from './kernels/order.ts';
import { int4Gemm, int4GemmShifted, int8Gemm } from './kernels/quantizedGemm.ts';
import { slidingWindow } from './kernels/slidingWindow.ts';
import { splitK, splitKHalf } from './kernels/splitK.ts';
import { transposeDirect, transposeFragment, transposeShared } from './kernels/transpose.ts';

const IMAGES = { H: 9, W: 11, C: 16, F: 48, K: 3, stride: 2, padding: 1 };

const PROGRAMS: Readonly<Record<string, Program>> = {
  argmax,
  bitonicSort,
  collatz,
  compact,
  convolution: () => convolution(IMAGES),
  crossEntropy,
  doubleGemm,
  dropout,
  gatedFeedForward,
  'gatedFeedForward, gelu': () => gatedFeedForward({ activation: 'gelu' }),
  gatedLinearAttention,
  gatherRows,
  gatherScatter,
  groupedGemm,
  histogram,
  int4Gemm,
  int4GemmShifted,
  int8Gemm,
  layerNorm,
  maskedColumns,
  newton,
  persistentGemm,
  searchSorted,
  slidingWindow,
  splitK,
  splitKHalf,
  stencil,
  topK,
  transposeDirect,
  transposeFragment,
  transposeShared,
};

onEachArch('%s', (arch) => {
  test.each(Object.entries(PROGRAMS))('%s', async (_, make) => {
    expect(await compileToCubin(make, arch)).toMatchObject({ spillBytes: 0, localBytes: 0 });
  });
});
