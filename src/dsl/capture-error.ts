/** What is said wherever a kernel's source is missing. */
import { capturedRemedy, notCaptured } from '../diagnostics/messages/capture.ts';
import type { Capture } from './capture/record.ts';

/** How a file with kernels must be loaded. */
export const CAPTURE_REMEDY = capturedRemedy;

/** A kernel or macro was compiled whose file had been loaded without capture. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  readonly code = 'TL0190';
  constructor(what: string) {
    const m = notCaptured(what);
    super(`${m.code}: ${m.message}${m.hint ? `\n  hint: ${m.hint}` : ''}`);
  }
}

/** The capture, if there is one. Throws `CaptureError`. */
export function checked(capture: Capture | undefined, what: string): Capture {
  if (!capture) throw new CaptureError(what);
  return capture;
}
