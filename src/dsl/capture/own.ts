/** The package's own entry points, beside this file: `tilec` means the copy of it that is running. */
const OWN: Readonly<Record<string, string>> = {
  tilec: '../../index',
  'tilec/ops': '../../ops/index',
  'tilec/register': './register',
  'tilec/vitest': './vitest',
};
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The URL of the module that a specifier of this package names; undefined for other specifiers. */
export function ownModule(specifier: string): string | undefined {
  const kernels = /^tilec\/(kernels\/.+)$/.exec(specifier);
  const path = kernels ? `../../../${kernels[1]}` : Object.hasOwn(OWN, specifier) ? OWN[specifier] : undefined;
  return path && new URL(path + extension, import.meta.url).href;
}
