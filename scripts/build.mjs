// TypeScript → dist/: captures the sources of kernels, strips types, points `.ts` imports at `.js`. Files that did not
// change are left alone, so a second build takes milliseconds. Types are checked apart, by `npm run typecheck`.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'oxc-transform';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const SOURCES = ['src', 'bin', 'kernels', 'manifest', 'bench', 'examples'];
const VERBATIM = /\.(cuh|html|json|css)$/;

function* files(dir) {
  if (!existsSync(dir)) return;
  for (const e of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, e.name);
    if (e.isDirectory()) yield* files(path);
    else yield path;
  }
}

const fresh = (from, to, since) => existsSync(to) && statSync(to).mtimeMs >= Math.max(statSync(from).mtimeMs, since);

function write(to, text) {
  mkdirSync(dirname(to), { recursive: true });
  // A name of its own: two builds may run at once.
  const temporary = `${to}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, to);
}

/** Strips types; sources of kernels are captured first where `capture` is given. */
function compile(path, capture) {
  const to = join(dist, relative(root, path)).replace(/\.ts$/, '.js');
  let code = readFileSync(path, 'utf8');
  if (capture) {
    // Captures carry the path of the TypeScript file as seen from the built one.
    const up = relative(dirname(to), path).replaceAll('\\', '/');
    code = capture(code, path, {
      fileExpression: `decodeURIComponent(new URL(${JSON.stringify(up)}, import.meta.url).pathname)`,
    }).code;
  }
  const out = transformSync(path, code, { sourcemap: true, typescript: { rewriteImportExtensions: 'rewrite' } });
  const errors = out.errors.filter((e) => e.severity === 'Error');
  if (errors.length > 0) throw new Error(errors.map((e) => e.codeframe ?? e.message).join('\n'));
  write(`${to}.map`, JSON.stringify(out.map));
  write(to, `${out.code}//# sourceMappingURL=${to.split('/').at(-1)}.map\n`);
  return to;
}

// The capture itself is TypeScript: it is built first, then used on everything else.
const captureDir = join(root, 'src', 'dsl', 'capture');
const own = [join(captureDir, 'scope.ts'), join(captureDir, 'transform.ts')];
const self = fileURLToPath(import.meta.url);
const since = Math.max(statSync(self).mtimeMs, ...own.map((f) => statSync(f).mtimeMs));
for (const f of own) compile(f);
const { transform } = await import(pathToFileURL(join(dist, 'src/dsl/capture/transform.js')).href);

let built = 0;
for (const dir of SOURCES)
  for (const path of files(join(root, dir))) {
    const to = join(dist, relative(root, path));
    if (path.endsWith('.ts') && !path.endsWith('.d.ts')) {
      if (own.includes(path) || fresh(path, to.replace(/\.ts$/, '.js'), since)) continue;
      compile(path, transform);
      built++;
    } else if (VERBATIM.test(path) && !fresh(path, to, 0)) {
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(path, to);
    }
  }

// What is built of sources that are gone would still be found by imports.
for (const dir of SOURCES)
  for (const path of files(join(dist, dir))) {
    if (path.endsWith('.tmp')) continue;
    const source = join(root, relative(dist, path));
    const from = source.replace(/\.js(\.map)?$/, '.ts');
    if (!existsSync(from) && !existsSync(source)) rmSync(path, { force: true });
  }
if (built > 0) console.error(`built ${built} files`);
