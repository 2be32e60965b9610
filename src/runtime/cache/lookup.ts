import type { KernelDef } from '../../dsl/kernel.ts';
import type { Arch } from '../../ir/target.ts';
import type { Kernel } from '../../ir/tile/schema.ts';
import { EnvironmentError } from '../errors.ts';
import { cacheKey, readCache, writeCache } from './cache.ts';
import type { Entry } from './entry.ts';
import { fingerprint } from './fingerprint.ts';

/** The place of one compilation in the cache. */
export interface Place {
  read(): Entry | undefined;
  write(entry: Entry): void;
}

export interface Cache {
  /** Undefined where the kernel's closure cannot be told from others. */
  ofDefinition(def: KernelDef): Place | undefined;
  ofTileIR(kernel: Kernel): Place;
}

/** Undefined without NVRTC, of whose version the names are made. */
export function openCache(arch: Arch): Cache | undefined {
  const place = (program: string): Place => {
    const key = cacheKey(program, arch);
    return { read: () => readCache(key), write: (entry) => writeCache(key, entry) };
  };
  try {
    cacheKey('', arch);
  } catch (e) {
    if (e instanceof EnvironmentError) return undefined;
    throw e;
  }
  return {
    ofDefinition(def) {
      const text = fingerprint(def);
      return text === undefined ? undefined : place(`definition ${text}`);
    },
    ofTileIR: (kernel) => place(`tile IR ${JSON.stringify(kernel, exact)}`),
  };
}

/** For JSON, which has no bigint and writes NaN and the infinities as null and -0 as 0. */
function exact(_: string, v: unknown): unknown {
  if (typeof v === 'bigint') return `${v}n`;
  return typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0))
    ? `number ${Object.is(v, -0) ? '-0' : v}`
    : v;
}
