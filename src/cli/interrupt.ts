import { interrupting } from '../diagnostics/messages/cli.ts';
import { progress, tell } from './terminal.ts';

/**
 * Runs work that the first Ctrl-C asks to come to an end, by `signal`, with what it has finished kept. A second one ends the
 * process at once.
 */
export async function interruptible<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    progress(undefined);
    tell(interrupting);
    interrupt.abort();
  };
  process.once('SIGINT', onInterrupt);
  try {
    return await work(interrupt.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
