/** Files that follow from the manifest, by their path in the repository. */
import { operatorTable } from './docs.ts';
import { MANIFEST } from './index.ts';
import { precompiledText } from './rules/precompile.ts';

export const GENERATED: Readonly<Record<string, () => string>> = {
  'manifest/rules/precompiled.ts': () => precompiledText(Object.values(MANIFEST)),
  'docs/operators.md': () => operatorTable(Object.values(MANIFEST)),
};
