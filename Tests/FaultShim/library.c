// SPDX-License-Identifier: Apache-2.0
//
// Libraries that fail on demand: loaded by LD_PRELOAD, it makes the n-th call of one function of
// LAPACK or MPI fail on one rank. Chosen by the environment:
//
//   LPLR_FAULT_FUNCTION  LAPACKE_dgelqf, MPI_Bcast, ...
//   LPLR_FAULT_RANK      the rank of the job
//   LPLR_FAULT_N         the number of the call in the process, from 1
//   LPLR_FAULT_LOG       a file to which the call that failed appends a line
//
// The call does nothing and returns info 1, no memory where 1 is an answer, or MPI_ERR_OTHER: what a stage does when its library fails
// on one rank, while the others wait for that rank. (See fault.c for storage.)
//
//   cc -shared -fPIC -O1 -o library.so library.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int calls;

// Whether this call of the function is to fail.
static int chosen(const char *function) {
  const char *wanted = getenv("LPLR_FAULT_FUNCTION");
  const char *only = getenv("LPLR_FAULT_RANK");
  const char *which = getenv("LPLR_FAULT_N");
  const char *rank = getenv("OMPI_COMM_WORLD_RANK");
  if (!wanted || !only || !which || strcmp(wanted, function)) return 0;
  if (strcmp(only, rank ? rank : "0")) return 0;
  if (atomic_fetch_add(&calls, 1) + 1 != atoi(which)) return 0;
  const char *path = getenv("LPLR_FAULT_LOG");
  int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
  if (file >= 0) {
    dprintf(file, "%s of rank %s\n", function, only);
    close(file);
  }
  return 1;
}

// FAIL(name, value, parameters, arguments): the function with those of the library's header; MPI's
// handles are pointers in Open MPI.
#define FAIL(name, value, parameters, arguments) \
  int name parameters { \
    static int(*real) parameters; \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name); \
    return chosen(#name) ? (value) : real arguments; \
  }

FAIL(LAPACKE_dgelqf, 1, (int layout, int m, int n, double *a, int lda, double *tau),
     (layout, m, n, a, lda, tau))
FAIL(LAPACKE_dorglq, 1, (int layout, int m, int n, int k, double *a, int lda, const double *tau),
     (layout, m, n, k, a, lda, tau))
FAIL(LAPACKE_dpotrf, -1010, (int layout, char half, int n, double *a, int lda),
     (layout, half, n, a, lda))
FAIL(LAPACKE_dtrtri, -1010, (int layout, char half, char unit, int n, double *a, int lda),
     (layout, half, unit, n, a, lda))
FAIL(LAPACKE_dpotrs, 1,
     (int layout, char half, int n, int sides, const double *a, int lda, double *b, int ldb),
     (layout, half, n, sides, a, lda, b, ldb))
FAIL(LAPACKE_dsyevr, 1,
     (int layout, char job, char range, char half, int n, double *a, int lda, double vl, double vu,
      int il, int iu, double tolerance, int *m, double *w, double *z, int ldz, int *support),
     (layout, job, range, half, n, a, lda, vl, vu, il, iu, tolerance, m, w, z, ldz, support))
FAIL(LAPACKE_dgesdd, 1,
     (int layout, char job, int m, int n, double *a, int lda, double *s, double *u, int ldu,
      double *vt, int ldvt),
     (layout, job, m, n, a, lda, s, u, ldu, vt, ldvt))

enum { otherError = 16 };

FAIL(MPI_Allreduce, otherError,
     (const void *from, void *to, int count, void *type, void *op, void *ranks),
     (from, to, count, type, op, ranks))
FAIL(MPI_Reduce, otherError,
     (const void *from, void *to, int count, void *type, void *op, int root, void *ranks),
     (from, to, count, type, op, root, ranks))
FAIL(MPI_Bcast, otherError, (void *buffer, int count, void *type, int root, void *ranks),
     (buffer, count, type, root, ranks))
FAIL(MPI_Send, otherError,
     (const void *buffer, int count, void *type, int to, int tag, void *ranks),
     (buffer, count, type, to, tag, ranks))
FAIL(MPI_Recv, otherError,
     (void *buffer, int count, void *type, int from, int tag, void *ranks, void *status),
     (buffer, count, type, from, tag, ranks, status))
