// Atomics that CUDA has no function for. All are relaxed, at device scope, and return nothing.

//: atomic_add_f16 <- half_t
__device__ __forceinline__ void atomic_add(half_t* address, half_t value) {
  asm volatile("{ .reg .b16 old; atom.add.noftz.f16 old, [%0], %1; }" ::"l"(address), "h"(value.bits) : "memory");
}

//: atomic_update <- u32
// *address = f(*address), for elements of 1, 2 or 4 bytes, by compare-and-swap on the word around it.
template <typename T, typename F>
__device__ __forceinline__ void atomic_update(T* address, F f) {
  static_assert(sizeof(T) <= 4, "atomic_update works on elements of at most 4 bytes.");
  auto byte = reinterpret_cast<unsigned long long>(address);
  u32* word = reinterpret_cast<u32*>(byte & ~3ull);
  u32 shift = 8 * u32(byte & 3);
  u32 mask = 0xffffffffu >> (32 - 8 * sizeof(T)) << shift;
  u32 old = *const_cast<volatile u32*>(word), assumed;
  do {
    assumed = old;
    T element;
    for (unsigned i = 0; i < sizeof(T); ++i) {
      reinterpret_cast<unsigned char*>(&element)[i] = static_cast<unsigned char>(assumed >> (shift + 8 * i));
    }
    element = f(element);
    u32 bits = 0;
    for (unsigned i = 0; i < sizeof(T); ++i) bits |= u32(reinterpret_cast<unsigned char*>(&element)[i]) << (8 * i);
    old = atomicCAS(word, assumed, (assumed & ~mask) | (bits << shift));
  } while (old != assumed);
}

//: atomic_add_bf16 <- bfloat16_t, atomic_update
__device__ __forceinline__ void atomic_add(bfloat16_t* address, bfloat16_t value) {
#if __CUDA_ARCH__ >= 900
  asm volatile("{ .reg .b16 old; atom.add.noftz.bf16 old, [%0], %1; }" ::"l"(address), "h"(value.bits) : "memory");
#else
  atomic_update(address, [=](bfloat16_t x) { return bfloat16_t(float(x) + float(value)); });
#endif
}

//: atomic_add_float <- atomic_update
// Elements of a narrow float type.
template <typename T>
__device__ __forceinline__ void atomic_add(T* address, T value) {
  atomic_update(address, [=](T x) { return T(float(x) + float(value)); });
}

//: atomic_max_float <- atomic_update
// Elements of a narrow float type; NaN counts as absent.
template <typename T>
__device__ __forceinline__ void atomic_max(T* address, T value) {
  atomic_update(address, [=](T x) { return T(fmaxf(float(x), float(value))); });
}

//: atomic_min_float <- atomic_update
// Elements of a narrow float type; NaN counts as absent.
template <typename T>
__device__ __forceinline__ void atomic_min(T* address, T value) {
  atomic_update(address, [=](T x) { return T(fminf(float(x), float(value))); });
}

//: atomic_add_int <- atomic_update
// Elements of an integer type of 8 or 16 bits.
template <typename T>
__device__ __forceinline__ void atomic_add_int(T* address, T value) {
  atomic_update(address, [=](T x) { return T(x + value); });
}

//: atomic_max_int <- atomic_update
// Elements of an integer type of 8 or 16 bits.
template <typename T>
__device__ __forceinline__ void atomic_max_int(T* address, T value) {
  atomic_update(address, [=](T x) { return x < value ? value : x; });
}

//: atomic_min_int <- atomic_update
// Elements of an integer type of 8 or 16 bits.
template <typename T>
__device__ __forceinline__ void atomic_min_int(T* address, T value) {
  atomic_update(address, [=](T x) { return value < x ? value : x; });
}

//: atomic_add_i64
__device__ __forceinline__ void atomic_add(long long* address, long long value) {
  atomicAdd(reinterpret_cast<unsigned long long*>(address), static_cast<unsigned long long>(value));
}

//: atomic_max_f32
// Floats of one sign order as their bits do; a NaN `value` is dropped.
__device__ __forceinline__ void atomic_max(float* address, float value) {
  if (value != value) return;
  if (__float_as_int(value) >= 0) {
    atomicMax(reinterpret_cast<int*>(address), __float_as_int(value));
  } else {
    atomicMin(reinterpret_cast<unsigned*>(address), __float_as_uint(value));
  }
}

//: atomic_min_f32
// Floats of one sign order as their bits do; a NaN `value` is dropped.
__device__ __forceinline__ void atomic_min(float* address, float value) {
  if (value != value) return;
  if (__float_as_int(value) >= 0) {
    atomicMin(reinterpret_cast<int*>(address), __float_as_int(value));
  } else {
    atomicMax(reinterpret_cast<unsigned*>(address), __float_as_uint(value));
  }
}

//: atomic_max_f64
// Floats of one sign order as their bits do; a NaN `value` is dropped.
__device__ __forceinline__ void atomic_max(double* address, double value) {
  if (value != value) return;
  if (__double_as_longlong(value) >= 0) {
    atomicMax(reinterpret_cast<long long*>(address), __double_as_longlong(value));
  } else {
    atomicMin(reinterpret_cast<unsigned long long*>(address), static_cast<unsigned long long>(__double_as_longlong(value)));
  }
}

//: atomic_min_f64
// Floats of one sign order as their bits do; a NaN `value` is dropped.
__device__ __forceinline__ void atomic_min(double* address, double value) {
  if (value != value) return;
  if (__double_as_longlong(value) >= 0) {
    atomicMin(reinterpret_cast<long long*>(address), __double_as_longlong(value));
  } else {
    atomicMax(reinterpret_cast<unsigned long long*>(address), static_cast<unsigned long long>(__double_as_longlong(value)));
  }
}
