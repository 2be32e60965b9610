/** The subcommands, in the order in which `--help` lists them. */
import { registerCompile } from './compile.ts';
import type { Register } from './register.ts';

export const COMMANDS: readonly Register[] = [registerCompile];
