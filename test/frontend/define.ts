/** Kernels from text, through the real capture: for one-line tests, and for mistakes that TypeScript would not let pass. */
import type { KernelDef } from 'tilec';
import { rememberSource } from '../../src/diagnostics/sources.ts';
import { stripTypes } from '../../src/dsl/capture/loader.ts';
import { transform } from '../../src/dsl/capture/transform.ts';
import * as tilec from '../../src/index.ts';
import { dedent, statements } from './text.ts';

/** The first line of every file made here: what the text uses. */
const importOf = (text: string): string =>
  `import { ${Object.keys(tilec)
    .filter((name) => new RegExp(`\\b${name}\\b`).test(text))
    .join(', ')} } from 'tilec';`;

/** The value of `k` in a module of this text; what tilec exports is in scope. The text starts on line 2 of the file. */
export function define(text: string, file = '/app/kernel.ts'): { readonly def: KernelDef } {
  const whole = `${importOf(text)}\n${text}`;
  rememberSource(file, 1, 1, whole);
  const captured = transform(whole, file);
  const code = stripTypes(captured.code, file).replace(/import\s*\{[^}]*\}\s*from\s*["']tilec["'];?/, '');
  const names = Object.keys(tilec);
  const run = new Function(...names, `${code}\nreturn k;`) as (...values: unknown[]) => { readonly def: KernelDef };
  return run(...Object.values(tilec));
}

/** A kernel around the statements: tensors of several dtypes, scalars and a grid. */
export const around = (statement: string): string => `const n = dim('n');
const k = kernel(
  {
    A: tensor(f32, [n, 64]), B: tensor(f32, [n, 64]), H: tensor(f16, [n, 64]), P: tensor(bool, [n]),
    I: tensor(i32, [n]), L: tensor(i64, [n]), U: tensor(u32, [n]), D: tensor(u8, [n]), s: scalar(f32), c: scalar(i32),
  },
  ({ A, B, H, P, I, L, U, D, s, c }) => {
    const [bx] = T.grid([n]);
    ${statement.replaceAll('\n', '\n    ')}
  },
);`;

/** The statements in Tile IR. */
export const lower = (statement: string): string => statements(define(around(statement)));

export { dedent };
