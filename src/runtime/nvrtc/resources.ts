/** What a kernel takes of a multiprocessor, as the assembler reports it. */
export interface Resources {
  /** 32-bit registers a thread. */
  readonly registers: number;
  /** Bytes a thread stores to and loads from local memory for want of registers (the larger of the two). */
  readonly spillBytes: number;
  /** Bytes of local memory a thread, spills included. */
  readonly localBytes: number;
  /** Bytes of shared memory fixed at compile time, a block. */
  readonly staticSharedBytes: number;
}

/** Reads the report of `ptxas -v` on `symbol` out of a log; undefined if it is not there. */
export function parseResources(log: string, symbol: string): Resources | undefined {
  const lines = log.split('\n');
  const start = lines.findIndex((l) => l.includes('Compiling entry function') && l.includes(`'${symbol}'`));
  if (start < 0) return undefined;
  const next = lines.findIndex((l, i) => i > start && l.includes('Compiling entry function'));
  const report = lines.slice(start, next < 0 ? undefined : next).join('\n');
  const number = (pattern: RegExp): number | undefined => {
    const m = pattern.exec(report);
    return m ? Number(m[1]) : undefined;
  };
  const registers = number(/Used (\d+) registers/);
  if (registers === undefined) return undefined;
  return {
    registers,
    spillBytes: Math.max(number(/(\d+) bytes spill stores/) ?? 0, number(/(\d+) bytes spill loads/) ?? 0),
    localBytes: number(/(\d+) bytes stack frame/) ?? 0,
    staticSharedBytes: number(/(\d+) bytes smem/) ?? 0,
  };
}
