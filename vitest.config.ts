import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { tilec } from './src/dsl/capture/vitest.ts';

export default defineConfig({
  plugins: [tilec()],
  resolve: { alias: [{ find: /^tilec$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) }] },
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000 },
});
