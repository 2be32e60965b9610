/** How the times of a report were taken, in a sentence. */
export const METHOD = (repeat: number): string =>
  `Median of ${repeat} CUDA-event times after 3 runs that do not count, each after writing over 256 MiB, so that nothing of it is in the L2 cache and launches are queued ahead of the GPU. Random normal inputs. FLOPs and bytes by the formulas in docs/operators.md.`;
