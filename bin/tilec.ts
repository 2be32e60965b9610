#!/usr/bin/env node
import module from 'node:module';

// Where Node has it (22.8 and later), a second start does not compile JavaScript again.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();
const { main } = await import('../src/cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
