/** Module hooks, run in Node's loader thread: `register.ts` installs them. */
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { moduleSource } from './loader.ts';
import { ownModule } from './own.ts';

type Resolved = { readonly url: string; readonly format?: string | null; readonly shortCircuit?: boolean };
type Resolve = (
  specifier: string,
  context: { readonly parentURL?: string },
  next: (s: string, c?: object) => Promise<Resolved>,
) => Promise<Resolved>;
type Loaded = { readonly format: string; readonly source?: string; readonly shortCircuit?: boolean };
type Load = (url: string, context: object, next: (url: string, context?: object) => Promise<Loaded>) => Promise<Loaded>;

export const resolve: Resolve = async (specifier, context, next) => {
  const own = ownModule(specifier);
  if (own) return { url: own, format: 'module', shortCircuit: true };
  const typescript = alternative(specifier, context.parentURL);
  if (typescript) return { url: typescript, format: 'module', shortCircuit: true };
  return next(specifier, context);
};

/** `./x.js` where only `x.ts` exists. */
function alternative(specifier: string, parent: string | undefined): string | undefined {
  if (!parent?.startsWith('file:') || !/^\.{1,2}\//.test(specifier)) return undefined;
  const path = fileURLToPath(new URL(specifier, parent));
  if (existsSync(path)) return /\.[cm]?ts$/.test(path) ? pathToFileURL(path).href : undefined;
  const typescript = path.replace(/\.js$/, '.ts');
  return typescript !== path && existsSync(typescript) ? pathToFileURL(typescript).href : undefined;
}

export const load: Load = async (url, context, next) => {
  const source = moduleSource(url);
  return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
};
