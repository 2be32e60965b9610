/** The built command line, as a process of its own. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BINARY = join(ROOT, 'dist', 'bin', 'tilec.js');

export const hasNvrtc = findNvrtc().length > 0;
/** For processes that are to find none. */
export const NO_NVRTC = { TILEC_NVRTC: '/nonexistent' };

export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** What the commands print with --json, all in one. */
export interface Printed {
  readonly error: { readonly name: string; readonly message: string };
  readonly diagnostics: readonly { readonly code: string; readonly span: { readonly line: number } }[];
  readonly missing: readonly { readonly code: string; readonly message: string }[];
  readonly kernels: readonly {
    readonly cached: boolean;
    readonly sharedBytes: number;
    readonly resources: { readonly registers: number };
    readonly timings: Readonly<Record<string, number>>;
    readonly artefacts: Readonly<Record<string, string>>;
  }[];
  readonly dims: Readonly<Record<string, number>>;
  readonly outputs: readonly { readonly mean: number; readonly min: number; readonly max: number }[];
  /** Milliseconds by the GPU's clock. */
  readonly gpu: number | null;
  readonly gpus: readonly object[];
  readonly node: object;
  readonly nvrtc: readonly object[];
  readonly cache: { readonly kernels: number; readonly bytes: number };
}
export const json = (done: Done): Printed => JSON.parse(done.stdout) as Printed;

/** A folder of its own for files, output and cache, which goes away after the tests. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'tilec-cli-'));

  constructor() {
    const built = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return name;
  }

  /** Runs `tilec` in the folder. */
  tilec(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Done> {
    return this.#run([BINARY, ...args], env);
  }

  node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Done> {
    return this.#run(args, env);
  }

  /** Runs `tilec … | command`; the code is the command's. */
  piped(args: readonly string[], command: string): Promise<Done> {
    return this.#run(['-c', `"$0" "$@" | ${command}`, process.execPath, BINARY, ...args], {}, 'sh');
  }

  #run(args: readonly string[], env: NodeJS.ProcessEnv, program = process.execPath): Promise<Done> {
    const start = performance.now();
    const options = { cwd: this.folder, env: { ...process.env, TILEC_CACHE_DIR: this.path('cache'), ...env } };
    return new Promise((resolve) => {
      const child = execFile(program, [...args], options, (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr, ms: performance.now() - start }),
      );
      child.stdin?.end();
    });
  }
}

/** A kernel that sets its tensor to a constant. */
export const fill = (name: string, value: string): string => `
import { dim, f32, kernel, T, tensor } from 'tilec';
const ${name}Size = dim('n');
export const ${name} = kernel({ a: tensor(f32, [${name}Size]) }, ({ a }) => {
  const [bx] = T.grid([T.ceilDiv(${name}Size, 128)], { threads: 128 });
  for (const [i] of T.Parallel(128)) if (bx * 128 + i < ${name}Size) a[bx * 128 + i] = ${value};
});
`;
