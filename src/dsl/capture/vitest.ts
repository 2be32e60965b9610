/** The capture as a vite plugin: `plugins: [tilec()]` in vitest's configuration. */
import { mayCapture, transform } from './transform.ts';

/** The part of vite's plugin interface that this one fills. */
export interface CapturePlugin {
  readonly name: 'tilec-capture';
  readonly enforce: 'pre';
  transform(code: string, id: string): { readonly code: string; readonly map: null } | undefined;
}

export function tilec(): CapturePlugin {
  return {
    name: 'tilec-capture',
    // Before types are stripped: a kernel's text is TypeScript.
    enforce: 'pre',
    transform(code, id) {
      const file = id.split('?')[0]!;
      if (!/\.[cm]?[jt]sx?$/.test(file) || !mayCapture(code)) return undefined;
      const result = transform(code, file);
      // Captures stand at the ends of lines that keep their places, so the old map stays true.
      return result.captured > 0 ? { code: result.code, map: null } : undefined;
    },
  };
}

export default tilec;
