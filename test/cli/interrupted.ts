/**
 * `tilec tune` and `tilec bench` over a simulated GPU, as a process that can be interrupted: run with the capture loader, from
 * the build's folder. Arguments: `tune` or `bench`, the build's folder. Each measurement takes a while and says so on
 * standard error; the time is the number of the measurement.
 */
import { pathToFileURL } from 'node:url';
import type * as BenchCommand from '../../src/cli/bench/command.ts';
import type { Steps } from '../../src/cli/bench/measure.ts';
import type * as TuneCommand from '../../src/cli/tune/command.ts';
import type * as Driver from '../../src/runtime/ffi/driver.ts';
import type * as Record from '../../src/tune/record.ts';
import type { TuneRecord } from '../../src/tune/record.ts';
import type * as Search from '../../src/tune/search.ts';
import { FakeGpu } from '../runtime/fake-driver.ts';

const [, , command, dist] = process.argv;
const built = async <M>(path: string): Promise<M> => (await import(pathToFileURL(`${dist}/${path}`).href)) as M;
const { replaceDriver } = await built<typeof Driver>('src/runtime/ffi/driver.js');
replaceDriver(new FakeGpu().driver());

let measured = 0;
async function measurement(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  process.stderr.write(`measured ${++measured}\n`);
  return measured;
}

const flags = { workload: '8192x8192', device: 'cuda', repeat: 3 } as const;

async function tune(): Promise<number> {
  const { tuneCommand } = await built<typeof TuneCommand>('src/cli/tune/command.js');
  const { search } = await built<typeof Search>('src/tune/search.js');
  const { emptyRecord } = await built<typeof Record>('src/tune/record.js');
  return tuneCommand('softmax', flags, (_target, _device, _flags, { store, signal }): Promise<TuneRecord> => {
    const key = { op: 'softmax', shapeClass: 'n=64', gpu: 'Simulated GPU 0' };
    return search(
      Array.from({ length: 7 }, (_, i) => ({ BM: i + 1 })),
      store.read(key) ?? emptyRecord(key),
      {
        compile: async (config) => ({ ok: true, program: JSON.stringify(config), spillBytes: 0 }),
        time: async () => ({ ms: await measurement() }),
        save: (record) => store.write(record),
      },
      { parallel: 2, signal },
    );
  });
}

async function bench(): Promise<number> {
  const { benchCommand } = await built<typeof BenchCommand>('src/cli/bench/command.js');
  const steps: Steps = {
    ceilings: async () => ({ copyGBs: 1, mmaTflops: 1 }),
    compile: async () => {},
    workload: async (entry, { name, params }) => {
      const median = await measurement();
      const ms = { median, min: median, max: median };
      const rates = { flops: 1, bytes: 1, tflops: 1, gbs: 1 };
      return { op: entry.name, workload: name, params, ms, ...rates, kernels: [], badElements: 0, peers: [] };
    },
  };
  const operators = ['softmax', 'rms-norm', 'add-rms-norm', 'silu-and-mul'];
  return benchCommand(operators, { ...flags, json: 'report.json' }, steps);
}

process.exitCode = await (command === 'tune' ? tune() : bench());
