/** Loading a user's file: from its snapshot, by making one, or through the module hooks. */
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isFolder, noSuchFile, notTypeScript, threwOnLoad } from '../../diagnostics/messages/cli.ts';
import type { Message } from '../../diagnostics/report.ts';
import { UsageError } from '../exit.ts';
import { readSnapshot, type Snapshot, writeSnapshot } from './snapshot.ts';

export interface UserModule {
  /** As the user named it. */
  readonly path: string;
  readonly exports: Readonly<Record<string, unknown>>;
  /** What the file's code threw, as a `CompileError` at its line. */
  explain(thrown: unknown, message: (error: string) => Message): Promise<unknown>;
}

/** Throws `UsageError` if there is no such file, `CompileError` for syntax errors and for what it throws itself. */
export async function loadUserModule(path: string): Promise<UserModule> {
  const full = resolve(path);
  const there = path === '' ? undefined : statSync(full, { throwIfNoEntry: false });
  if (!there) throw new UsageError(noSuchFile(path));
  if (there.isDirectory()) throw new UsageError(isFolder(path));
  if (!/\.[cm]?[jt]s$/.test(full)) throw new UsageError(notTypeScript(path));
  const entry = realpathSync(full);
  let snapshot = readSnapshot(entry) ?? (await makeSnapshot(entry));
  const explain: UserModule['explain'] = async (thrown, message) => {
    const { explainThrown } = await import('./thrown.ts');
    return explainThrown(thrown, entry, snapshot, message);
  };
  try {
    if (snapshot) {
      try {
        return { path, exports: (await import(snapshot.entry)) as UserModule['exports'], explain };
      } catch (e) {
        // Unless another process has emptied the cache since it was looked at.
        if (snapshot.exists()) throw e;
        snapshot = undefined;
      }
    }
    return { path, exports: await importThroughHooks(entry), explain };
  } catch (e) {
    throw await explain(e, threwOnLoad);
  }
}

async function importThroughHooks(entry: string): Promise<UserModule['exports']> {
  // So that what it throws names the lines of the TypeScript.
  process.setSourceMapsEnabled(true);
  const { loadModule } = await import('../../dsl/capture/load.ts');
  return loadModule(entry);
}

async function makeSnapshot(entry: string): Promise<Snapshot | undefined> {
  const { collectGraph } = await import('./graph.ts');
  const graph = collectGraph(entry);
  return graph && writeSnapshot(entry, graph);
}
