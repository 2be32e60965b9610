/**
 * A Llama layer as a server runs it: prompts of several requests in chunks, then one token a step, over one paged FP8 cache.
 *
 *   npm run build && node dist/examples/llama-layer/main.js
 *
 * On the GPU if there is one, else on the CPU; TILEC_DEVICE=cpu keeps it there. To be read in this order: serve.ts, the loop;
 * batch.ts, what the operators are told of a step; cache.ts, the pages; layer.ts, the operators; reference.ts, what must come
 * out.
 */
import { Device } from 'tilec';
import { table } from '../quickstart/table.ts';
import { device } from '../support.ts';
import { compare, TOLERANCE } from './compare.ts';
import { LARGE, randomStates, randomWeights, SMALL } from './model.ts';
import { wholeSequence } from './reference.ts';
import { serve } from './serve.ts';

const config = device === 'cpu' ? SMALL : LARGE;
const DECODE_STEPS = 4;
const [prompts, chunk] = device === 'cpu' ? [[45, 23, 12], 20] : [[200, 120, 64], 96];

const weights = randomWeights(config);
const requests = prompts.map((promptTokens, r) => ({
  promptTokens,
  states: randomStates(config, promptTokens + DECODE_STEPS, r + 2),
}));
const served = await serve(config, weights, requests, { device, chunk });

const { hidden, heads, headsKv, dim, pageSize, dtype } = config;
const where = device === 'cpu' ? 'the CPU' : Device.get().name;
console.log(
  `\nA layer of ${hidden}, ${heads} heads over ${headsKv} of ${dim}, ${dtype}, FP8 cache in pages of ${pageSize}, on ${where}\n`,
);
console.log(
  table([
    ['step', 'new tokens', 'pages', 'kernels compiled', 'time'],
    ...served.steps.map((s) => [
      s.kind,
      s.counts.join(' + '),
      String(s.pagesInUse),
      String(s.kernelsCompiled),
      `${s.milliseconds.toFixed(1)} ms`,
    ]),
  ]),
);

const compared = requests.map((r, i) =>
  compare(served.states[i]!, wholeSequence(config, weights, r.states, served.fromCache[i]!), dtype),
);
console.log();
console.log(
  table([
    ['request', 'tokens', 'pages', 'largest error', 'relative error', 'elements off'],
    ...compared.map((d, r) => [
      String(r),
      String(served.cache.lengths[r]),
      served.cache.pagesOf(r).join(' '),
      d.largest.toExponential(1),
      d.relative.toExponential(1),
      `${d.off} of ${served.states[r]!.length}`,
    ]),
  ]),
);
const right = compared.every((d) => d.off === 0 && d.relative <= TOLERANCE[dtype].relative);
const { atol, rtol, relative } = TOLERANCE[dtype];
console.log(
  `\n  ${right ? 'right' : 'WRONG'}: allowed are ${atol} + ${rtol} · |x| for an element, ${relative} over all (compare.ts says why)`,
);
if (!right) process.exitCode = 1;
