/**
 * The flagship from its TypeScript to a checked result: attention of new tokens over a paged FP8 cache, and the append of
 * their keys and values to it, compiled for an H100 and run on what this machine has.
 */
import { type Args, Device, type Kernel, type Sig } from 'tilec';
import { appendPagedKv } from '../kernels/appendPagedKv.ts';
import { gqaPagedPrefill } from '../kernels/gqaPagedPrefill.ts';
import { nvrtcLocation } from '../src/runtime/ffi/nvrtc.ts';
import { compileKernel } from './quickstart/compile.ts';
import { appended, attention, inputsOf } from './quickstart/reference.ts';
import { table } from './quickstart/table.ts';
import { makeWorkload, SHAPE } from './quickstart/workload.ts';

const FOLDER = 'tilec-out';
/** |got − want| ≤ ATOL + RTOL · |want|: what the operator promises for an FP8 cache. */
const ATOL = 8e-2;
const RTOL = 2e-2;

const config = { ...SHAPE, dtype: 'f16', cacheDtype: 'f8e4m3' } as const;
const prefill = gqaPagedPrefill(config);
const append = appendPagedKv(config);

// From TypeScript to CUDA C and, with NVRTC, to cubins: no GPU is needed for that.
const compiled = [await compileKernel(prefill, FOLDER), await compileKernel(append, FOLDER)];
const { missing } = compiled[0]!;

// On the GPU if there is one, else as JavaScript.
const device = Device.available() && !missing ? 'cuda' : 'cpu';
const host = makeWorkload();
const inputs = await inputsOf(host);
const tensors = { ...host };
if (device === 'cuda')
  for (const name of Object.keys(tensors) as (keyof typeof tensors)[])
    Object.assign(tensors, { [name]: await tensors[name].to(device) });

/** Milliseconds that one launch takes once the kernel is compiled. */
async function run<S extends Sig>(kernel: Kernel<S>, args: Args<S>): Promise<number> {
  await kernel.compile({ device });
  const start = performance.now();
  await kernel(args);
  if (device === 'cuda') await Device.get().stream.synchronize();
  return performance.now() - start;
}
const { q, out, ...cache } = tensors;
const runs = [await run(prefill, { ...cache, q, out }), await run(append, cache)];

// Against 64-bit references.
const want = attention(inputs);
const got = await out.toFloat64Array();
const errors = got.map((x, i) => Math.abs(x - want[i]!));
const worst = errors.reduce((a, e) => Math.max(a, e), 0);
const wrong = errors.filter((e, i) => !(e <= ATOL + RTOL * Math.abs(want[i]!))).length;
const pages = appended(inputs);
const differ = (a: Uint8Array, b: Uint8Array): number => a.filter((x, i) => x !== b[i]).length;
const wrongBytes = differ(await cache.kPages.toRaw(), pages.kPages) + differ(await cache.vPages.toRaw(), pages.vPages);
const newBytes = 2 * host.kNew.size;

function nvrtcText(): string {
  const { version, source, library } = nvrtcLocation();
  return `${version.join('.')} (${source}), ${library}`;
}
const ms = (x: number | undefined): string => (x === undefined ? '–' : `${x.toFixed(1)} ms`);
const row = (title: string, cell: (i: number) => string): string[] => [title, ...compiled.map((_, i) => cell(i))];
const stage = (title: string, name: string): string[] => row(title, (i) => ms(compiled[i]!.timings[name]));
const where = device === 'cuda' ? Device.get().name : 'CPU, as JavaScript';

console.log(`
GQA prefill over a paged FP8 cache: ${SHAPE.heads} heads over ${SHAPE.headsKv}, dim ${SHAPE.dim}, pages of ${SHAPE.pageSize}
`);
console.log(
  table([
    row('for sm_90a', (i) => compiled[i]!.name),
    stage('TypeScript to Tile IR', 'frontend'),
    stage('Tile IR to Device IR', 'passes'),
    stage('Device IR to CUDA C', 'print'),
    stage('CUDA C to cubin', 'nvrtc'),
    row(`run (${where})`, (i) => ms(runs[i])),
    row('registers a thread', (i) => String(compiled[i]!.resources?.registers ?? '–')),
    row('bytes of spills', (i) => String(compiled[i]!.resources?.spillBytes ?? '–')),
    row('shared memory a block', (i) => `${(compiled[i]!.sharedBytes / 1024).toFixed(1)} KiB`),
    ['error against f64', `${worst.toExponential(1)}`, wrongBytes === 0 ? 'exact' : `${wrongBytes} bytes`],
  ]),
);
console.log(`
  output: ${wrong === 0 ? `right: all ${got.length} elements` : `WRONG: ${wrong} of ${got.length} elements`}, largest error ${worst.toExponential(1)} (allowed: ${ATOL} + ${RTOL} · |x|)
  cache:  ${wrongBytes === 0 ? `right: ${newBytes} bytes appended, no other changed` : `WRONG: ${wrongBytes} bytes`}
  CUDA C: ${compiled.map((c) => `${c.path}.cu`).join(', ')}
  cubins: ${missing ? `none. ${missing.message}` : compiled.map((c) => `${c.path}.cubin`).join(', ')}
  NVRTC:  ${missing ? 'none' : nvrtcText()}`);
if (wrong > 0 || wrongBytes > 0) process.exitCode = 1;
