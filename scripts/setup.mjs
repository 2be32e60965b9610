// What `npm run quickstart` and `npm test` need before they can start, from a fresh clone: npm's packages, the build, and
// NVRTC if it can be had. Each step is skipped when it is already done; plain Node, because nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENVIRONMENT = 3;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const oldest = engines.node.replace('>=', '');
if (process.versions.node.localeCompare(oldest, 'en', { numeric: true }) < 0) {
  console.error(`Node ${process.versions.node} is too old: tilec needs ${oldest} or newer, see https://nodejs.org`);
  process.exit(ENVIRONMENT);
}

/** Runs a step; its output is shown only where it must not fail and does. */
function must(what, command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (done.status === 0) return;
  console.error(`${what} failed:\n${done.error?.message ?? ''}${done.stdout ?? ''}${done.stderr ?? ''}`.trim());
  process.exit(ENVIRONMENT);
}

const installed = join(root, 'node_modules', '.package-lock.json');
const lock = join(root, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.error('installing npm packages …');
  must('npm ci', npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
must('the build', process.execPath, [join(root, 'scripts', 'build.mjs')]);
// It looks where the built runtime looks, so it comes after the build. Without it all but cubins works, so it may fail.
spawnSync(process.execPath, [join(root, 'scripts', 'get-nvrtc.mjs')], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
