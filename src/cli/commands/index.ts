/** The subcommands, in the order in which `--help` lists them. */
import { registerBench } from './bench.ts';
import { registerCache } from './cache.ts';
import { registerCompile } from './compile.ts';
import { registerDoctor } from './doctor.ts';
import { registerOpt } from './opt.ts';
import type { Register } from './register.ts';
import { registerRun } from './run.ts';
import { registerTune } from './tune.ts';

export const COMMANDS: readonly Register[] = [
  registerCompile,
  registerRun,
  registerBench,
  registerTune,
  registerOpt,
  registerDoctor,
  registerCache,
];
