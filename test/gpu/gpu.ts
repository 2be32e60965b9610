/** Tests that need a GPU: `onGpu` is `describe` where there is one, and elsewhere skips and says how to run them. */
import { describe } from 'vitest';
import { Device } from '../../src/runtime/device.ts';
import { EnvironmentError } from '../../src/runtime/errors.ts';

function missing(): string | undefined {
  try {
    return Device.count() > 0 ? undefined : 'the driver shows no GPU';
  } catch (e) {
    if (e instanceof EnvironmentError) return e.message.split(':')[0];
    throw e;
  }
}

const why = missing();

if (why !== undefined)
  console.warn(
    `GPU tests SKIPPED (${why}). On a machine with a GPU: npm run test:gpu\n` +
      'On one without Node or a network: node scripts/pack-offline.mjs here, then sh build/offline/unpack.sh there',
  );

export const onGpu = describe.skipIf(why !== undefined);
