import type { Command } from 'commander';
import type { ExitCode } from '../exit.ts';

/**
 * Adds one subcommand. Its file imports nothing heavy: the action imports the work. An action that ends without an error but not well says
 * so through `exit`.
 */
export type Register = (program: Command, exit: (code: ExitCode) => void) => void;

/** For options that may be given several times, or as a list with commas. */
export const list = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text.split(',').filter((s) => s !== ''),
];

/** For options that may be given several times. */
export const repeated = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
