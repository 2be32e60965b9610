// A process that compiles one kernel and says how that went: run with the capture loader and TILEC_CACHE_DIR set.
// Arguments: the build's folder, the value that the kernel closes over.
import { createHash } from 'node:crypto';
import { register } from 'node:module';

const [, , dist, bias] = process.argv;
// Every module that is loaded from here on, by its URL.
const { port1, port2 } = new MessageChannel();
const loaded = [];
port1.on('message', (url) => loaded.push(url));
port1.unref();
const hook = `let port;
export function initialize(data) { port = data.port; }
export async function load(url, context, next) { port.postMessage(url); return next(url, context); }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: { port: port2 }, transferList: [port2] });

const { compileToCubin } = await import(`${dist}/src/compile.js`);
const { scaled } = await import('../kernels.ts');
const start = performance.now();
const made = await compileToCubin(scaled({ bias: Number(bias) }).def, { arch: 'sm_90a' });
const ms = performance.now() - start;
await new Promise((resolve) => setTimeout(resolve, 20));
const hash = createHash('sha256').update(made.cubin).digest('hex');
console.log(JSON.stringify({ cached: made.cached, hash, ms, stages: Object.keys(made.timings), loaded }));
