/** Turning a file's text into a module: capture, and TypeScript to JavaScript where Node cannot do it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mayCapture, transform } from './transform.ts';

const require = createRequire(import.meta.url);

export const isTypeScript = (path: string): boolean => /\.[cm]?tsx?$/.test(path);

/** The JavaScript of a file that this loader has to touch; undefined where Node should load it as it is. */
export function moduleSource(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const path = fileURLToPath(url);
  const typescript = isTypeScript(path);
  if (!typescript && !/\.m?js$/.test(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  if (!typescript && !mayCapture(text)) return undefined;
  const captured = transform(text, path);
  if (!typescript) return captured.captured > 0 ? captured.code : undefined;
  return stripTypes(captured.code, path);
}

/** TypeScript → JavaScript, with an inline source map so that stack traces show the original lines. */
export function stripTypes(code: string, path: string): string {
  const oxc = require('oxc-transform') as typeof import('oxc-transform');
  const out = oxc.transformSync(path, code, { sourcemap: true, typescript: { onlyRemoveTypeImports: false } });
  const errors = out.errors.filter((e) => e.severity === 'Error');
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors.map((e) => e.codeframe ?? e.message).join('\n')}`);
  const map = out.map
    ? `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(out.map)).toString('base64')}`
    : '';
  return out.code + map;
}
