/** A thread that compiles one configuration after the other. */
import { parentPort } from 'node:worker_threads';
import { compileTask } from './compile-task.ts';
import type { Answer, Request } from './task.ts';

const port = parentPort;
if (!port) throw new Error('internal: this module runs in a worker thread');

port.on('message', async ({ id, task }: Request) => {
  port.postMessage(await answer(id, task));
});

async function answer(id: number, task: Request['task']): Promise<Answer> {
  try {
    return { id, compiled: await compileTask(task) };
  } catch (e) {
    return {
      id,
      error: e instanceof Error ? { name: e.name, message: e.message } : { name: 'Error', message: String(e) },
    };
  }
}
