import type { Sig } from '../dsl/sig.ts';
import { Binder, type CallArgs } from './bind.ts';
import { cpu } from './cpu-device.ts';
import { signatureOfSig } from './signature.ts';
import { Tensor } from './tensor.ts';

const binders = new WeakMap<Sig, Binder>();

/** Checks a call's arguments before there is anything compiled to launch. Throws `KernelCallError`. */
export function checkCall(name: string, sig: Sig, args: CallArgs): void {
  let binder = binders.get(sig);
  if (!binder) {
    binder = new Binder(signatureOfSig(name, sig));
    binders.set(sig, binder);
  }
  const first = Object.values(args ?? {}).find((a) => a instanceof Tensor);
  binder.bind(args, first instanceof Tensor ? first.device : cpu);
}
