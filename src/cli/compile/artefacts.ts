/** Files that appear whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cannotWrite } from '../../diagnostics/messages/cli.ts';
import { UsageError } from '../exit.ts';
import { reasonOf } from '../terminal.ts';

export type Form = 'tir' | 'dir' | 'cu' | 'ptx' | 'cubin';
export const FORMS: readonly Form[] = ['tir', 'dir', 'cu', 'ptx', 'cubin'];
export const isForm = (s: string): s is Form => (FORMS as readonly string[]).includes(s);

/** What a compilation gave, by form. */
export type Artefacts = { readonly [F in Form]?: string | Uint8Array };

/** Writes `<base>.<form>` for each; all under other names first. Gives the paths. Throws `UsageError` where it cannot. */
export function writeArtefacts(folder: string, base: string, artefacts: Artefacts): Partial<Record<Form, string>> {
  const suffix = `.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  const forms = FORMS.filter((f) => artefacts[f] !== undefined);
  const paths = Object.fromEntries(forms.map((f) => [f, join(folder, `${base}.${f}`)])) as Partial<
    Record<Form, string>
  >;
  try {
    mkdirSync(folder, { recursive: true });
    try {
      for (const f of forms) writeFileSync(paths[f] + suffix, artefacts[f]!);
      for (const f of forms) renameSync(paths[f] + suffix, paths[f]!);
    } finally {
      for (const f of forms) rmSync(paths[f] + suffix, { force: true });
    }
  } catch (e) {
    throw new UsageError(cannotWrite(folder, reasonOf(e)));
  }
  return paths;
}
