/** One kernel, from its definition to the forms that were asked for. */
import { buildTileIR, compileToCubin, type Timings, toCuda } from '../../compile.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { KernelDef } from '../../dsl/kernel.ts';
import type { Arch } from '../../ir/target.ts';
import { openCache } from '../../runtime/cache/lookup.ts';
import type { Resources } from '../../runtime/nvrtc/resources.ts';
import type { Artefacts, Form } from './artefacts.ts';

export interface CompileRequest {
  readonly def: KernelDef;
  readonly arch: Arch;
  readonly forms: ReadonlySet<Form>;
  /** Passes after which the program is wanted as text; `frontend` is the program before the first. */
  readonly printAfter: (pass: string) => boolean;
  readonly cache: boolean;
}

export interface CompileResult {
  readonly artefacts: Artefacts;
  /** Tile IR after passes, in order. */
  readonly printed: readonly { readonly pass: string; readonly text: string }[];
  readonly threads: number;
  readonly sharedBytes: number;
  readonly resources?: Resources;
  readonly warnings: readonly Diagnostic[];
  readonly timings: Timings;
  readonly cached: boolean;
}

/** ptx and cubin need NVRTC. Throws `CompileError`, `NvrtcError`, `EnvironmentError`. */
export async function compileForms(request: CompileRequest): Promise<CompileResult> {
  const { forms } = request;
  const looksInside = forms.has('tir') || forms.has('dir') || request.printAfter('frontend');
  return looksInside ? withTileIR(request) : withoutTileIR(request);
}

async function withoutTileIR({ def, arch, forms, cache }: CompileRequest): Promise<CompileResult> {
  if (forms.has('ptx') || forms.has('cubin')) {
    const { record, source, ptx, cubin, timings, cached } = await compileToCubin(def, { arch, cache });
    return { ...record, artefacts: pick(forms, { cu: source, ptx, cubin }), printed: [], timings, cached };
  }
  const start = performance.now();
  const known = cache ? openCache(arch)?.ofDefinition(def)?.read() : undefined;
  if (known) {
    const timings = { cache: performance.now() - start };
    return { ...known.record, artefacts: pick(forms, { cu: known.source }), printed: [], timings, cached: true };
  }
  const { source, device, warnings, timings } = await toCuda(def, { arch });
  return { ...device, artefacts: pick(forms, { cu: source }), printed: [], warnings, timings, cached: false };
}

async function withTileIR({ def, arch, forms, printAfter, cache }: CompileRequest): Promise<CompileResult> {
  const [{ printKernel }, { printDevice }] = await Promise.all([
    import('../../ir/tile/printer.ts'),
    import('../../ir/device/printer.ts'),
  ]);
  await import('../../frontend/index.ts');
  const start = performance.now();
  const tile = await buildTileIR(def);
  const frontend = performance.now() - start;
  const tir = printKernel(tile);
  const printed = printAfter('frontend') ? [{ pass: 'frontend', text: tir }] : [];
  const { source, device, warnings, timings } = await toCuda(tile, {
    arch,
    onPass: (pass, kernel) => {
      if (printAfter(pass)) printed.push({ pass, text: printKernel(kernel) });
    },
  });
  const dir = forms.has('dir') ? printDevice(device, { places: true }) : undefined;
  const made = { artefacts: pick(forms, { tir, dir, cu: source }), printed, timings: { ...timings, frontend } };
  if (!forms.has('ptx') && !forms.has('cubin')) return { ...device, ...made, warnings, cached: false };
  const { record, ptx, cubin, cached, timings: later } = await compileToCubin(tile, { arch, cache });
  return {
    ...record,
    ...made,
    artefacts: { ...made.artefacts, ...pick(forms, { ptx, cubin }) },
    timings: { ...later, ...made.timings },
    cached,
  };
}

const pick = (forms: ReadonlySet<Form>, all: Artefacts): Artefacts =>
  Object.fromEntries(Object.entries(all).filter(([form]) => forms.has(form as Form)));
