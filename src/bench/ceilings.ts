/** What the GPU at hand can do at most, measured. */
import { f16, f32, u8 } from '../dsl/dtypes.ts';
import type { Device } from '../runtime/device.ts';
import { profile } from '../runtime/profiler.ts';
import { Tensor } from '../runtime/tensor.ts';
import { mmaPeak, PEAK, peakFlops } from './mmaPeak.ts';
import type { Ceilings } from './roofline.ts';

const COPIED_BYTES = 2 ** 30;
const REPEATS = 4096;
/** Rounds of blocks on each multiprocessor: enough that start and end do not count. */
const ROUNDS = 4;

export async function measureCeilings(device: Device): Promise<Ceilings> {
  return { copyGBs: await copyBandwidth(device), mmaTflops: await mmaRate(device) };
}

async function copyBandwidth(device: Device): Promise<number> {
  const source = Tensor.zeros([COPIED_BYTES], u8, { device });
  const target = Tensor.empty([COPIED_BYTES], u8, { device });
  try {
    const { median } = await profile(async () => void (await target.copyFrom(source)), { device });
    return (2 * COPIED_BYTES) / (median * 1e6);
  } finally {
    source.dispose();
    target.dispose();
  }
}

async function mmaRate(device: Device): Promise<number> {
  const { BM, BN, BK, blocksPerMultiprocessor } = PEAK;
  const blocks = device.multiprocessors * blocksPerMultiprocessor * ROUNDS;
  const operand = async (rows: number, seed: number): Promise<Tensor<'f16'>> =>
    Tensor.random([rows, BK], f16, { seed }).to(device);
  const [a, b] = [await operand(BM, 1), await operand(BN, 2)];
  const out = Tensor.empty([blocks * BM, BN], f32, { device });
  try {
    const run = mmaPeak({ repeats: REPEATS });
    const { median } = await profile(() => run({ a, b, out }), { device, flush: false });
    return (blocks * peakFlops(REPEATS)) / (median * 1e9);
  } finally {
    for (const t of [a, b, out]) t.dispose();
  }
}
