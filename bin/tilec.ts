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
const { EXIT } = await import('../src/cli/exit.ts');
process.exitCode = await main(process.argv.slice(2));
// All is kept and said: now what the signal would have done, so that whoever called us, such as a shell's loop, sees that it
// came. A shell shows it as 130.
if (process.exitCode === EXIT.interrupted) process.kill(process.pid, 'SIGINT');
