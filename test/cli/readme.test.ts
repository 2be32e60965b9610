import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { Bench, ROOT } from './tilec.ts';

const bench = new Bench();
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((m) => m[1]!);
const [add, main] = blocks('ts');
bench.write('add.ts', add!);

test('its kernel adds', async () => {
  bench.write(
    'main.ts',
    `${main}\nconst [x, y, z] = await Promise.all([a, b, c].map((t) => t.toFloat32Array()));
console.log(z!.every((s, i) => s === Math.fround(x![i]! + y![i]!)), x![7] !== y![7]);\n`,
  );
  const register = pathToFileURL(join(ROOT, 'dist', 'src', 'dsl', 'capture', 'register.js')).href;
  const { stdout, stderr } = await bench.node(['--import', register, 'main.ts']);
  expect(stderr).toBe('');
  expect(stdout).toBe('true true\n');
});

test('its commands work', async () => {
  const commands = [...readme.matchAll(/^npx tilec (.*?)(?: +#.*)?$/gm)].map((m) => m[1]!.split(' '));
  expect(commands.map((c) => c[0])).toEqual(['compile', 'compile', 'run', 'opt', 'doctor', 'cache']);
  for (const args of commands) {
    const { code, stderr } = await bench.tilec(args);
    // Without NVRTC, a cubin asked for is the one thing that fails.
    expect([code, code === 0 ? '' : stderr]).toEqual([
      args.includes('tir,cu,cubin') && code === 3 ? 3 : 0,
      expect.anything(),
    ]);
  }
});
