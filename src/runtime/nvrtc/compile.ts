/** CUDA C → cubin and PTX, through NVRTC. */
import { isMainThread } from 'node:worker_threads';
import type { Arch } from '../../ir/target.ts';
import { NvrtcError } from '../errors.ts';
import { koffi } from '../ffi/library.ts';
import { loadNvrtc, NVRTC_RESULTS, type Nvrtc } from '../ffi/nvrtc.ts';
import { explainLog } from './log.ts';
import { nvrtcOptions } from './options.ts';
import { parseResources, type Resources } from './resources.ts';

export interface CompiledCuda {
  readonly cubin: Uint8Array;
  readonly ptx: string;
  /** What NVRTC and the assembler printed: warnings and the resources of each kernel. */
  readonly log: string;
  readonly resources: Resources | undefined;
  readonly version: readonly [major: number, minor: number];
}

/**
 * Compiles a translation unit whose kernel is `symbol`, on a thread of its own unless it is called on one. Throws `NvrtcError` with the log where NVRTC refuses it, and
 * `EnvironmentError` where there is no NVRTC.
 */
export async function compileCuda(source: string, arch: Arch, symbol: string): Promise<CompiledCuda> {
  const nvrtc = loadNvrtc();
  const { api } = nvrtc;
  const slot = new BigUint64Array(1);
  must(api.nvrtcCreateProgram(slot, source, `${symbol}.cu`, 0, null, null), 'nvrtcCreateProgram', source);
  const program = slot[0]!;
  try {
    const result = await compileProgram(api, program, cStrings(nvrtcOptions(arch, nvrtc.version)));
    const log = read(nvrtc, 'nvrtcGetProgramLogSize', 'nvrtcGetProgramLog', program, source)
      .toString('utf8')
      .replace(/\0+$/, '');
    if (result !== 0)
      throw new NvrtcError(explainLog(log, source, symbol), NVRTC_RESULTS[result] ?? String(result), log, source);
    const cubin = read(nvrtc, 'nvrtcGetCUBINSize', 'nvrtcGetCUBIN', program, source);
    const ptx = read(nvrtc, 'nvrtcGetPTXSize', 'nvrtcGetPTX', program, source).toString('utf8').replace(/\0+$/, '');
    return { cubin, ptx, log, resources: parseResources(log, symbol), version: nvrtc.version };
  } finally {
    slot[0] = program;
    api.nvrtcDestroyProgram(slot);
  }
}

async function compileProgram(api: Nvrtc['api'], program: bigint, options: CStrings): Promise<number> {
  // A worker thread has no event loop to be kept free, and all of them together only four threads of libuv's.
  if (!isMainThread) return api.nvrtcCompileProgram(program, options.count, options.pointers);
  inUse.add(options.memory);
  try {
    return await new Promise<number>((resolve, reject) => {
      api.nvrtcCompileProgram.async(program, options.count, options.pointers, (error, result) =>
        error ? reject(error) : resolve(result),
      );
    });
  } finally {
    inUse.delete(options.memory);
  }
}

function must(result: number, call: string, source: string): void {
  if (result === 0) return;
  const code = NVRTC_RESULTS[result] ?? String(result);
  throw new NvrtcError(`${call}: ${code}`, code, '', source);
}

type Sizer = 'nvrtcGetProgramLogSize' | 'nvrtcGetCUBINSize' | 'nvrtcGetPTXSize';
type Getter = 'nvrtcGetProgramLog' | 'nvrtcGetCUBIN' | 'nvrtcGetPTX';

function read({ api }: Nvrtc, size: Sizer, get: Getter, program: bigint, source: string): Buffer {
  const length = new BigUint64Array(1);
  must(api[size](program, length), size, source);
  const bytes = Buffer.alloc(Number(length[0]));
  if (bytes.length > 0) must(api[get](program, bytes), get, source);
  return bytes;
}

interface CStrings {
  readonly count: number;
  /** Address of the array of their addresses. */
  readonly pointers: bigint;
  readonly memory: ArrayBuffer;
}

/** Memory that C code on another thread reads. */
const inUse = new Set<ArrayBuffer>();

function cStrings(strings: readonly string[]): CStrings {
  const encoded = strings.map((s) => Buffer.from(`${s}\0`, 'utf8'));
  const table = strings.length * 8;
  const memory = new ArrayBuffer(encoded.reduce((n, b) => n + b.length, table));
  const base = koffi().address(memory);
  const addresses = new BigUint64Array(memory, 0, strings.length);
  const bytes = new Uint8Array(memory);
  let at = table;
  encoded.forEach((b, i) => {
    bytes.set(b, at);
    addresses[i] = base + BigInt(at);
    at += b.length;
  });
  return { count: strings.length, pointers: base, memory };
}
