/** A program whose second call fails on the GPU; says in JSON what it saw. */
import { CudaError, Device, dim, f32, kernel, T, Tensor, tensor } from 'tilec';

const n = dim('n');
const checked = kernel({ x: tensor(f32, [n]) }, ({ x }) => {
  T.grid([1], { threads: 32 });
  T.print('n is {}', n);
  T.assert(n < 5, 'n is too large');
  x[0] = 1;
});

const device = Device.get(0);
const fine = Tensor.zeros([4], f32, { device });
await checked({ x: fine });
const before = await fine.toArray();
const wrong = Tensor.zeros([6], f32, { device });
await checked({ x: wrong });
const said = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
    return 'nothing';
  } catch (e) {
    return e instanceof CudaError ? e.code : String(e);
  }
};
const waiting = await said(() => wrong.toArray());
const later = await said(() => device.stream.synchronize());
console.log(JSON.stringify({ before, waiting, later }));
