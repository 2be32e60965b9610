import type { Command } from 'commander';
import { badNumber, emptyList } from '../../diagnostics/messages/cli.ts';
import { type ExitCode, UsageError } from '../exit.ts';

/**
 * Adds one subcommand. Its file imports nothing heavy: the action imports the work. An action that ends without an error but not well says
 * so through `exit`.
 */
export type Register = (program: Command, exit: (code: ExitCode) => void) => void;

/** For options that may be given several times, or as a list with commas. Throws `UsageError` for an empty one. */
export const list =
  (option: string) =>
  (text: string, before: readonly string[] = []): readonly string[] => {
    const names = text.split(',').filter((s) => s !== '');
    if (names.length === 0) throw new UsageError(emptyList(option));
    return [...before, ...names];
  };

/** For options that may be given several times. */
export const repeated = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

const MOST = 999_999_999;

/** For options that are numbers. Throws `UsageError`. */
export const wholeNumber =
  (option: string, least: 0 | 1) =>
  (text: string): number => {
    const n = Number(text);
    if (!/^\d+$/.test(text) || n < least || n > MOST) throw new UsageError(badNumber(option, text, least, MOST));
    return n;
  };

/** Of `-D` where it changes workloads. */
export const DEFINE_WORKLOAD =
  'a parameter or size of the workloads, changed; for a list one number for all, or one for each: newLens=256,512';
