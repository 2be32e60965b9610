/** The user's names as C identifiers: kept where they can be, with underscores added where C, CUDA or the prelude has them. */
import { preludeNames } from './prelude.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const KEYWORDS = words(`
  alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class compl
  concept const const_cast consteval constexpr constinit continue co_await co_return co_yield decltype default delete do
  double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace
  new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return
  short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
  typeid typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq
`);

/** What CUDA declares without a header, as far as emitted code uses it or a kernel's own name could meet it. */
const CUDA = words(`
  threadIdx blockIdx blockDim gridDim warpSize dim3 uint3 int2 int3 int4 uint2 uint4 float2 float3 float4 double2 double3
  double4 char2 char4 uchar2 uchar4 short2 short4 ushort2 ushort4 longlong2 ulonglong2 size_t ptrdiff_t clock_t
  printf malloc free memcpy memset assert abort exit clock clock64 trap brkpt nanosleep
  min max abs labs llabs fabs fabsf fmin fminf fmax fmaxf fmod fmodf remainder remainderf remquo remquof fma fmaf fdim
  fdimf sqrt sqrtf rsqrt rsqrtf cbrt cbrtf rcbrt rcbrtf hypot hypotf rhypot rhypotf norm normf norm3d norm3df norm4d
  norm4df rnorm rnormf exp expf exp2 exp2f exp10 exp10f expm1 expm1f log logf log2 log2f log10 log10f log1p log1pf logb
  logbf ilogb ilogbf pow powf powi sin sinf cos cosf tan tanf sincos sincosf sinpi sinpif cospi cospif sincospi sincospif
  asin asinf acos acosf atan atanf atan2 atan2f sinh sinhf cosh coshf tanh tanhf asinh asinhf acosh acoshf atanh atanhf
  erf erff erfc erfcf erfinv erfinvf erfcinv erfcinvf erfcx erfcxf normcdf normcdff normcdfinv normcdfinvf lgamma lgammaf
  tgamma tgammaf floor floorf ceil ceilf round roundf lround lroundf llround llroundf trunc truncf rint rintf lrint
  lrintf llrint llrintf nearbyint nearbyintf copysign copysignf nextafter nextafterf frexp frexpf ldexp ldexpf scalbn
  scalbnf scalbln scalblnf modf modff nan nanf isnan isinf isfinite signbit j0 j0f j1 j1f jn jnf y0 y0f y1 y1f yn ynf
  cyl_bessel_i0 cyl_bessel_i0f cyl_bessel_i1 cyl_bessel_i1f fdividef fdivide umin umax llmin llmax ullmin ullmax mulhi
  umulhi mul24 umul24 saturate
  atomicAdd atomicSub atomicExch atomicMin atomicMax atomicInc atomicDec atomicCAS atomicAnd atomicOr atomicXor
`);

/** Names the printer itself declares in every kernel, and the one that no kernel may have. */
const OWN = words('shared_memory warp main');

let reserved: ReadonlySet<string> | undefined;
const isReserved = (name: string): boolean => {
  reserved ??= new Set([...KEYWORDS, ...CUDA, ...OWN, ...preludeNames()]);
  return reserved.has(name) || name.startsWith('__') || name.startsWith('inline_ptx_');
};

/** `name` as a C identifier that means nothing else in emitted code. */
export function identifier(name: string): string {
  let id = name.replace(/[^A-Za-z0-9_]/gu, (c) => (c === '$' ? '_' : `u${c.codePointAt(0)!.toString(16)}`));
  if (/^[0-9]/.test(id)) id = `_${id}`;
  // Two underscores in front are the compiler's, and PTX has no name of underscores alone.
  if (id.startsWith('__') || id === '_' || id === '') id = `v${id}`;
  while (isReserved(id)) id += '_';
  return id;
}

/** A map from IR names to C names that keeps different names different. */
export function namer(): (name: string) => string {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  return (name) => {
    const known = given.get(name);
    if (known !== undefined) return known;
    let id = identifier(name);
    while (taken.has(id) || isReserved(id)) id += '_';
    given.set(name, id);
    taken.add(id);
    return id;
  };
}
