import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { tilec } from './src/dsl/capture/vitest.ts';

const GPU = 'test/gpu/**/*.test.ts';

export default defineConfig({
  plugins: [tilec()],
  resolve: { alias: [{ find: /^tilec$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) }] },
  test: {
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'cpu', include: ['test/**/*.test.ts'], exclude: [GPU] } },
      // One file at a time: they share a GPU. Each skips its tests where there is none.
      { extends: true, test: { name: 'gpu', include: [GPU], maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
