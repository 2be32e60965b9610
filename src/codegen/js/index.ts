/** The CPU backend: Tile IR → JavaScript source → a function over typed arrays. */
import * as msg from '../../diagnostics/messages/cpu.ts';
import type { Kernel } from '../../ir/tile/schema.ts';
import { runtimeError } from './errors.ts';
import { printJs } from './program.ts';
import { inlineSourceMap, type SourceMap, sourceMap } from './sourceMap.ts';
import type { RawArray } from './storage.ts';
import { makeChecks } from './support/checks.ts';
import { SUPPORT } from './support/index.ts';

export { KernelRuntimeError } from './errors.ts';
export type { SourceMap } from './sourceMap.ts';
export type { RawArray } from './storage.ts';

export interface JsOptions {
  /** Finds accesses out of bounds, races of T.Parallel and reads of unwritten tiles, and poisons tiles. Default true. */
  readonly checks?: boolean;
  /** What the source map's file names are relative to; default: they are as the spans have them. */
  readonly sourceRoot?: string;
}

export interface JsArguments {
  /** Contiguous, row-major. Narrow floats are kept as their codes, bools as 0 and 1. */
  readonly tensors: Readonly<Record<string, RawArray>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly scalars: Readonly<Record<string, number | bigint | boolean>>;
  readonly dims: Readonly<Record<string, number>>;
}

export interface JsProgram {
  /** Ends with its source map, so that breakpoints in the kernel's TypeScript work. */
  readonly source: string;
  readonly map: SourceMap;
  /** Runs all blocks. Throws `KernelRuntimeError`. */
  run(args: JsArguments): void;
}

type Run = (args: Pick<JsArguments, 'tensors' | 'scalars' | 'dims'>) => void;

/** Lines that `new Function` puts before its body. */
const PROLOGUE_LINES = 2;

let programs = 0;

/** Throws `CompileError` for what only a GPU can do. */
export function compileJs(kernel: Kernel, options: JsOptions = {}): JsProgram {
  const program = printJs(kernel, options.checks ?? true);
  const url = `tilec-cpu://${encodeURIComponent(kernel.name)}.${programs++}.js`;
  const mappings = program.mappings.map((m) => ({ ...m, line: m.line + PROLOGUE_LINES }));
  const map = sourceMap(url, mappings, options.sourceRoot);
  const source = `${program.source}//# sourceURL=${url}\n${inlineSourceMap(map)}\n`;
  const block = [0, 0, 0];
  const rank = kernel.grid.length;
  block.length = rank;
  const { sites } = program;
  // The generated code is our own text of a program that the user compiles anyway.
  const make = new Function('support', 'checks', 'sites', 'block', source);
  const run: Run = make(SUPPORT, makeChecks(sites, block), sites, block);
  return {
    source,
    map,
    run(args) {
      checkLengths(kernel, args);
      run(args);
    },
  };
}

function checkLengths(kernel: Kernel, args: JsArguments): void {
  for (const p of kernel.params) {
    if (p.kind !== 'tensor') continue;
    const shape = args.shapes[p.name] ?? [];
    const array = args.tensors[p.name];
    const length = array?.length ?? 0;
    if (array === undefined || length < shape.reduce((a, b) => a * b, 1))
      throw runtimeError(msg.argumentLength(p.name, length, shape), p.span);
  }
}
