// SPDX-License-Identifier: Apache-2.0
// onednn f32|bf16 WIDTH ROWS COLUMNS: a line "name|GFLOP/s of A S|GFLOP/s of Q^T A" of one thread,
// for a slab A of ROWS x COLUMNS; status 1 where the library has no kernel of its own for the type.
#define _GNU_SOURCE
#include <dnnl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(dnnl_status_t status, const char *call) {
  if (status == dnnl_success) return;
  fprintf(stderr, "onednn: %s failed with status %d\n", call, status);
  exit(1);
}

// An m x n matrix of row-major memory, or the transpose of an n x m one; its type, then float32.
static dnnl_memory_t matrix(dnnl_engine_t engine, int64_t m, int64_t n, int transposed,
                            dnnl_data_type_t type) {
  dnnl_dims_t dims = {m, n}, strides = {transposed ? 1 : n, transposed ? m : 1};
  size_t bytes = (size_t)(m * n) * (type == dnnl_bf16 ? 2 : 4);
  uint8_t *values = malloc(bytes);
  for (size_t i = 0; i < bytes; i += 2) {
    uint16_t upper = (uint16_t)(0x3f00 + (i * 7919 / 2) % 256);  // between 0.5 and 2 in bfloat16
    memcpy(values + i, &upper, 2);
  }
  dnnl_memory_t memory;
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_t shape;
  check(dnnl_memory_desc_create_with_strides(&shape, 2, dims, type, strides), "memory_desc");
  check(dnnl_memory_create(&memory, shape, engine, values), "memory_create");
#else
  dnnl_memory_desc_t shape;
  check(dnnl_memory_desc_init_by_strides(&shape, 2, dims, type, strides), "memory_desc");
  check(dnnl_memory_create(&memory, &shape, engine, values), "memory_create");
#endif
  return memory;
}

static dnnl_primitive_desc_t describe(dnnl_engine_t engine, dnnl_memory_t a, dnnl_memory_t b,
                                      dnnl_memory_t c) {
  dnnl_primitive_desc_t plan;
#if DNNL_VERSION_MAJOR >= 3
  const_dnnl_memory_desc_t x, y, z;
#else
  const dnnl_memory_desc_t *x, *y, *z;
#endif
  dnnl_memory_get_memory_desc(a, &x);
  dnnl_memory_get_memory_desc(b, &y);
  dnnl_memory_get_memory_desc(c, &z);
#if DNNL_VERSION_MAJOR >= 3
  check(dnnl_matmul_primitive_desc_create(&plan, engine, x, y, NULL, z, NULL), "matmul");
#else
  dnnl_matmul_desc_t product;
  check(dnnl_matmul_desc_init(&product, x, y, NULL, z), "matmul");
  check(dnnl_primitive_desc_create(&plan, &product, NULL, engine, NULL), "matmul");
#endif
  return plan;
}

// GFLOP/s of an m x k matrix (or the transpose of a k x m one) times a k x n one, for a second.
static double rate(dnnl_engine_t engine, int64_t m, int64_t k, int64_t n, int transposed,
                   dnnl_data_type_t type, char *name) {
  dnnl_memory_t a = matrix(engine, m, k, transposed, type), b = matrix(engine, k, n, 0, type);
  dnnl_memory_t c = matrix(engine, m, n, 0, dnnl_f32);
  dnnl_primitive_desc_t plan = describe(engine, a, b, c);
  const char *kernel = "";
  check(dnnl_primitive_desc_query(plan, dnnl_query_impl_info_str, 0, &kernel), "query");
  if (strstr(kernel, "ref")) exit(1);  // a loop for checking, of no use for work
  snprintf(name, 64, "%s", kernel);

  dnnl_primitive_t product;
  dnnl_stream_t stream;
  check(dnnl_primitive_create(&product, plan), "primitive_create");
  check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream_create");
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}};
  int runs = -1;  // the first is not counted
  double start = 0;
  do {
    if (runs == 0) start = now();
    check(dnnl_primitive_execute(product, stream, 3, arguments), "execute");
    check(dnnl_stream_wait(stream), "wait");
  } while (++runs < 1 || now() - start < 1);
  return 2e-9 * (double)m * (double)k * (double)n * runs / (now() - start);
}

int main(int count, char **arguments) {
  if (count != 5) return 64;
  dnnl_data_type_t type = strcmp(arguments[1], "bf16") ? dnnl_f32 : dnnl_bf16;
  int64_t width = atoll(arguments[2]), rows = atoll(arguments[3]), columns = atoll(arguments[4]);
  dnnl_engine_t engine;
  check(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine_create");
  char kernel[64];
  double forward = rate(engine, rows, columns, width, 0, type, kernel);
  double backward = rate(engine, width, rows, columns, 1, type, kernel);
  const dnnl_version_t *version = dnnl_version();
  printf("oneDNN %d.%d.%d %s, %s|%f|%f\n", version->major, version->minor, version->patch,
         arguments[1], kernel, forward, backward);
  return 0;
}
