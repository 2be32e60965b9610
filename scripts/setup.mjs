// What `npm run quickstart` and `npm test` need before they can start, from a fresh clone: npm's packages, NVRTC if it can
// be had, and the build. Each step is skipped when it is already done; plain Node, because nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function run(what, command, args, { required = true } = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (done.status === 0) return true;
  const log = `${done.stdout ?? ''}${done.stderr ?? ''}`.trim();
  if (!required) {
    console.error(`${what}: not available (${log.split('\n').at(-1)})`);
    return false;
  }
  console.error(`${what} failed:\n${log}`);
  process.exit(3);
}

const installed = join(root, 'node_modules', '.package-lock.json');
const lock = join(root, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.error('installing npm packages …');
  run('npm ci', npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
run('build', process.execPath, [join(root, 'scripts', 'build.mjs')]);
// It looks where the built runtime looks, so it comes after the build.
run('NVRTC', process.execPath, [join(root, 'scripts', 'get-nvrtc.mjs')], { required: false });
