// Vector loads and stores, and asynchronous copies into shared memory.

//: vector_of
// A plain type of `bytes` bytes that one instruction loads or stores.
template <int bytes>
struct vector_of {
  static_assert(bytes == 16, "A vector load, store or copy moves 1, 2, 4, 8 or 16 bytes at once.");
  using type = uint4;
};
template <> struct vector_of<1> { using type = unsigned char; };
template <> struct vector_of<2> { using type = unsigned short; };
template <> struct vector_of<4> { using type = unsigned int; };
template <> struct vector_of<8> { using type = uint2; };

//: load_vec <- vector_of
// N elements of memory into registers with one instruction; `src` is aligned to their size.
template <int N, typename T>
__device__ __forceinline__ void load_vec(T* dst, const T* src) {
  using vector = typename vector_of<N * sizeof(T)>::type;
  *reinterpret_cast<vector*>(dst) = *reinterpret_cast<const vector*>(src);
}

//: load_vec_if <- vector_of
// As load_vec, or zeros where `pred` is false.
template <int N, typename T>
__device__ __forceinline__ void load_vec(T* dst, const T* src, bool pred) {
  using vector = typename vector_of<N * sizeof(T)>::type;
  vector loaded = {};
  if (pred) loaded = *reinterpret_cast<const vector*>(src);
  *reinterpret_cast<vector*>(dst) = loaded;
}

//: load_vec_nc <- vector_of
// As load_vec, through the read-only path: nothing may write this memory while the kernel runs.
template <int N, typename T>
__device__ __forceinline__ void load_vec_nc(T* dst, const T* src) {
  using vector = typename vector_of<N * sizeof(T)>::type;
  *reinterpret_cast<vector*>(dst) = __ldg(reinterpret_cast<const vector*>(src));
}

//: load_vec_nc_if <- vector_of
// As load_vec_nc, or zeros where `pred` is false.
template <int N, typename T>
__device__ __forceinline__ void load_vec_nc(T* dst, const T* src, bool pred) {
  using vector = typename vector_of<N * sizeof(T)>::type;
  vector loaded = {};
  if (pred) loaded = __ldg(reinterpret_cast<const vector*>(src));
  *reinterpret_cast<vector*>(dst) = loaded;
}

//: store_vec <- vector_of
// N elements of registers into memory with one instruction; `dst` is aligned to their size.
template <int N, typename T>
__device__ __forceinline__ void store_vec(T* dst, const T* src) {
  using vector = typename vector_of<N * sizeof(T)>::type;
  *reinterpret_cast<vector*>(dst) = *reinterpret_cast<const vector*>(src);
}

//: shared_address <- u32
__device__ __forceinline__ u32 shared_address(const void* pointer) {
  return static_cast<u32>(__cvta_generic_to_shared(pointer));
}

//: cp_async <- shared_address
// Starts a copy of `bytes` bytes from global to shared memory, both aligned to them.
template <int bytes>
__device__ __forceinline__ void cp_async(void* dst, const void* src) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16, "An asynchronous copy moves 4, 8 or 16 bytes at once.");
  if constexpr (bytes == 16) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(shared_address(dst)), "l"(src) : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(shared_address(dst)), "l"(src), "n"(bytes) : "memory");
  }
}

//: cp_async_if <- shared_address
// As cp_async; where `pred` is false nothing is read and zeros are written.
template <int bytes>
__device__ __forceinline__ void cp_async(void* dst, const void* src, bool pred) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16, "An asynchronous copy moves 4, 8 or 16 bytes at once.");
  int read = pred ? bytes : 0;
  if constexpr (bytes == 16) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(shared_address(dst)), "l"(src), "r"(read)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(dst)), "l"(src), "n"(bytes), "r"(read)
                 : "memory");
  }
}

//: cp_async_commit
// Closes a group of this thread's asynchronous copies.
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

//: cp_async_wait
// Waits until at most `pending` of this thread's groups are under way.
template <int pending>
__device__ __forceinline__ void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

//: barrier_sync
// Named barrier `id` for `threads` threads of the block.
__device__ __forceinline__ void barrier_sync(int id, int threads) {
  asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
