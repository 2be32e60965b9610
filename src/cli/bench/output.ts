/** Where a report goes: tables or JSON on standard output, JSON and a page as files. */
import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as M from '../../diagnostics/messages/bench.ts';
import type { BenchFlags } from '../commands/bench.ts';
import { UsageError } from '../exit.ts';
import { print, printJson, reasonOf, tellError } from '../terminal.ts';

export interface Outputs {
  /** JSON instead of tables on standard output. */
  readonly printsJson: boolean;
  readonly jsonFile?: string;
  readonly htmlFile?: string;
}

/**
 * Throws `UsageError` for files that surely cannot be written, before minutes are spent on what goes there, and for `--json`
 * before one of `names`, which it would take for a file.
 */
export function outputsOf({ json, html }: Pick<BenchFlags, 'json' | 'html'>, names: readonly string[]): Outputs {
  const printsJson = json === true || json === '-';
  const jsonFile = json === true || json === '-' ? undefined : json;
  // A name that was meant for something else has no dot and no slash, whether it is spelled right or not.
  if (jsonFile !== undefined && (names.includes(jsonFile) || !/[./\\]/.test(jsonFile)))
    throw new UsageError(M.jsonTakesName(jsonFile));
  for (const path of [jsonFile, html]) if (path !== undefined) checkWritable(path);
  return { printsJson, jsonFile, htmlFile: html };
}

export interface Content {
  readonly json: object;
  readonly text: () => string;
  readonly page?: () => string;
}

/** False, with the reason on standard error, if a file could not be written; the rest is shown even so. */
export function output({ printsJson, jsonFile, htmlFile }: Outputs, { json, text, page }: Content): boolean {
  if (printsJson) printJson(json);
  else print(text());
  const failures = [
    ...(jsonFile === undefined ? [] : write(jsonFile, `${JSON.stringify(json, null, 2)}\n`)),
    ...(htmlFile === undefined || !page ? [] : write(htmlFile, page())),
  ];
  for (const why of failures) tellError(why);
  return failures.length === 0;
}

function checkWritable(path: string): void {
  try {
    if (path === '') throw new Error('a file needs a name');
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new Error('it is a folder');
    if (there) accessSync(path, constants.W_OK);
    else accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (e) {
    throw new UsageError(M.unwritable(path, reasonOf(e)));
  }
}

function write(path: string, text: string): readonly string[] {
  try {
    writeFileSync(path, text);
    return [];
  } catch (e) {
    return [M.unwritable(path, reasonOf(e))];
  }
}
