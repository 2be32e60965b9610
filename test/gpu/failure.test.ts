/** In a file, and so a process, of its own: after a kernel has failed, the GPU's context is of no use any more. */
import { CudaError, Device, dim, f32, kernel, T, Tensor, tensor } from 'tilec';
import { expect, test } from 'vitest';
import { onGpu } from './gpu.ts';

const n = dim('n');
const checked = kernel({ x: tensor(f32, [n]) }, ({ x }) => {
  T.grid([1], { threads: 32 });
  T.print('n is {}', n);
  T.assert(n < 5, 'n is too large');
  x[0] = 1;
});

onGpu('a kernel that fails', () => {
  test('is reported to whoever waits for it, and to every later call', async () => {
    const device = Device.get(0);
    const fine = Tensor.zeros([4], f32, { device });
    await checked({ x: fine });
    expect(await fine.toArray()).toEqual([1, 0, 0, 0]);
    const wrong = Tensor.zeros([6], f32, { device });
    await checked({ x: wrong });
    const failure = await wrong.toArray().catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(CudaError);
    expect((failure as CudaError).code).toMatch(/^CUDA_ERROR_(ASSERT|LAUNCH_FAILED|ILLEGAL_INSTRUCTION)$/);
    await expect(device.stream.synchronize()).rejects.toBeInstanceOf(CudaError);
    console.log((failure as CudaError).message);
  });
});
