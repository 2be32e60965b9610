// Says, before the tests start, which of them this machine cannot run, and how to run those. Comes after the build.
import { Device } from '../dist/src/runtime/device.js';
import { findNvrtc } from '../dist/src/runtime/ffi/discover.js';

const skipped = [];
if (!Device.available())
  skipped.push(
    'SKIPPED: all tests that need a GPU, because there is none here.',
    '  On a machine with one:             npm run test:gpu',
    '  On one without network, or Node:   node scripts/pack-offline.mjs, then see what it says',
  );
if (findNvrtc().length === 0)
  skipped.push(
    'SKIPPED: all tests that compile to cubins, because NVRTC was not found.',
    '  To get it, without a GPU or CUDA:  node scripts/get-nvrtc.mjs, or pip install nvidia-cuda-nvrtc-cu12',
  );
if (skipped.length > 0) {
  const width = Math.max(...skipped.map((l) => l.length));
  const bold = process.stderr.isTTY && process.stderr.hasColors() ? (s) => `\u001b[1;33m${s}\u001b[0m` : (s) => s;
  const rule = '━'.repeat(width);
  console.error(bold([rule, ...skipped, rule].join('\n')));
}
