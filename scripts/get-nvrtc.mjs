// Gets NVRTC, the compiler from CUDA C to cubins, where none is found. It needs no GPU, no CUDA and no rights: Debian's
// packages, fetched with the machine's own apt and its own sources (another suite and component, in a private folder), or
// the wheel of the same library through pip, unpacked into build/nvrtc/. Quiet and quick when there is nothing to do.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { findNvrtc } from '../dist/src/runtime/ffi/discover.js';

const SUITE = 'trixie';
const COMPONENT = 'non-free';
const PACKAGES = ['libnvrtc12', 'libnvrtc-builtins12.4'];
const WHEEL = 'nvidia-cuda-nvrtc-cu12';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'build', 'nvrtc');

/** Runs a program; its output if it failed. */
function run(command, args, cwd) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (done.error) return { failed: `${command}: ${done.error.message}`, out: '' };
  const log = `${done.stdout}${done.stderr}`.trim();
  return {
    failed: done.status === 0 ? undefined : `${command} ${args.at(-1)}: ${log.split('\n').slice(-3).join(' / ')}`,
    out: done.stdout,
  };
}

/** The machine's apt sources as `{ uris, signedBy, suites }`, from both formats that apt reads. */
function aptSources() {
  const etc = '/etc/apt';
  const parts = join(etc, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).map((n) => join(parts, n)) : [];
  const found = [];
  for (const path of [join(etc, 'sources.list'), ...names]) {
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    if (path.endsWith('.sources')) {
      for (const paragraph of text.split(/\n\s*\n/)) {
        const field = (name) =>
          paragraph.match(new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, 'im'))?.[1]?.trim() ?? '';
        if (/\bdeb\b/.test(field('Types')) && !/^no$/i.test(field('Enabled')))
          found.push({
            uris: field('URIs').split(/\s+/),
            signedBy: field('Signed-By'),
            suites: field('Suites').split(/\s+/),
            components: field('Components').split(/\s+/),
          });
      }
    } else if (path.endsWith('.list')) {
      for (const line of text.split('\n')) {
        const m = line.match(/^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/);
        if (m)
          found.push({
            uris: [m[2]],
            signedBy: m[1]?.match(/signed-by=(\S+)/)?.[1] ?? '',
            suites: [m[3]],
            components: m[4].trim().split(/\s+/),
          });
      }
    }
  }
  return found;
}

/** Those of them that are Debian's own archive: main, of a suite without a suffix such as -security. */
function debianSources() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (!/^ID=["']?debian["']?$/m.test(release)) return [];
  const codename = release.match(/^VERSION_CODENAME=["']?(\w+)/m)?.[1];
  const names = [codename, 'stable', 'testing', 'sid', 'unstable'];
  return aptSources()
    .filter((s) => s.components.includes('main') && s.suites.some((x) => names.includes(x)))
    .map(({ uris, signedBy }) => ({ uris, signedBy }))
    .filter((s, i, all) => all.findIndex((o) => isDeepStrictEqual(o, s)) === i);
}

function fromDebian(into) {
  const sources = debianSources();
  if (sources.length === 0) return 'apt: no Debian archive among the sources';
  const apt = mkdtempSync(join(tmpdir(), 'tilec-apt-'));
  try {
    for (const d of ['lists/partial', 'archives/partial']) mkdirSync(join(apt, d), { recursive: true });
    const list = join(apt, 'debian.sources');
    writeFileSync(
      list,
      sources
        .map((s) =>
          [
            'Types: deb',
            `URIs: ${s.uris.join(' ')}`,
            `Suites: ${SUITE}`,
            `Components: ${COMPONENT}`,
            'Architectures: amd64',
            ...(s.signedBy ? [`Signed-By: ${s.signedBy}`] : []),
            '',
          ].join('\n'),
        )
        .join('\n'),
    );
    const options = [
      `Dir::Etc::sourcelist=${list}`,
      'Dir::Etc::sourceparts=/dev/null',
      `Dir::State::Lists=${join(apt, 'lists')}`,
      `Dir::Cache=${apt}`,
      `Dir::Cache::Archives=${join(apt, 'archives')}`,
      'APT::Architecture=amd64',
      'APT::Sandbox::User=',
      'Acquire::Languages=none',
      'Acquire::Retries=3',
    ].flatMap((o) => ['-o', o]);
    const update = run('apt-get', [...options, '-q', 'update'], apt);
    if (update.failed) return update.failed;
    const download = run('apt-get', [...options, '-q', 'download', ...PACKAGES], apt);
    if (download.failed) return download.failed;
    for (const deb of readdirSync(apt).filter((n) => n.endsWith('.deb'))) {
      const unpack = run('dpkg', ['-x', join(apt, deb), into]);
      if (unpack.failed) return unpack.failed;
    }
    return undefined;
  } finally {
    rmSync(apt, { recursive: true, force: true });
  }
}

const fromPip = (into) =>
  run('python3', [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--target',
    into,
    WHEEL,
  ]).failed;

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('NVRTC is fetched on Linux x64 only; elsewhere set TILEC_NVRTC to its library');
  process.exit(1);
}
if (findNvrtc(root).length === 0) {
  console.error('getting NVRTC …');
  mkdirSync(dirname(target), { recursive: true });
  const failures = [];
  for (const get of [fromDebian, fromPip]) {
    const partial = mkdtempSync(join(dirname(target), 'nvrtc-'));
    const failed = get(partial);
    if (failed === undefined) {
      rmSync(target, { recursive: true, force: true });
      renameSync(partial, target);
      break;
    }
    rmSync(partial, { recursive: true, force: true });
    failures.push(failed);
  }
  if (findNvrtc(root).length === 0) {
    console.error(`NVRTC could not be fetched.\n  ${failures.join('\n  ')}`);
    process.exit(1);
  }
}
