/** Kernels from text, through the real capture: for one-line tests, and for mistakes that TypeScript would not let pass. */
import type { KernelDef } from 'tilec';
import { CompileError } from '../../src/diagnostics/diagnostic.ts';
import { stripTypes } from '../../src/dsl/capture/loader.ts';
import { transform } from '../../src/dsl/capture/transform.ts';
import * as tilec from '../../src/index.ts';
import { dedent, statements } from './text.ts';

/** The first line of every file made here. */
const IMPORT = `import { ${Object.keys(tilec).join(', ')} } from 'tilec';`;

/** The value of `k` in a module of this text; what tilec exports is in scope. The text starts on line 2 of the file. */
export function define(text: string, file = '/app/kernel.ts'): { readonly def: KernelDef } {
  const captured = transform(`${IMPORT}\n${text}`, file);
  const code = stripTypes(captured.code, file).replace(/import\s*\{[^}]*\}\s*from\s*["']tilec["'];?/, '');
  const names = Object.keys(tilec);
  const run = new Function(...names, `${code}\nreturn k;`) as (...values: unknown[]) => { readonly def: KernelDef };
  return run(...Object.values(tilec));
}

/** A kernel around the statements: tensors of several dtypes, scalars and a grid. */
export const around = (statement: string): string =>
  `const n = dim('n');
const k = kernel({ A: tensor(f32, [n, 64]), B: tensor(f32, [n, 64]), H: tensor(f16, [n, 64]), I: tensor(i32, [n]), L: tensor(i64, [n]), U: tensor(u32, [n]), P: tensor(bool, [n]), D: tensor(u8, [n]), s: scalar(f32), c: scalar(i32) },
  ({ A, B, H, I, L, U, P, D, s, c }) => {
    const [bx] = T.grid([n]);
${statement}
  });`;

/** The statements in Tile IR. */
export const lower = (statement: string): string => statements(define(around(statement)));

/** The rendered diagnostics of a module, which must not compile. */
export function failure(text: string, file?: string): CompileError {
  const k = define(text, file);
  try {
    statements(k);
  } catch (e) {
    if (e instanceof CompileError) return e;
    throw e;
  }
  throw new Error('it compiles');
}

export { dedent };
