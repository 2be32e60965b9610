// convert<N>(dst, src): N consecutive elements of one register array to another, two an instruction where the hardware
// can. Both must start at an even element, so that pairs are whole 32-bit (or, of 8-bit elements, 16-bit) words.

//: truncate_to_f32
// To an integer: toward zero, saturating; NaN gives 0.
template <typename To>
__device__ __forceinline__ To truncate_to(float x) {
  constexpr bool is_signed = To(-1) < To(0);
  constexpr int bits = 8 * sizeof(To);
  if constexpr (bits == 64) {
    if (x != x) return 0;
    return is_signed ? To(__float2ll_rz(x)) : To(__float2ull_rz(x));
  } else if constexpr (is_signed) {
    constexpr int largest = int(0xffffffffu >> (33 - bits));
    return To(min(max(__float2int_rz(x), -largest - 1), largest));
  } else {
    return To(min(__float2uint_rz(x), 0xffffffffu >> (32 - bits)));
  }
}

//: truncate_to_f64
// To an integer: toward zero, saturating; NaN gives 0.
template <typename To>
__device__ __forceinline__ To truncate_to(double x) {
  constexpr bool is_signed = To(-1) < To(0);
  constexpr int bits = 8 * sizeof(To);
  if (x != x) return 0;
  if constexpr (bits == 64) {
    return is_signed ? To(__double2ll_rz(x)) : To(__double2ull_rz(x));
  } else if constexpr (is_signed) {
    constexpr int largest = int(0xffffffffu >> (33 - bits));
    return To(min(max(__double2int_rz(x), -largest - 1), largest));
  } else {
    return To(min(__double2uint_rz(x), 0xffffffffu >> (32 - bits)));
  }
}

//: round_to_odd_f64
// To float with the last bit set where digits were lost: rounding the result once more, to a narrow float, is then as
// good as having rounded the double itself.
__device__ __forceinline__ float round_to_odd(double x) {
  float toward_zero = __double2float_rz(x);
  bool exact = double(toward_zero) == x || x != x;
  return exact ? toward_zero : __int_as_float(__float_as_int(toward_zero) | 1);
}

//: round_to_odd_i64
// To float with the last bit set where digits were lost: rounding the result once more, to a narrow float, is then as
// good as having rounded the integer itself.
__device__ __forceinline__ float round_to_odd(long long x) {
  float toward_zero = __ll2float_rz(x);
  return __float2ll_rz(toward_zero) == x ? toward_zero : __int_as_float(__float_as_int(toward_zero) | 1);
}

//: round_to_odd_u64
// To float with the last bit set where digits were lost: rounding the result once more, to a narrow float, is then as
// good as having rounded the integer itself.
__device__ __forceinline__ float round_to_odd(unsigned long long x) {
  float toward_zero = __ull2float_rz(x);
  return __float2ull_rz(toward_zero) == x ? toward_zero : __int_as_float(__float_as_int(toward_zero) | 1);
}

//: pack_f16 <- u32
// Two floats as a pair of binary16, `low` in the low half.
__device__ __forceinline__ u32 pack_f16(float low, float high) {
  u32 pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

//: pack_bf16 <- u32
// Two floats as a pair of bfloat16, `low` in the low half.
__device__ __forceinline__ u32 pack_bf16(float low, float high) {
  u32 pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

//: unpack_f16 <- half_t, u16, u32
// A pair of binary16 as two floats.
__device__ __forceinline__ float2 unpack_f16(u32 pair) {
  return make_float2(float(half_t::from_bits(u16(pair))), float(half_t::from_bits(u16(pair >> 16))));
}

//: convert_f16_f32 <- half_t, pack_f16
template <int N>
__device__ __forceinline__ void convert(half_t* dst, const float* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) *reinterpret_cast<u32*>(&dst[i]) = pack_f16(src[i], src[i + 1]);
  if (N % 2 == 1) dst[N - 1] = half_t(src[N - 1]);
}

//: convert_bf16_f32 <- bfloat16_t, pack_bf16
template <int N>
__device__ __forceinline__ void convert(bfloat16_t* dst, const float* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) *reinterpret_cast<u32*>(&dst[i]) = pack_bf16(src[i], src[i + 1]);
  if (N % 2 == 1) dst[N - 1] = bfloat16_t(src[N - 1]);
}

//: convert_f8e4m3_f32 <- fp8_e4m3_t
template <int N>
__device__ __forceinline__ void convert(fp8_e4m3_t* dst, const float* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) *reinterpret_cast<u16*>(&dst[i]) = pack_e4m3(src[i], src[i + 1]);
  if (N % 2 == 1) dst[N - 1] = fp8_e4m3_t(src[N - 1]);
}

//: convert_f8e5m2_f32 <- fp8_e5m2_t
template <int N>
__device__ __forceinline__ void convert(fp8_e5m2_t* dst, const float* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) *reinterpret_cast<u16*>(&dst[i]) = pack_e5m2(src[i], src[i + 1]);
  if (N % 2 == 1) dst[N - 1] = fp8_e5m2_t(src[N - 1]);
}

//: convert_f32_f16 <- half_t
template <int N>
__device__ __forceinline__ void convert(float* dst, const half_t* src) {
#pragma unroll
  for (int i = 0; i < N; ++i) dst[i] = float(src[i]);
}

//: convert_f32_bf16 <- bfloat16_t
template <int N>
__device__ __forceinline__ void convert(float* dst, const bfloat16_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    u32 pair = *reinterpret_cast<const u32*>(&src[i]);
    dst[i] = __uint_as_float(pair << 16);
    dst[i + 1] = __uint_as_float(pair & 0xffff0000);
  }
  if (N % 2 == 1) dst[N - 1] = float(src[N - 1]);
}

//: convert_f32_f8e4m3 <- fp8_e4m3_t, unpack_f16
template <int N>
__device__ __forceinline__ void convert(float* dst, const fp8_e4m3_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    float2 pair = unpack_f16(unpack_e4m3(*reinterpret_cast<const u16*>(&src[i])));
    dst[i] = pair.x;
    dst[i + 1] = pair.y;
  }
  if (N % 2 == 1) dst[N - 1] = float(src[N - 1]);
}

//: convert_f32_f8e5m2 <- fp8_e5m2_t, unpack_f16
template <int N>
__device__ __forceinline__ void convert(float* dst, const fp8_e5m2_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    float2 pair = unpack_f16(unpack_e5m2(*reinterpret_cast<const u16*>(&src[i])));
    dst[i] = pair.x;
    dst[i + 1] = pair.y;
  }
  if (N % 2 == 1) dst[N - 1] = float(src[N - 1]);
}

//: convert_f16_f8e4m3 <- fp8_e4m3_t
template <int N>
__device__ __forceinline__ void convert(half_t* dst, const fp8_e4m3_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    *reinterpret_cast<u32*>(&dst[i]) = unpack_e4m3(*reinterpret_cast<const u16*>(&src[i]));
  }
  if (N % 2 == 1) dst[N - 1] = half_t::from_bits(u16(unpack_e4m3(src[N - 1].bits)));
}

//: convert_f16_f8e5m2 <- fp8_e5m2_t
template <int N>
__device__ __forceinline__ void convert(half_t* dst, const fp8_e5m2_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    *reinterpret_cast<u32*>(&dst[i]) = unpack_e5m2(*reinterpret_cast<const u16*>(&src[i]));
  }
  if (N % 2 == 1) dst[N - 1] = half_t::from_bits(u16(unpack_e5m2(src[N - 1].bits)));
}

//: convert_bf16_f8e4m3 <- bfloat16_t, fp8_e4m3_t, pack_bf16, unpack_f16
template <int N>
__device__ __forceinline__ void convert(bfloat16_t* dst, const fp8_e4m3_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    float2 pair = unpack_f16(unpack_e4m3(*reinterpret_cast<const u16*>(&src[i])));
    *reinterpret_cast<u32*>(&dst[i]) = pack_bf16(pair.x, pair.y);
  }
  if (N % 2 == 1) dst[N - 1] = bfloat16_t(float(src[N - 1]));
}

//: convert_bf16_f8e5m2 <- bfloat16_t, fp8_e5m2_t, pack_bf16, unpack_f16
template <int N>
__device__ __forceinline__ void convert(bfloat16_t* dst, const fp8_e5m2_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    float2 pair = unpack_f16(unpack_e5m2(*reinterpret_cast<const u16*>(&src[i])));
    *reinterpret_cast<u32*>(&dst[i]) = pack_bf16(pair.x, pair.y);
  }
  if (N % 2 == 1) dst[N - 1] = bfloat16_t(float(src[N - 1]));
}

//: convert_bf16_f16 <- bfloat16_t, pack_bf16, unpack_f16
template <int N>
__device__ __forceinline__ void convert(bfloat16_t* dst, const half_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    *reinterpret_cast<u32*>(&dst[i]) = pack_bf16(float(src[i]), float(src[i + 1]));
  }
  if (N % 2 == 1) dst[N - 1] = bfloat16_t(float(src[N - 1]));
}

//: convert_f16_bf16 <- bfloat16_t, half_t, pack_f16
template <int N>
__device__ __forceinline__ void convert(half_t* dst, const bfloat16_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    *reinterpret_cast<u32*>(&dst[i]) = pack_f16(float(src[i]), float(src[i + 1]));
  }
  if (N % 2 == 1) dst[N - 1] = half_t(float(src[N - 1]));
}

//: convert_f8e4m3_f16 <- fp8_e4m3_t, half_t
template <int N>
__device__ __forceinline__ void convert(fp8_e4m3_t* dst, const half_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
#if __CUDA_ARCH__ >= 890
    u16 codes;
    asm("cvt.rn.satfinite.e4m3x2.f16x2 %0, %1;" : "=h"(codes) : "r"(*reinterpret_cast<const u32*>(&src[i])));
    *reinterpret_cast<u16*>(&dst[i]) = codes;
#else
    *reinterpret_cast<u16*>(&dst[i]) = pack_e4m3(float(src[i]), float(src[i + 1]));
#endif
  }
  if (N % 2 == 1) dst[N - 1] = fp8_e4m3_t(float(src[N - 1]));
}

//: convert_f8e5m2_f16 <- fp8_e5m2_t, half_t
template <int N>
__device__ __forceinline__ void convert(fp8_e5m2_t* dst, const half_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
#if __CUDA_ARCH__ >= 890
    u16 codes;
    asm("cvt.rn.satfinite.e5m2x2.f16x2 %0, %1;" : "=h"(codes) : "r"(*reinterpret_cast<const u32*>(&src[i])));
    *reinterpret_cast<u16*>(&dst[i]) = codes;
#else
    *reinterpret_cast<u16*>(&dst[i]) = pack_e5m2(float(src[i]), float(src[i + 1]));
#endif
  }
  if (N % 2 == 1) dst[N - 1] = fp8_e5m2_t(float(src[N - 1]));
}

//: convert_f8e4m3_bf16 <- fp8_e4m3_t, bfloat16_t
template <int N>
__device__ __forceinline__ void convert(fp8_e4m3_t* dst, const bfloat16_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    *reinterpret_cast<u16*>(&dst[i]) = pack_e4m3(float(src[i]), float(src[i + 1]));
  }
  if (N % 2 == 1) dst[N - 1] = fp8_e4m3_t(float(src[N - 1]));
}

//: convert_f8e5m2_bf16 <- fp8_e5m2_t, bfloat16_t
template <int N>
__device__ __forceinline__ void convert(fp8_e5m2_t* dst, const bfloat16_t* src) {
#pragma unroll
  for (int i = 0; i + 1 < N; i += 2) {
    *reinterpret_cast<u16*>(&dst[i]) = pack_e5m2(float(src[i]), float(src[i + 1]));
  }
  if (N % 2 == 1) dst[N - 1] = fp8_e5m2_t(float(src[N - 1]));
}
