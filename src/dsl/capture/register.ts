/** `node --import tilec/register file.ts`: loads TypeScript, with the sources of its kernels captured. */
import { register } from 'node:module';

const installed = Symbol.for('tilec.register');
const state = globalThis as { [installed]?: boolean };

if (!state[installed]) {
  state[installed] = true;
  register(import.meta.url.endsWith('.ts') ? './hooks.ts' : './hooks.js', import.meta.url);
}
