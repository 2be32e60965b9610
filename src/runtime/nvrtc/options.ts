import type { Arch } from '../../ir/target.ts';

/**
 * What NVRTC is told. Floating point is explicit: fused multiply-add is allowed, everything else is IEEE (denormals kept,
 * division and square root rounded), since `T.` functions name their fast forms. `--ptxas-options=-v` makes the assembler
 * report registers and spills into the log, which a hit in NVRTC's own cache (12.9 and later) would leave empty.
 */
export function nvrtcOptions(arch: Arch, [major, minor]: readonly [major: number, minor: number]): readonly string[] {
  return [
    `--gpu-architecture=${arch}`,
    '--std=c++17',
    '--fmad=true',
    '--ftz=false',
    '--prec-div=true',
    '--prec-sqrt=true',
    '-default-device',
    '--ptxas-options=-v',
    ...(major > 12 || (major === 12 && minor >= 9) ? ['--no-cache'] : []),
  ];
}
