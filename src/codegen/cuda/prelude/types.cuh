// Element types. Each narrow float is a struct over its bits with explicit conversions from and to float; there is no
// arithmetic on them: it is done in float.
//
// A line "//: name <- a, b" starts a piece: what the printer emits when a kernel uses `name`, after the pieces a and b.
// `#if __CUDA_ARCH__ >= …` blocks are resolved for the target when a piece is emitted.

//: i8
using i8 = signed char;

//: i16
using i16 = short;

//: i64
using i64 = long long;

//: u8
using u8 = unsigned char;

//: u16
using u16 = unsigned short;

//: u32
using u32 = unsigned int;

//: u64
using u64 = unsigned long long;

//: INFINITY
#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif

//: NAN
#ifndef NAN
#define NAN __int_as_float(0x7fffffff)
#endif

//: half_t <- u16
// IEEE binary16. From float: to nearest even, overflow to infinity.
struct half_t {
  u16 bits;

  half_t() = default;
  __device__ __forceinline__ explicit half_t(float x) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x)); }
  __device__ __forceinline__ explicit operator float() const {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
  }
  static __device__ __forceinline__ half_t from_bits(u16 bits) {
    half_t x;
    x.bits = bits;
    return x;
  }
};

//: bfloat16_t <- u16, u32
// The upper half of a float. From float: to nearest even.
struct bfloat16_t {
  u16 bits;

  bfloat16_t() = default;
  __device__ __forceinline__ explicit bfloat16_t(float x) { asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x)); }
  __device__ __forceinline__ explicit operator float() const { return __uint_as_float(u32(bits) << 16); }
  static __device__ __forceinline__ bfloat16_t from_bits(u16 bits) {
    bfloat16_t x;
    x.bits = bits;
    return x;
  }
};

//: encode_fp8 <- u32
#if __CUDA_ARCH__ < 890
// The code of an 8-bit float with `mantissa` bits and exponent bias `bias` nearest to x (ties to even), saturating to
// ±max; NaN gives 0x7f, as the hardware does from sm_89 on.
template <int mantissa, int bias>
__device__ __forceinline__ u32 encode_fp8(float x, float max) {
  constexpr int shift = 23 - mantissa;
  constexpr u32 smallest_normal = u32(127 + 1 - bias) << 23;
  // A float of this size has the 8-bit format's smallest subnormal as its last place, so that adding it rounds.
  constexpr u32 rounder = u32(127 + 1 - bias - mantissa + 23) << 23;
  u32 magnitude = __float_as_uint(x) & 0x7fffffff;
  bool is_nan = magnitude > 0x7f800000;
  magnitude = min(magnitude, __float_as_uint(max));
  u32 normal = ((magnitude + (1u << (shift - 1)) - 1 + (magnitude >> shift & 1)) >> shift) - (u32(127 - bias) << mantissa);
  u32 subnormal = __float_as_uint(__uint_as_float(magnitude) + __uint_as_float(rounder)) - rounder;
  u32 code = (magnitude < smallest_normal ? subnormal : normal) | (__float_as_uint(x) >> 24 & 0x80);
  return is_nan ? 0x7f : code;
}
#endif

//: pack_e4m3 <- encode_fp8, u16, u32
// Two floats as e4m3, `low` in the low byte.
__device__ __forceinline__ u16 pack_e4m3(float low, float high) {
#if __CUDA_ARCH__ >= 890
  u16 codes;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(codes) : "f"(high), "f"(low));
  return codes;
#else
  return u16(encode_fp8<3, 7>(low, 448.0f) | encode_fp8<3, 7>(high, 448.0f) << 8);
#endif
}

//: pack_e5m2 <- encode_fp8, u16, u32
// Two floats as e5m2, `low` in the low byte.
__device__ __forceinline__ u16 pack_e5m2(float low, float high) {
#if __CUDA_ARCH__ >= 890
  u16 codes;
  asm("cvt.rn.satfinite.e5m2x2.f32 %0, %1, %2;" : "=h"(codes) : "f"(high), "f"(low));
  return codes;
#else
  return u16(encode_fp8<2, 15>(low, 57344.0f) | encode_fp8<2, 15>(high, 57344.0f) << 8);
#endif
}

//: unpack_e4m3 <- u16, u32
// Two e4m3 codes as a pair of binary16; exact.
__device__ __forceinline__ u32 unpack_e4m3(u16 codes) {
  u32 pair;
#if __CUDA_ARCH__ >= 890
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(pair) : "h"(codes));
#else
  // With its exponent and mantissa where binary16 has them, a code is 2^8 too small; the product is exact for
  // subnormal codes too. Adding 1 to a magnitude carries into the sign's place for NaN alone.
  u32 spread = __byte_perm(codes, 0, 0x1404);
  u32 magnitude = spread & 0x7f007f00;
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(pair) : "r"(magnitude >> 1), "r"(0x5c005c00));
  u32 is_nan = (magnitude + 0x01000100) & 0x80008000;
  pair |= spread & 0x80008000 | is_nan - (is_nan >> 15);
#endif
  return pair;
}

//: unpack_e5m2 <- u16, u32
// Two e5m2 codes as a pair of binary16, of which they are the upper bytes.
__device__ __forceinline__ u32 unpack_e5m2(u16 codes) { return __byte_perm(codes, 0, 0x1404); }

//: fp8_e4m3_t <- half_t, u8, pack_e4m3, unpack_e4m3
// 8-bit float with 4 bits of exponent, 3 of mantissa and no infinity. From float: to nearest even, saturating to ±448.
struct fp8_e4m3_t {
  u8 bits;

  fp8_e4m3_t() = default;
  __device__ __forceinline__ explicit fp8_e4m3_t(float x) : bits(u8(pack_e4m3(x, 0.0f))) {}
  __device__ __forceinline__ explicit operator float() const { return float(half_t::from_bits(u16(unpack_e4m3(bits)))); }
  static __device__ __forceinline__ fp8_e4m3_t from_bits(u8 bits) {
    fp8_e4m3_t x;
    x.bits = bits;
    return x;
  }
};

//: fp8_e5m2_t <- half_t, u8, pack_e5m2, unpack_e5m2
// 8-bit float with 5 bits of exponent and 2 of mantissa. From float: to nearest even, saturating to ±57344.
struct fp8_e5m2_t {
  u8 bits;

  fp8_e5m2_t() = default;
  __device__ __forceinline__ explicit fp8_e5m2_t(float x) : bits(u8(pack_e5m2(x, 0.0f))) {}
  __device__ __forceinline__ explicit operator float() const { return float(half_t::from_bits(u16(unpack_e5m2(bits)))); }
  static __device__ __forceinline__ fp8_e5m2_t from_bits(u8 bits) {
    fp8_e5m2_t x;
    x.bits = bits;
    return x;
  }
};
