import type { Arch } from '../../ir/target.ts';

/**
 * What NVRTC is told. Floating point is explicit: fused multiply-add is allowed, everything else is IEEE (denormals kept,
 * division and square root rounded), since `T.` functions name their fast forms. `--ptxas-options=-v` makes the assembler
 * report registers and spills into the log.
 */
export function nvrtcOptions(arch: Arch): readonly string[] {
  return [
    `--gpu-architecture=${arch}`,
    '--std=c++17',
    '--fmad=true',
    '--ftz=false',
    '--prec-div=true',
    '--prec-sqrt=true',
    '-default-device',
    '--ptxas-options=-v',
  ];
}
