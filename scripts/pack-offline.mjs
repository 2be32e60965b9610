// Packs everything that a machine with neither a network nor Node needs to run tilec and its tests (a GPU machine, say):
// the `node` that runs this, the npm packages less those that only development needs, the sources and the build.
//   node scripts/pack-offline.mjs            → build/offline/{base.tar.xz,code.tar.xz,unpack.sh}
//   there: sh build/offline/unpack.sh        → tilec-offline/, and says how to run the GPU tests
// The base is packed again only when Node or the lock file changes; the code every time, in a second.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'build', 'offline');
const CODE = [
  'package.json',
  'vitest.config.ts',
  'tsconfig.json',
  'src',
  'bin',
  'kernels',
  'manifest',
  'bench',
  'examples',
  'test',
  'scripts',
  'dist',
];
/** Neither run nor imported by what runs. */
const LEFT_OUT = [
  '@biomejs',
  'typescript',
  '@types',
  '.vite',
  '.cache',
  '.bin',
  '*.d.ts',
  '*.d.mts',
  '*.d.cts',
  '*.map',
  '*.md',
  'koffi-linux-x64/musl_x64',
];

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (done.status === 0) return;
  console.error(`${command} failed${done.error ? `: ${done.error.message}` : ''}`);
  process.exit(1);
}
const mebibytes = (path) => `${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`;

/** `tar` with its own xz of that level. What is there already is replaced as a whole, when the new one is complete. */
function pack(archive, level, args) {
  const partial = join(mine, basename(archive));
  run('tar', ['-cJf', partial, ...args], { env: { ...process.env, XZ_OPT: `-T0 ${level}` } });
  renameSync(partial, archive);
}

mkdirSync(out, { recursive: true });
/** This process's own: another one may pack at the same time. */
const mine = mkdtempSync(join(out, 'packing-'));
process.on('exit', () => rmSync(mine, { recursive: true, force: true }));
run(process.execPath, [join(root, 'scripts', 'build.mjs')]);

const base = join(out, 'base.tar.xz');
const stamp = join(out, 'base.stamp');
const identity = createHash('sha256')
  .update(process.version)
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(LEFT_OUT.join())
  .digest('hex');
if (!existsSync(base) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== identity) {
  console.error('packing Node and its packages (a minute or two) …');
  copyFileSync(process.execPath, join(mine, 'node'));
  const excludes = LEFT_OUT.map(
    (p) => `--exclude=${p.startsWith('*') ? p : `node_modules/${p.includes('/') && !p.startsWith('@') ? `*${p}` : p}`}`,
  );
  pack(base, '-6', ['-C', mine, 'node', '-C', root, ...excludes, 'node_modules']);
  writeFileSync(stamp, identity);
}
const code = join(out, 'code.tar.xz');
pack(code, '-3', ['-C', root, ...CODE.filter((p) => existsSync(join(root, p)))]);

writeFileSync(
  join(out, 'unpack.sh'),
  `#!/bin/sh
# Unpacks tilec into a folder (default: tilec-offline) and says how to use it. Needs tar, and xz or python3.
set -eu
from=$(cd "$(dirname "$0")" && pwd)
to=\${1:-tilec-offline}
mkdir -p "$to"
unpack() {
  if command -v xz >/dev/null 2>&1; then xz -dc "$1"
  else python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1"
  fi | tar -xf - -C "$to"
}
[ -x "$to/node" ] || unpack "$from/base.tar.xz"
unpack "$from/code.tar.xz"
echo "tilec is in $to, with Node $("$to/node" --version). In that folder:"
echo "  ./node node_modules/vitest/vitest.mjs run test/gpu test/ops test/programs     on the GPU and the CPU"
echo "  ./node dist/bin/tilec.js doctor                        what this machine has"
`,
  { mode: 0o755 },
);
console.error(`build/offline: base ${mebibytes(base)}, code ${mebibytes(code)}; there: sh build/offline/unpack.sh`);
