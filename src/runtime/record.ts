/** What is kept of a compilation beside the cubin: all that a launch needs. JSON. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { DeviceKernel } from '../ir/device/schema.ts';
import { NO_SPAN } from '../ir/span.ts';
import type { Arch } from '../ir/target.ts';
import type { Expr } from '../ir/tile/schema.ts';
import type { Resources } from './nvrtc/resources.ts';
import { type Signature, signatureOfKernel } from './signature.ts';

export interface LaunchRecord {
  readonly signature: Signature;
  readonly arch: Arch;
  /** The kernel's name in the module. */
  readonly symbol: string;
  /** Up to three extents, x first. */
  readonly grid: readonly Expr[];
  readonly threads: number;
  readonly sharedBytes: number;
  readonly resources?: Resources;
  readonly warnings: readonly Diagnostic[];
  /** Does the kernel print? The driver shows that only when it is asked to wait. */
  readonly prints: boolean;
}

export function launchRecord(
  device: DeviceKernel,
  made: Pick<LaunchRecord, 'arch' | 'symbol' | 'resources' | 'warnings'> & { readonly source: string },
): LaunchRecord {
  const { arch, symbol, resources, warnings, source } = made;
  return {
    signature: signatureOfKernel(device),
    arch,
    symbol,
    grid: device.grid.map(plain),
    threads: device.threads,
    sharedBytes: device.sharedBytes,
    resources,
    warnings,
    prints: source.includes('printf('),
  };
}

/** Without places in the source, and with 64-bit constants as numbers: JSON has no bigint. */
function plain(e: Expr): Expr {
  const span = NO_SPAN;
  switch (e.kind) {
    case 'const':
      return { ...e, value: typeof e.value === 'bigint' ? Number(e.value) : e.value, span };
    case 'var':
      return { ...e, span };
    case 'unary':
    case 'cast':
    case 'bitcast':
      return { ...e, a: plain(e.a), span };
    case 'binary':
      return { ...e, a: plain(e.a), b: plain(e.b), span };
    case 'select':
      return { ...e, cond: plain(e.cond), a: plain(e.a), b: plain(e.b), span };
    case 'call':
      return { ...e, args: e.args.map(plain), span };
    case 'load':
    case 'ptx':
      throw new Error(`internal: a grid extent holds a ${e.kind}`);
  }
}
