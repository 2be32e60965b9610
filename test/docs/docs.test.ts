/** What the pages say of the code: links lead somewhere, the language's page is complete, and its examples compile. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tilec from 'tilec';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { compileJs } from '../../src/codegen/js/index.ts';
import { buildTileIR, toCuda } from '../../src/compile.ts';
import { DTYPES } from '../../src/ir/dtype.ts';
import { around, define } from '../frontend/define.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const within = (folder: string, kind: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((f) => join(folder, f))
    .filter((f) => kind.test(f));

const pages = ['README.md', 'ARCHITECTURE.md', ...within('docs', /\.md$/)];

test.each(pages)('%s: every link leads to something', (page) => {
  const text = read(page);
  const anchors = (of: string): string[] =>
    [...of.matchAll(/^#+ (.*)$/gm)].map((m) =>
      m[1]!
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((m) => m[1]!)
    .filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path, anchor] = link.split('#') as [string, string | undefined];
      const target = path === '' ? page : normalize(join(dirname(page), path));
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(read(target)).includes(anchor));
    });
  expect(broken).toEqual([]);
});

describe('ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md');
  test('names every folder of the sources', () => {
    const folders = new Set(within('src', /\.ts$/).map((f) => f.split('/').slice(0, -1).slice(0, 2).join('/')));
    expect([...folders].filter((f) => !text.includes(f))).toEqual([]);
  });

  /** Folders in the order of the data flow; what all use comes first. */
  const ORDER = ['diagnostics', 'ir', 'layout', 'dsl', 'frontend', 'passes', 'codegen', 'runtime', 'compile.ts', 'ops'];
  /** `kernel(…)` when it is called, and the verifier's look at layouts. */
  const BACKWARDS = [
    'src/dsl/kernel.ts → compile.ts',
    'src/dsl/kernel.ts → runtime',
    'src/ir/tile/verify-layout.ts → layout',
  ];
  test('imports point one way', () => {
    const backwards = within('src', /\.ts$/).flatMap((file) => {
      const from = ORDER.indexOf(relative('src', file).split('/')[0]!);
      return [...read(file).matchAll(/^(import(?! type)|export)[^;]*? from '(\.[^']+)'|import\('(\.[^']+)'\)/gm)]
        .map((m) => relative('src', normalize(join(dirname(file), m[2] ?? m[3]!))).split('/')[0]!)
        .filter((to) => from >= 0 && ORDER.indexOf(to) > from)
        .map((to) => `${file} → ${to}`);
    });
    expect([...new Set(backwards)].sort()).toEqual(BACKWARDS);
  });
});

describe('docs/language.md', () => {
  const text = read('docs/language.md');
  test('names every member of T and every dtype', () => {
    const names = [...Object.keys(tilec.T), ...Object.keys(DTYPES)];
    expect(names.filter((name) => !new RegExp(`\\b${name.split(' ').at(-1)}\\b`).test(text))).toEqual([]);
  });

  const examples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map((m) => m[1]!)
    .map((e) => (/\bkernel\(/.test(e) ? e : around(e)));
  test.each(examples.map((e, i) => [i + 1, e] as const))('example %i compiles for both devices', async (_, example) => {
    const { def } = define(example);
    compileJs(await buildTileIR(def));
    await toCuda(def, { arch: 'sm_90a' });
  });

  test('the examples are right to an editor', () => {
    expect(typeErrors(examples.map((e) => `import { ${namesIn(e).join(', ')} } from 'tilec';\n${e}`))).toEqual([]);
  });
});

const EXPORTS = [...Object.keys(tilec), ...['Tile', 'Fragment', 'Shared'].map((t) => `type ${t}`)];
const namesIn = (text: string): string[] =>
  EXPORTS.filter((name) => new RegExp(`\\b${name.split(' ').at(-1)}\\b`).test(text));

/** What TypeScript says of the texts, each a module of its own. */
function typeErrors(texts: readonly string[]): string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.kernels.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const files = new Map(texts.map((text, i) => [join(root, `test/docs/example${i + 1}.ts`), text]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  Object.assign(host, {
    readFile: (f: string) => files.get(f) ?? readFile(f),
    fileExists: (f: string) => files.has(f) || fileExists(f),
    getSourceFile: (f: string, version: ts.ScriptTarget) => {
      const text = files.get(f);
      return text === undefined ? getSourceFile(f, version) : ts.createSourceFile(f, text, version);
    },
  });
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((f) =>
    program.getSemanticDiagnostics(program.getSourceFile(f)).map((d) => {
      const line = d.file!.text.slice(0, d.start).split('\n').length;
      return `${relative(root, f)}:${line}: ${ts.flattenDiagnosticMessageText(d.messageText, ' ')}`;
    }),
  );
}
