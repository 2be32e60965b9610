#!/usr/bin/env node
import module from 'node:module';

// Where Node has it (22.8 and later), a second start does not compile JavaScript again.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();
// Whoever reads may have enough, as `tilec … | head` does.
process.stdout.on('error', (e: NodeJS.ErrnoException) => {
  if (e.code !== 'EPIPE') throw e;
  process.exit();
});
const { main } = await import('../src/cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
