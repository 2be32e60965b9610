/** What a machine lacks is said, with a way to get it. */
import { Device, EnvironmentError, f32, Tensor } from 'tilec';
import { afterEach, expect, test } from 'vitest';
import { forgetDevices } from '../../src/runtime/device.ts';
import { check, replaceDriver } from '../../src/runtime/ffi/driver.ts';
import { FakeGpu } from './fake-driver.ts';
import { scaled } from './kernels.ts';

const hasGpu = Device.available();

afterEach(() => {
  forgetDevices();
  replaceDriver(undefined);
});

test.skipIf(hasGpu)('no driver', async () => {
  const error = await scaled()
    .compile({ device: 'cuda' })
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(EnvironmentError);
  expect((error as EnvironmentError).code).toMatch(/^NO_(DRIVER|GPU)$/);
  expect((error as EnvironmentError).message).toContain("say device: 'cpu'");
  expect(() => Tensor.zeros([1], f32, { device: 'cuda' })).toThrow(EnvironmentError);
});

test('a driver without a GPU', () => {
  const nothing = { ...new FakeGpu().driver(), cuInit: (() => 100) as never };
  expect(() => replaceDriver(nothing)).toThrow(expect.objectContaining({ code: 'NO_GPU', name: 'EnvironmentError' }));
});

test('a GPU that no target suits', () => {
  const real = new FakeGpu().driver();
  const old = (out: Int32Array, which: number, id: number): number => {
    const result = real.cuDeviceGetAttribute(out, which, id);
    if (which === 75) out[0] = 7;
    return result;
  };
  replaceDriver({ ...real, cuDeviceGetAttribute: old as never });
  expect(() => Device.get(0).arch).toThrow('compute capability 7.0; tilec compiles for 8.x and 9.0');
});

test.skipIf(hasGpu)('without a GPU the CPU is the default device', async () => {
  expect((await scaled().compile()).device).toBe('cpu');
});

test('an error that the driver has no text for still has a name', () => {
  replaceDriver(new FakeGpu().driver());
  expect(() => check(12345, 'cuSomething')).toThrow('cuSomething: CUDA_ERROR_12345 (12345): the driver has no text');
});
