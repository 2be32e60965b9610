/** What is said wherever a kernel's source is missing. */
import { fileURLToPath } from 'node:url';
import { capturedRemedy, notCaptured } from '../diagnostics/messages/capture.ts';
import type { Capture } from './capture/record.ts';

/** How a file with kernels must be loaded. */
export const CAPTURE_REMEDY = capturedRemedy;

/** A kernel or macro was compiled whose file had been loaded without capture. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  readonly code = 'TL0190';
  /** `place`: where it is defined, as `file:line:column`. */
  constructor(what: string, place?: string) {
    const m = notCaptured(what, place);
    super(`${m.code}: ${m.message}${m.hint ? `\n  hint: ${m.hint}` : ''}`);
  }
}

/**
 * The capture of what `define` was called for, if there is one; else asking for it throws `CaptureError`, whose stack is
 * that of the user's call of `define`.
 */
export function captureOf(capture: Capture | undefined, what: string, define: object): () => Capture {
  if (capture) return () => capture;
  // Made now: when the kernel is called, its definition is no longer on the stack.
  const at: { stack?: string } = {};
  Error.captureStackTrace(at, define as () => void);
  return () => {
    const frames = (at.stack ?? '').split('\n').slice(1);
    const error = new CaptureError(what, placeOf(frames[0]));
    error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
    throw error;
  };
}

/** `file:line:column` of a line of a stack. */
function placeOf(frame: string | undefined): string | undefined {
  const found = /(?:\(|at (?:async )?)([^()]+?)(:\d+:\d+)\)?$/.exec(frame ?? '');
  if (!found) return undefined;
  const [, file, position] = found;
  return `${file!.startsWith('file://') ? fileURLToPath(file!) : file}${position}`;
}
