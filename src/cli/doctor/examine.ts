/** What this machine has of all that tilec can use. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { oldNode } from '../../diagnostics/messages/cli.ts';
import { nvrtcMissing } from '../../diagnostics/messages/runtime.ts';
import { cacheFolder, listCache } from '../../runtime/cache/cache.ts';
import { Device } from '../../runtime/device.ts';
import { EnvironmentError } from '../../runtime/errors.ts';
import { findNvrtc, packageRoot } from '../../runtime/ffi/discover.ts';
import { check, driver } from '../../runtime/ffi/driver.ts';
import { loadNvrtc } from '../../runtime/ffi/nvrtc.ts';

const OLDEST_NODE = [20, 19] as const;

export interface Missing {
  readonly code: string;
  /** What it is and how to get it. */
  readonly message: string;
}

export interface Examination {
  readonly tilec: { readonly version: string; readonly folder: string };
  readonly node: { readonly version: string; readonly path: string; readonly platform: string };
  /** Null where there is no driver. */
  readonly driver: { readonly cuda: string } | null;
  readonly gpus: readonly {
    readonly name: string;
    readonly capability: string;
    readonly memory: number;
    readonly arch: string | null;
  }[];
  /** The first one is used. */
  readonly nvrtc: readonly {
    readonly version: string;
    readonly library: string;
    readonly source: string;
    readonly works: boolean | null;
  }[];
  readonly cache: { readonly folder: string; readonly kernels: number; readonly bytes: number };
  readonly missing: readonly Missing[];
}

export function examine(version: string): Examination {
  const missing: Missing[] = [];
  const attempt = <R>(f: () => R): R | undefined => {
    try {
      return f();
    } catch (e) {
      if (!(e instanceof Error)) throw e;
      missing.push({
        code: e instanceof EnvironmentError || 'code' in e ? String(e.code) : e.name,
        message: e instanceof EnvironmentError ? e.reason : e.message,
      });
      return undefined;
    }
  };
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    missing.push({ code: 'OLD_NODE', message: oldNode(process.versions.node, OLDEST_NODE.join('.')) });

  const cuda = attempt(driverVersion);
  const gpus = cuda === undefined ? undefined : attempt(examineGpus);
  const found = findNvrtc();
  const works = found.length > 0 ? attempt(() => loadNvrtc().version.length > 0) === true : false;
  if (found.length === 0) missing.push(nvrtcMissing());
  return {
    tilec: { version, folder: packageRoot() },
    node: { version: process.versions.node, path: process.execPath, platform: `${process.platform} ${process.arch}` },
    driver: cuda === undefined ? null : { cuda },
    gpus: gpus ?? [],
    nvrtc: found.map((f, i) => ({ ...f, version: f.version.join('.'), works: i === 0 ? works : null })),
    cache: { folder: cacheFolder(), kernels: listCache().length, bytes: bytesBelow(cacheFolder()) },
    missing,
  };
}

function driverVersion(): string {
  const out = new Int32Array(1);
  check(driver().cuDriverGetVersion(out), 'cuDriverGetVersion');
  return `${Math.floor(out[0]! / 1000)}.${Math.floor((out[0]! % 1000) / 10)}`;
}

function examineGpus(): Examination['gpus'] {
  return Array.from({ length: Device.count() }, (_, i) => {
    const { name, capability, totalBytes, ...rest } = describe(Device.get(i));
    return { name, capability, memory: totalBytes, ...rest };
  });
}

function describe(d: Device): { name: string; capability: string; totalBytes: number; arch: string | null } {
  const { name, capability, totalBytes } = d;
  let arch: string | null = null;
  try {
    arch = d.arch;
  } catch (e) {
    if (!(e instanceof EnvironmentError)) throw e;
  }
  return { name, capability: capability.join('.'), totalBytes, arch };
}

function bytesBelow(folder: string): number {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .map((e) => (e.isDirectory() ? bytesBelow(join(folder, e.name)) : statSync(join(folder, e.name)).size))
      .reduce((a, b) => a + b, 0);
  } catch {
    return 0;
  }
}
