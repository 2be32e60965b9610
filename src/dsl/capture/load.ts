/** Loads a user's file for the command line, with capture. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The module's exports. Throws what the file throws. */
export async function loadModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  await import('./register.ts');
  return (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
}
