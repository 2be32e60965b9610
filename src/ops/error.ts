import type { Refusal } from '../diagnostics/messages/ops.ts';

/** An operator refused its parameters or a call. Nothing was launched and nothing written. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  /** As the manifest names it, such as `gqa-paged-prefill`. */
  readonly operator: string;
  /** The parameter or tensor at fault. */
  readonly argument: string;
  readonly expected: string;
  readonly got: string;
  constructor(operator: string, { argument, expected, got }: Refusal) {
    super(`${operator}: ${argument}: expected ${expected}, got ${got}`);
    this.operator = operator;
    this.argument = argument;
    this.expected = expected;
    this.got = got;
  }
}

/** An operator was used in an order that cannot work, such as `launch` before its kernels are compiled. */
export class OperatorUseError extends Error {
  override readonly name = 'OperatorUseError';
}
