/**
 * Where NVRTC may be: looked for by file name, without loading anything. The version is read off the builtins library,
 * which stands beside it and names it (`libnvrtc-builtins.so.12.4`).
 */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface NvrtcLocation {
  readonly library: string;
  /** To be loaded first, by path: NVRTC asks for it by name only. */
  readonly builtins: string;
  readonly version: readonly [major: number, minor: number];
  /** What was looked at: `TILEC_NVRTC`, `CUDA toolkit`, `pip`, `system`, `tilec`. */
  readonly source: string;
}

export const OLDEST_NVRTC: readonly [number, number] = [12, 4];
/** The first major version that is not known to work. */
const NEWEST_MAJOR = 13;

type Place = readonly [source: string, folder: string];

/** Every usable NVRTC, best first. `TILEC_NVRTC`, a library or its folder, excludes all others. */
export function findNvrtc(root: string = packageRoot(), env: NodeJS.ProcessEnv = process.env): NvrtcLocation[] {
  const found: NvrtcLocation[] = [];
  for (const [source, folder] of places(root, env))
    for (const location of librariesIn(source, folder))
      if (isSupported(location.version) && !found.some((f) => f.library === location.library)) found.push(location);
  return found;
}

export const isSupported = ([major, minor]: readonly [number, number]): boolean =>
  major <= NEWEST_MAJOR && (major > OLDEST_NVRTC[0] || (major === OLDEST_NVRTC[0] && minor >= OLDEST_NVRTC[1]));

function* places(root: string, env: NodeJS.ProcessEnv): Generator<Place> {
  const named = env.TILEC_NVRTC;
  if (named) {
    yield ['TILEC_NVRTC', isFolder(named) ? named : dirname(named)];
    return;
  }
  const toolkits = [env.CUDA_HOME, env.CUDA_PATH, '/usr/local/cuda', ...matching('/usr/local', /^cuda-\d/).reverse()];
  for (const t of toolkits)
    if (t) for (const lib of ['lib64', 'targets/x86_64-linux/lib']) yield ['CUDA toolkit', join(t, lib)];
  for (const site of sitePackages(env)) {
    for (const toolkit of matching(join(site, 'nvidia'), /^cu\d+$/).reverse()) yield ['pip', join(toolkit, 'lib')];
    yield ['pip', join(site, 'nvidia', 'cuda_nvrtc', 'lib')];
  }
  for (const folder of split(env.LD_LIBRARY_PATH)) yield ['system', folder];
  for (const folder of ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib']) yield ['system', folder];
  const own = join(root, 'build', 'nvrtc');
  yield ['tilec', join(own, 'usr', 'lib', 'x86_64-linux-gnu')];
  yield ['tilec', join(own, 'nvidia', 'cuda_nvrtc', 'lib')];
}

/** The folders in which pip's packages may be, for every Python on the path and in the usual places. */
function* sitePackages(env: NodeJS.ProcessEnv): Generator<string> {
  yield* split(env.PYTHONPATH);
  const prefixes = [
    env.VIRTUAL_ENV,
    env.CONDA_PREFIX,
    ...split(env.PATH)
      .filter((d) => existsSync(join(d, 'python3')))
      .map(dirname),
    join(homedir(), '.local'),
    '/usr/local',
    '/usr',
  ];
  for (const prefix of new Set(prefixes))
    if (prefix)
      for (const python of matching(join(prefix, 'lib'), /^python3/))
        for (const site of ['site-packages', 'dist-packages']) yield join(python, site);
}

function librariesIn(source: string, folder: string): NvrtcLocation[] {
  const found: NvrtcLocation[] = [];
  for (const library of matching(folder, /^libnvrtc\.so\.\d+$/).reverse()) {
    const real = resolved(library);
    for (const beside of new Set([folder, dirname(real)])) {
      const builtins = matching(beside, /^libnvrtc-builtins\.so\.\d+\.\d+$/)
        .reverse()
        .find((b) => versionOf(b)?.[0] === Number(basename(library).split('.').at(-1)));
      const version = builtins && versionOf(builtins);
      if (builtins && version) {
        found.push({ library: real, builtins, version, source });
        break;
      }
    }
  }
  return found;
}

function versionOf(builtins: string): readonly [number, number] | undefined {
  const m = /\.so\.(\d+)\.(\d+)$/.exec(builtins);
  return m ? [Number(m[1]), Number(m[2])] : undefined;
}

/** Paths in `folder` whose names match, in order; none where there is no such folder. */
function matching(folder: string, name: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((n) => name.test(n))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .map((n) => join(folder, n));
  } catch {
    return [];
  }
}

const split = (path: string | undefined): string[] => (path ?? '').split(delimiter).filter((p) => p !== '');
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The folder of this package, from its source as from its build. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
