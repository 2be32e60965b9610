/** The capture as a transform of text: what it appends, and where. */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { stripTypes } from '../../src/dsl/capture/loader.ts';
import type { Capture } from '../../src/dsl/capture/record.ts';
import { mayCapture, transform } from '../../src/dsl/capture/transform.ts';
import { tilec } from '../../src/dsl/capture/vitest.ts';

const FILE = '/app/attention.ts';

/** The captures that a module's calls receive, in the order in which they are made. */
function captures(text: string): Capture[] {
  const out: Capture[] = [];
  const { code } = transform(text, FILE);
  const take = (...args: unknown[]): unknown => {
    const last = args.at(-1) as Capture | undefined;
    if (typeof last === 'object' && last?.__tilec === 1) out.push(last);
    return args[0];
  };
  const script = stripTypes(code, FILE)
    .replace(/^import .*$/gm, '')
    .replace(/^export /gm, '')
    .replace(/\/\/# sourceMappingURL.*/, '');
  runInNewContext(script, {
    kernel: take,
    macro: take,
    define: take,
    tilec: { kernel: take },
    tensor: () => 0,
    f32: 0,
  });
  return out;
}

const HEAD = "import { kernel, macro, tensor, f32 } from 'tilec';\n";

describe('places', () => {
  const texts = {
    'a kernel on several lines': `${HEAD}\nexport const add = kernel({ A: tensor(f32, [1]) },\n   ({ A }) => {\n  const x: number = 1;\n  A[0] = x;\n});\nconst after = 1;\n`,
    'two on one line': `${HEAD}const a = macro((x: number) => x), b = macro((y: number) => { return y; });\n`,
    'windows line ends': `${HEAD}\r\nconst add = kernel({},\r\n  () => {\r\n    const x = 1;\r\n  });\r\n`,
    'letters beyond ASCII before it': `${HEAD}const é = '😀'; /* 漢 */ const add = kernel({}, () => { const ü = '😀'; });\n`,
    'a kernel in a function': `${HEAD}function make(scale = 2) {\n  return { add: kernel({}, function () { const x = scale; }) };\n}\nmake();\n`,
    'a macro inside a kernel': `${HEAD}const k = kernel({}, () => {\n  const f = macro((x: number) => x);\n});\n`,
  };

  test.each(Object.entries(texts))('%s: all text keeps its line and column up to the insertion', (_, text) => {
    const { code, captured } = transform(text, FILE);
    expect(captured).toBeGreaterThan(0);
    const before = text.split('\n');
    const after = code.split('\n');
    expect(after.length).toBe(before.length);
    after.forEach((line, i) => {
      const rest = line.split(', { __tilec: 1')[0]!;
      expect(before[i]!.startsWith(rest)).toBe(true);
    });
  });

  test.each(Object.entries(texts))('%s: the capture knows where its source starts', (_, text) => {
    const found = captures(text);
    expect(found.length).toBeGreaterThan(0);
    for (const c of found) {
      const offset =
        text
          .split('\n')
          .slice(0, c.line - 1)
          .join('\n').length +
        (c.line > 1 ? 1 : 0) +
        c.column -
        1;
      expect(text.slice(offset, offset + c.source.length)).toBe(c.source);
      expect(c.source).toMatch(/^(\(|function)/);
      expect(c.file).toBe(FILE);
    }
  });

  test('a second transform changes nothing', () => {
    for (const text of Object.values(texts)) {
      const { code } = transform(text, FILE);
      expect(transform(code, FILE)).toEqual({ code, captured: 0 });
    }
  });
});

describe('what is captured', () => {
  const only = (text: string): Capture => {
    const [c, ...rest] = captures(HEAD + text);
    expect(rest).toEqual([]);
    return c!;
  };
  const free = (text: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(only(text).free).map(([k, f]) => [k, f()]));

  test('free names by value, at the time of asking', () => {
    expect(free('const a = 1, b = { c: 2 };\nkernel({}, () => a + b.c);')).toEqual({ a: 1, b: { c: 2 } });
    expect(free('kernel({}, () => late);\nconst late = 3;')).toEqual({ late: 3 });
  });

  test('names that the function binds itself are not free', () => {
    const text = `const a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
      kernel({}, ({ a, x: { y: b = g }, ...c }) => {
        for (const d of [1]) { const [e] = [d]; }
        for (let f = 0; f < 1; f++) {}
        function h() {}
        return a + b;
      });`;
    expect(Object.keys(only(text).free)).toEqual(['g']);
  });

  test('properties, labels and types are no names', () => {
    const text = `const x = 1, f16 = 2, Wide = 3;
      type Wide = number;
      kernel({}, () => { const o = { x: 5, y: (1 as Wide) }; o.x; let z: f16 = 1; return o as { x: number }; });`;
    expect(Object.keys(only(text).free)).toEqual([]);
  });

  test('shorthand properties and computed keys are', () => {
    expect(free("const x = 1, k = 'key';\nkernel({}, () => ({ x, [k]: 2 }));")).toEqual({ x: 1, k: 'key' });
  });

  test('globals are left to the compiler', () => {
    expect(Object.keys(only('kernel({}, () => Math.max(Number("1"), undefined));').free)).toEqual([]);
  });

  test('a variable that is reassigned is marked, and only that one', () => {
    const text = `let counter = 0, fixed = 1, swapped = 2, looped = 3;
      counter++;
      [swapped] = [3];
      for (looped of [1]);
      function other() { let fixed = 5; fixed = 6; }
      kernel({}, () => [counter, fixed, swapped, looped]);`;
    expect(only(text).mutable).toEqual(['counter', 'swapped', 'looped']);
  });

  test('an inner variable of the same name is the one that counts', () => {
    const text = `let scale = 1;
      scale = 2;
      function make(scale: number) { kernel({}, () => scale); }
      make(7);`;
    const c = only(text);
    expect(c.mutable).toEqual([]);
    expect(c.free.scale!()).toBe(7);
  });

  test.each([
    ['const add = kernel({}, () => 1)', 'add'],
    ['const all = { add: kernel({}, () => 1) }', 'add'],
    ['function addition() { return kernel({}, () => 1) }\naddition()', 'addition'],
    ['const make = () => kernel({}, () => 1); make()', 'make'],
    ['kernel({}, () => 1)', 'kernel'],
    ['class Ops { add() { return kernel({}, () => 1) } }\nnew Ops().add()', 'add'],
  ])('%s is called %s', (text, name) => {
    expect(only(text).name).toBe(name);
  });
});

describe('which calls', () => {
  const count = (text: string): number => transform(text, FILE).captured;

  test.each([
    ["import { kernel as define } from 'tilec'; define({}, () => 1)", 1],
    ["import * as tilec from 'tilec'; tilec.kernel({}, () => 1)", 1],
    ['import{kernel as define}from"tilec";define({},()=>1)', 1],
    ["import { kernel } from '../src/index.ts'; kernel({}, () => 1)", 1],
    ["import { kernel } from 'popcorn'; kernel({}, () => 1)", 0],
    ["import type { kernel } from 'tilec'; declare const x: typeof kernel", 0],
    ["import { kernel } from 'tilec'; const body = () => 1; kernel({}, body)", 0],
    ["import { dim } from 'tilec'; function kernel(x: unknown, f: unknown) {} kernel({}, () => 1)", 0],
    ['const kernel = 1', 0],
  ])('%s', (text, n) => {
    expect(count(text)).toBe(n);
  });

  test('a file that cannot define kernels is not parsed', () => {
    expect(mayCapture("import x from 'y'; // a kernel, a macro")).toBe(false);
    expect(mayCapture("import { kernel } from 'tilec'")).toBe(true);
    expect(mayCapture("import tilec, {\n  T,\n  macro,\n} from 'tilec'")).toBe(true);
  });
});

describe('the vitest plugin', () => {
  const plugin = tilec();
  const text = `${HEAD}kernel({}, () => 1);`;

  test('captures in TypeScript and JavaScript, whatever the query', () => {
    for (const id of ['/app/a.ts', '/app/a.js', '/app/a.mts?v=1'])
      expect(plugin.transform(text, id)?.code).toContain('__tilec: 1');
  });
  test('leaves other files alone', () => {
    expect(plugin.transform(text, '/app/a.css')).toBeUndefined();
    expect(plugin.transform('export const x = 1', '/app/a.ts')).toBeUndefined();
  });
  test('comes before types are stripped', () => {
    expect(plugin.enforce).toBe('pre');
  });
});
