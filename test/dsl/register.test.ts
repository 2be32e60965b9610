/** Loading kernels in a process of its own: through `--import tilec/register`, and from packages. Needs the build. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transform } from '../../src/dsl/capture/transform.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let app = '';

function put(path: string, text: string): void {
  const to = join(app, path);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text);
}

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return spawnSync(process.execPath, args, { cwd: app, encoding: 'utf8', env });
}

/** Runs a file and reads the JSON it prints. */
function json(...args: string[]): unknown {
  const done = node(...args);
  expect(done.stderr).toBe('');
  return JSON.parse(done.stdout);
}

const SCALE = `import { dim, f32, kernel, T, tensor } from 'tilec';

const n = dim('n');
export function scaled(by: number) {
  return kernel({ A: tensor(f32, [n]) }, ({ A }) => {
    const [bx] = T.grid([T.ceilDiv(n, 64)]);
    let factor: f32 = 1;
    factor *= by;
    for (const [i] of T.Parallel(64)) if (bx * 64 + i < n) A[bx * 64 + i] *= factor;
  });
}
`;
/** What a bundler makes of it: no types, the kernel's text as it was left. */
const SCALE_JS = SCALE.replace('(by: number)', '(by)').replace('let factor: f32 = 1', 'let factor = f32(1)');

const SHOW = `
const { capture } = k.def;
await k.compile({ device: 'cpu' });
console.log(JSON.stringify({ name: capture.name, file: capture.file, line: capture.line, column: capture.column, by: capture.free.by() }));
`;

beforeAll(() => {
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { encoding: 'utf8' });
  expect(built.status, built.stderr).toBe(0);
  app = mkdtempSync(join(tmpdir(), 'tilec-register-'));
  mkdirSync(join(app, 'node_modules'));
  symlinkSync(root, join(app, 'node_modules/tilec'), 'dir');
  put('package.json', '{ "type": "module" }');
  put('scale.ts', SCALE);
  put('main.ts', `import { scaled } from './scale.ts';\nconst k = scaled(3);\n${SHOW}`);
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

test('a TypeScript file runs, its kernels captured', () => {
  expect(json('--import', 'tilec/register', 'main.ts')).toEqual({
    name: 'scaled',
    file: join(app, 'scale.ts'),
    line: 5,
    column: 42,
    by: 3,
  });
});

test('imports may say .js for a .ts file', () => {
  put('js-import.ts', `import { scaled } from './scale.js';\nconst k = scaled(4);\n${SHOW}`);
  expect(json('--import', 'tilec/register', 'js-import.ts')).toMatchObject({ by: 4 });
});

test('plain JavaScript with kernels in a package is captured as it is loaded', () => {
  put('node_modules/scaling/package.json', '{ "type": "module", "exports": "./dist/index.js" }');
  put('node_modules/scaling/dist/index.js', SCALE_JS);
  put('uses-package.ts', `import { scaled } from 'scaling';\nconst k = scaled(5);\n${SHOW}`);
  expect(json('--import', 'tilec/register', 'uses-package.ts')).toMatchObject({
    file: join(app, 'node_modules/scaling/dist/index.js'),
    line: 5,
    by: 5,
  });
});

test('a package that was built with capture needs no loader', () => {
  const { code } = transform(SCALE, join(app, 'node_modules/built/src/index.ts'));
  put('node_modules/built/package.json', '{ "type": "module", "exports": "./dist/index.js" }');
  put(
    'node_modules/built/dist/index.js',
    code.replace('(by: number)', '(by)').replace(/let factor: f32 = 1(?=;\n)/, 'let factor = 1'),
  );
  put('uses-built.js', `import { scaled } from 'built';\nconst k = scaled(6);\n${SHOW}`);
  expect(json('uses-built.js')).toMatchObject({ file: join(app, 'node_modules/built/src/index.ts'), line: 5, by: 6 });
});

test('without capture, both remedies are named', () => {
  put('uncaptured.js', `${SCALE_JS}\nscaled(2).def;`);
  const { status, stderr } = node('uncaptured.js');
  expect(status).toBe(1);
  const place = `${join(app, 'uncaptured.js')}:${SCALE_JS.split('\n').findIndex((l) => l.includes('kernel({')) + 1}:10`;
  expect(stderr).toContain(`CaptureError: TL0190: the source of the kernel over (A), at ${place}, was not captured`);
  // The stack is that of the definition: the factory's line, then its caller's.
  expect(stderr.match(/^ {4}at .*$/gm)![0]).toContain('uncaptured.js:5:10');
  expect(stderr).not.toMatch(/^ {4}at .*(?:capture-error|dsl\/kernel)/m);
  expect(stderr).toContain('--import tilec/register');
  expect(stderr).toContain('tilec/vitest');
});

test('a call without capture names the definition, of macros too', () => {
  put(
    'uncaptured-call.js',
    `import { f32, kernel, macro, T, Tensor, tensor } from 'tilec';
const k = kernel({ A: tensor(f32, [4]) }, ({ A }) => { T.grid([1]); A[0] = 1; });
await k({ A: Tensor.zeros([4], f32) }).catch((e) => console.log(e.message.split('\\n')[0]));
const half = macro((x) => x / 2);
try { Object.getOwnPropertySymbols(half).map((s) => half[s].capture); } catch (e) { console.log(e.message.split('\\n')[0]); }
`,
  );
  const { stdout, stderr } = node('uncaptured-call.js');
  expect(stderr).toBe('');
  const file = join(app, 'uncaptured-call.js');
  expect(stdout.split('\n')).toEqual([
    `TL0190: the source of the kernel over (A), at ${file}:2:11, was not captured when its file was loaded`,
    `TL0190: the source of a macro, at ${file}:4:14, was not captured when its file was loaded`,
    '',
  ]);
});

test('a mistake is shown at its line, in the file as it is', () => {
  put('wrong.ts', SCALE.replace('A[bx * 64 + i] *= factor', 'A[bx * 64 + i / 2] *= factor'));
  put('runs-wrong.ts', "import { scaled } from './wrong.ts';\nawait scaled(2).compile({ device: 'cpu' });\n");
  const { status, stderr } = node('--import', 'tilec/register', 'runs-wrong.ts');
  expect(status).toBe(1);
  expect(stderr).toContain('error TL0201: `/` between integers is ambiguous');
  expect(stderr).toContain('--> wrong.ts:9:72');
  expect(stderr).toMatch(/> +9 \| {5}for \(const \[i\] of T\.Parallel\(64\)\) if/);
});

test('an error of the file itself keeps its line', () => {
  put(
    'throws.ts',
    `import { scaled } from './scale.ts';\ninterface Unused {\n  readonly a: number;\n}\nscaled(2);\nthrow new Error('here' as string);\n`,
  );
  const { stderr } = node('--enable-source-maps', '--import', 'tilec/register', 'throws.ts');
  expect(stderr).toMatch(/throws\.ts:6:7/);
});

test('a file that does not parse says so', () => {
  put('broken.ts', "import { kernel } from 'tilec';\nkernel({}, () => {\n  const = 1;\n});\n");
  const { status, stderr } = node('--import', 'tilec/register', 'broken.ts');
  expect(status).toBe(1);
  expect(stderr).toContain('SyntaxError');
  expect(stderr).toContain('broken.ts:3');
});
