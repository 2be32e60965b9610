/**
 * A module of the command line that imports kernels. Those are type-checked under other rules than the compiler's own
 * sources (tsconfig.kernels.json), so it is named at run time only.
 */
export const separate = async <M>(path: string): Promise<M> => {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return (await import(new URL(`../${path}${extension}`, import.meta.url).href)) as M;
};
