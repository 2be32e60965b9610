import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit.ts';
import { parseDefinitions } from '../../src/cli/load/options.ts';
import { Bench, fill, json } from './tilec.ts';

const bench = new Bench();
const mean = async (file: string, ...args: string[]): Promise<number> => {
  const done = await bench.tilec(['run', file, '--device', 'cpu', '--json', ...args]);
  if (done.code !== 0) throw new Error(done.stdout + done.stderr);
  return json(done).outputs[0]!.mean;
};

test('a change of the file or of what it imports is seen', async () => {
  bench.write('value.ts', 'export const value: number = 3;\n');
  bench.write('deep.ts', `import { value } from './value.ts';\n${fill('deep', 'value')}`);
  expect(await mean('deep.ts')).toBe(3);
  expect(await mean('deep.ts')).toBe(3);
  bench.write('value.ts', 'export const value: number = 4;\n');
  expect(await mean('deep.ts')).toBe(4);
  bench.write('deep.ts', `import { value } from './value.ts';\n${fill('deep', 'value + 1')}`);
  expect(await mean('deep.ts')).toBe(5);
});

test('files that import each other', async () => {
  bench.write('a.ts', `import { b } from './b.ts';\nexport const a = (): number => 2;\n${fill('k', 'b()')}`);
  bench.write('b.ts', `import { a } from './a.ts';\nexport const b = (): number => a() + 5;\n`);
  expect(await mean('a.ts')).toBe(7);
});

test('a `.js` specifier means the `.ts` file until there is a `.js` file', async () => {
  bench.write('late.ts', 'export const late: number = 1;\n');
  bench.write('uses.ts', `import { late } from './late.js';\n${fill('k', 'late')}`);
  expect(await mean('uses.ts')).toBe(1);
  bench.write('package.json', '{ "type": "module" }');
  bench.write('late.js', 'export const late = 2;\n');
  expect(await mean('uses.ts')).toBe(2);
});

test.each([
  ['a package', "import { six } from 'pkg';\nconst x: number = six;"],
  ['import.meta', 'const x: number = import.meta.url.endsWith("outside.ts") ? 6 : 0;'],
  ['a computed import', "const file = './six' + '.ts';\nconst x: number = (await import(file)).six;"],
])('%s is left to Node', async (_, text) => {
  mkdirSync(bench.path('node_modules/pkg'), { recursive: true });
  bench.write('node_modules/pkg/package.json', '{ "name": "pkg", "type": "module", "exports": "./index.js" }');
  bench.write('node_modules/pkg/index.js', 'export const six = 6;\n');
  bench.write('six.ts', 'export const six: number = 6;\n');
  bench.write('outside.ts', `${text}\n${fill('k', 'x')}`);
  expect(await mean('outside.ts')).toBe(6);
});

describe('options of factories', () => {
  const factory = `
import { dim, f32, kernel, T, tensor } from 'tilec';
export interface Config { readonly by: number; readonly name?: string; readonly on?: boolean }
export function scale(config: Config) {
  const { by, on = true } = config;
  const big = config.name === 'big' ? 100 : 0;
  return kernel({ a: tensor(f32, [dim('n')]) }, ({ a }) => {
    const [bx] = T.grid([1], { threads: 128 });
    for (const [i] of T.Parallel(128)) a[i] = on ? by + big : 0;
  });
}
`;
  bench.write('scale.ts', factory);
  test('numbers, true and false are what they look like; the last of two counts', () => {
    const texts = [
      'a=2.5',
      'b=-1e2',
      'c=0x10',
      'd=.5',
      'e=true',
      'f=false',
      'g=f8e4m3',
      'h=',
      'i=1,2',
      'j=a=b',
      'k=1',
      'k=2',
    ];
    expect(parseDefinitions(texts)).toEqual({
      ...{ a: 2.5, b: -100, c: 16, d: 0.5, e: true, f: false },
      ...{ g: 'f8e4m3', h: '', i: '1,2', j: 'a=b', k: 2 },
    });
    for (const wrong of ['a', '=1', '1a=2', 'a b=1']) expect(() => parseDefinitions([wrong])).toThrow(UsageError);
  });

  test('they reach the function', async () => {
    expect(await mean('scale.ts', '--shape', 'n=128', '-D', 'by=16', '-D', 'name=big')).toBe(116);
  });

  test('one that is read nowhere', async () => {
    const { code, stderr } = await bench.tilec(['compile', 'scale.ts', '-D', 'by=1', '-D', 'bye=2']);
    expect(code).toBe(2);
    expect(stderr).toBe('error: scale reads no option bye; the options are by, on, name\n');
  });
});

describe('faults of the file are shown at its line', () => {
  test.each([
    [
      'syntax.ts',
      'export const x = 1;\nexport const y: = 2;\n',
      'TL1001: syntax error',
      'syntax.ts:2:17',
      '> 2 | export const y: = 2;',
    ],
    [
      'import.ts',
      "import { f } from './nix.ts';\nexport { f };\n",
      "TL1002: there is no file './nix.ts'",
      'import.ts:1:19',
      '^^^^^^^^^^',
    ],
    [
      'throws.ts',
      "type X = number;\n\nconst f = (x: X): X => {\n  throw new RangeError('no ' + x);\n};\nexport const y = f(3);\n",
      'TL1003: the file threw while it was loaded: RangeError: no 3',
      'throws.ts:4:',
      '> 4 |   throw new RangeError',
    ],
    [
      'factory.ts',
      `${fill('k', '1')}\ninterface O { size: number }\nexport function make(o: O) {\n  return kernel({ a: tensor(f32, [o.size]) }, ({ a }) => {\n    T.grid([1], { threads: 32 });\n  });\n}\n`,
      'TL1004: make(…) threw: RangeError: tensor: shape entry undefined',
      'factory.ts:11:',
      'hint: it reads the options size',
    ],
    [
      'hooks.ts',
      "import { six } from 'pkg';\ntype X = number;\n\nexport const f = (x: X): X => {\n  throw new RangeError('no ' + x);\n};\nf(six);\n",
      'TL1003: the file threw while it was loaded: RangeError: no 6',
      'hooks.ts:5:9',
      "> 5 |   throw new RangeError('no ' + x);",
    ],
    ['gives.ts', 'export const make = () => 3;\n', 'TL1005: make(…) gave no kernel', 'gives.ts:', ''],
  ])('%s', async (file, text, message, place, frame) => {
    bench.write(file, text);
    const { code, stderr } = await bench.tilec(['compile', file, ...(file === 'gives.ts' ? ['-k', 'make'] : [])]);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`--> ${place}`);
    expect(stderr).toContain(frame);
    expect(code).toBe(1);
  });
});
