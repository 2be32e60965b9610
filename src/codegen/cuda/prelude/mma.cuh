// Warp-level matrices: ldmatrix, and mma.sync with c += a · b. Register arrays are taken as 32-bit registers, in the order
// in which the PTX ISA lists the fragments' elements.

//: ldmatrix_x1 <- shared_address
// 1 matrix of 8 rows of 16 bytes; `row` is the row of this lane.
__device__ __forceinline__ void ldmatrix_x1(void* dst, const void* row) {
  u32* r = static_cast<u32*>(dst);
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(r[0])
               : "r"(shared_address(row)));
}

//: ldmatrix_x1_trans <- shared_address
// 1 matrix of 8 rows of 16 bytes, transposed; `row` is the row of this lane.
__device__ __forceinline__ void ldmatrix_x1_trans(void* dst, const void* row) {
  u32* r = static_cast<u32*>(dst);
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
               : "=r"(r[0])
               : "r"(shared_address(row)));
}

//: ldmatrix_x2 <- shared_address
// 2 matrices of 8 rows of 16 bytes; `row` is the row of this lane.
__device__ __forceinline__ void ldmatrix_x2(void* dst, const void* row) {
  u32* r = static_cast<u32*>(dst);
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row)));
}

//: ldmatrix_x2_trans <- shared_address
// 2 matrices of 8 rows of 16 bytes, transposed; `row` is the row of this lane.
__device__ __forceinline__ void ldmatrix_x2_trans(void* dst, const void* row) {
  u32* r = static_cast<u32*>(dst);
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row)));
}

//: ldmatrix_x4 <- shared_address
// 4 matrices of 8 rows of 16 bytes; `row` is the row of this lane.
__device__ __forceinline__ void ldmatrix_x4(void* dst, const void* row) {
  u32* r = static_cast<u32*>(dst);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row)));
}

//: ldmatrix_x4_trans <- shared_address
// 4 matrices of 8 rows of 16 bytes, transposed; `row` is the row of this lane.
__device__ __forceinline__ void ldmatrix_x4_trans(void* dst, const void* row) {
  u32* r = static_cast<u32*>(dst);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row)));
}

//: mma_m16n8k8_f16_f16_f32 <- half_t, u32
__device__ __forceinline__ void mma_m16n8k8(float* c, const half_t* a, const half_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(rb[0]));
}

//: mma_m16n8k8_f16_f16_f16 <- half_t, u32
__device__ __forceinline__ void mma_m16n8k8(half_t* c, const half_t* a, const half_t* b) {
  u32* rc = reinterpret_cast<u32*>(c);
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3}, {%4}, {%0, %1};"
               : "+r"(rc[0]), "+r"(rc[1])
               : "r"(ra[0]), "r"(ra[1]), "r"(rb[0]));
}

//: mma_m16n8k8_bf16_bf16_f32 <- bfloat16_t, u32
__device__ __forceinline__ void mma_m16n8k8(float* c, const bfloat16_t* a, const bfloat16_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(rb[0]));
}

//: mma_m16n8k16_f16_f16_f32 <- half_t, u32
__device__ __forceinline__ void mma_m16n8k16(float* c, const half_t* a, const half_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k16_f16_f16_f16 <- half_t, u32
__device__ __forceinline__ void mma_m16n8k16(half_t* c, const half_t* a, const half_t* b) {
  u32* rc = reinterpret_cast<u32*>(c);
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%0, %1};"
               : "+r"(rc[0]), "+r"(rc[1])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k16_bf16_bf16_f32 <- bfloat16_t, u32
__device__ __forceinline__ void mma_m16n8k16(float* c, const bfloat16_t* a, const bfloat16_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_f8e4m3_f8e4m3_f32 <- fp8_e4m3_t, u32
__device__ __forceinline__ void mma_m16n8k32(float* c, const fp8_e4m3_t* a, const fp8_e4m3_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_f8e4m3_f8e5m2_f32 <- fp8_e4m3_t, fp8_e5m2_t, u32
__device__ __forceinline__ void mma_m16n8k32(float* c, const fp8_e4m3_t* a, const fp8_e5m2_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e5m2.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_f8e5m2_f8e4m3_f32 <- fp8_e5m2_t, fp8_e4m3_t, u32
__device__ __forceinline__ void mma_m16n8k32(float* c, const fp8_e5m2_t* a, const fp8_e4m3_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e4m3.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_f8e5m2_f8e5m2_f32 <- fp8_e5m2_t, u32
__device__ __forceinline__ void mma_m16n8k32(float* c, const fp8_e5m2_t* a, const fp8_e5m2_t* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e5m2.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_i8_i8_i32 <- i8, u32
__device__ __forceinline__ void mma_m16n8k32(int* c, const i8* a, const i8* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_i8_u8_i32 <- i8, u8, u32
__device__ __forceinline__ void mma_m16n8k32(int* c, const i8* a, const u8* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.u8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_u8_i8_i32 <- u8, i8, u32
__device__ __forceinline__ void mma_m16n8k32(int* c, const u8* a, const i8* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}

//: mma_m16n8k32_u8_u8_i32 <- u8, u32
__device__ __forceinline__ void mma_m16n8k32(int* c, const u8* a, const u8* b) {
  const u32* ra = reinterpret_cast<const u32*>(a);
  const u32* rb = reinterpret_cast<const u32*>(b);
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.u8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
}
