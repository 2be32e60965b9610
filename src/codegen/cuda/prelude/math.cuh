// Arithmetic that C has no operator or function for.

//: floor_div
// a / b toward minus infinity.
template <typename T>
__device__ __forceinline__ T floor_div(T a, T b) {
  T q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

//: ceil_div
// a / b toward plus infinity.
template <typename T>
__device__ __forceinline__ T ceil_div(T a, T b) {
  T q = a / b;
  return a % b != 0 && (a < 0) == (b < 0) ? q + 1 : q;
}

//: ceil_div_unsigned
// a / b toward plus infinity.
template <typename T>
__device__ __forceinline__ T ceil_div_unsigned(T a, T b) {
  return a / b + (a % b != 0);
}

//: exp2_fast
// 2^x to about 2 units in the last place; subnormal results are 0.
__device__ __forceinline__ float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

//: tanh_fast
// tanh(x) to a relative error of about 2^-11.
__device__ __forceinline__ float tanh_fast(float x) {
  float y;
  asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

//: rcp_fast
// 1 / x to 1 unit in the last place; subnormals count as 0.
__device__ __forceinline__ float rcp_fast(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

//: sigmoid_f32
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

//: sigmoid_f64
__device__ __forceinline__ double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

//: round_half_up_f32
// To the nearest integer, halves toward plus infinity.
__device__ __forceinline__ float round_half_up(float x) {
  float low = floorf(x);
  return x - low >= 0.5f ? ceilf(x) : low;
}

//: round_half_up_f64
// To the nearest integer, halves toward plus infinity.
__device__ __forceinline__ double round_half_up(double x) {
  double low = floor(x);
  return x - low >= 0.5 ? ceil(x) : low;
}

//: sign
// -1, 1, or x itself if it is a zero or NaN.
template <typename T>
__device__ __forceinline__ T sign(T x) {
  return x > T(0) ? T(1) : x < T(0) ? T(-1) : x;
}

//: clamp_f32
// x within [low, high]; NaN stays NaN.
__device__ __forceinline__ float clamp(float x, float low, float high) {
  float y;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(x), "f"(low));
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(y), "f"(high));
  return y;
}

//: clamp
// x within [low, high]; NaN stays NaN.
template <typename T>
__device__ __forceinline__ T clamp(T x, T low, T high) {
  return x < low ? low : x > high ? high : x;
}

//: fill
// Sets the N elements of a register array.
template <int N, typename T>
__device__ __forceinline__ void fill(T* dst, T value) {
#pragma unroll
  for (int i = 0; i < N; ++i) dst[i] = value;
}

//: assert_that
// Prints the message and stops the kernel with an error, where `condition` is false.
__device__ __forceinline__ void assert_that(bool condition, const char* message) {
  if (!condition) {
    printf("%s\n", message);
    __trap();
  }
}
