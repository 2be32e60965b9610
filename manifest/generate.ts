// Rewrites what follows from the manifest: manifest/rules/precompiled.ts and docs/operators.md. After a change of the
// manifest: `npm run build && node dist/manifest/generate.js`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GENERATED } from './generated.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
for (const [path, text] of Object.entries(GENERATED)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text());
  console.log(path);
}
