// SPDX-License-Identifier: Apache-2.0
//
// Storage that fails on demand: loaded by LD_PRELOAD, it makes the n-th matching call on a file
// fail. Chosen by the environment:
//
//   LPLR_FAULT_CALL  open, read, write, fsync, close, reserve, truncate or rename
//   LPLR_FAULT_PATH  part of the path of the file
//   LPLR_FAULT_RANK  only on this rank of the job (all, if not set)
//   LPLR_FAULT_N     the number of the matching call in the process, from 1 (0: none fails)
//   LPLR_FAULT_EVER  1: so do all calls after it
//   LPLR_FAULT_HOW   errno as a number; "short": half of the bytes; "eintr": EINTR; "signal": the
//                    process ends as by a crash; "hang": the call does not return
//   LPLR_FAULT_LOG   a file to which each process appends "rank calls" at its end, and the call that
//                    failed appends "rank fault"
//
// A rank is what Open MPI calls one, so children of a rank that do not inherit its variables are
// never counted as one.
//
//   cc -shared -fPIC -O1 -o fault.so fault.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

static atomic_int calls;

static const char *rank(void) {
  const char *rank = getenv("OMPI_COMM_WORLD_RANK");
  return rank ? rank : "none";
}

// Appends a line by a system call of its own, so that it is not counted.
static void note(const char *what, int number) {
  const char *path = getenv("LPLR_FAULT_LOG");
  if (!path) return;
  char line[128];
  int length = snprintf(line, sizeof line, "%s %s %d\n", rank(), what, number);
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return;
  syscall(SYS_write, file, line, (size_t)length);
  syscall(SYS_close, file);
}

__attribute__((destructor)) static void finish(void) {
  if (atomic_load(&calls) > 0) note("calls", atomic_load(&calls));
}

// Whether this call on a file of this path is to fail.
static int chosen(const char *call, const char *path) {
  const char *wanted = getenv("LPLR_FAULT_CALL");
  const char *part = getenv("LPLR_FAULT_PATH");
  const char *only = getenv("LPLR_FAULT_RANK");
  if (!wanted || !part || strcmp(wanted, call) || !strstr(path, part)) return 0;
  if (only && strcmp(only, rank())) return 0;
  int number = atomic_fetch_add(&calls, 1) + 1;
  const char *which = getenv("LPLR_FAULT_N");
  const char *ever = getenv("LPLR_FAULT_EVER");
  int n = which ? atoi(which) : 0;
  int fails = n > 0 && (number == n || (ever && ever[0] == '1' && number > n));
  if (fails) note("fault", number);
  return fails;
}

static int chosen_file(const char *call, int file) {
  if (!getenv("LPLR_FAULT_CALL")) return 0;
  int saved = errno;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length <= 0) return 0;
  path[length] = 0;
  return chosen(call, path);
}

// The errno to fail with, or 0 for a transfer that is short.
static int fault(void) {
  const char *how = getenv("LPLR_FAULT_HOW");
  if (!how) return EIO;
  if (!strcmp(how, "short")) return 0;
  if (!strcmp(how, "signal")) raise(SIGSEGV);
  while (!strcmp(how, "hang")) pause();
  return strcmp(how, "eintr") ? atoi(how) : EINTR;
}

// Fails the call, or goes on with half of its bytes.
#define FAIL(call, file, count) \
  if (chosen_file(call, file)) { \
    if (fault()) { errno = fault(); return -1; } \
    if ((count) > 1) (count) = (count) / 2; \
  }

#define TRANSFER(name, call, pointer) \
  ssize_t name(int file, pointer buffer, size_t count) { \
    REAL(name); FAIL(call, file, count); return real(file, buffer, count); }
#define TRANSFER_AT(name, call, pointer, offset_type) \
  ssize_t name(int file, pointer buffer, size_t count, offset_type offset) { \
    REAL(name); FAIL(call, file, count); return real(file, buffer, count, offset); }
#define VECTOR(name, call) \
  ssize_t name(int file, const struct iovec *parts, int count) { \
    REAL(name); FAIL(call, file, count); return real(file, parts, count); }
#define VECTOR_AT(name, call, offset_type) \
  ssize_t name(int file, const struct iovec *parts, int count, offset_type offset) { \
    REAL(name); FAIL(call, file, count); return real(file, parts, count, offset); }

TRANSFER(read, "read", void *)
TRANSFER_AT(pread, "read", void *, off_t)
TRANSFER_AT(pread64, "read", void *, off64_t)
VECTOR(readv, "read")
VECTOR_AT(preadv, "read", off_t)
VECTOR_AT(preadv64, "read", off64_t)
TRANSFER(write, "write", const void *)
TRANSFER_AT(pwrite, "write", const void *, off_t)
TRANSFER_AT(pwrite64, "write", const void *, off64_t)
VECTOR(writev, "write")
VECTOR_AT(pwritev, "write", off_t)
VECTOR_AT(pwritev64, "write", off64_t)

// The checking variants that a hardened C library calls instead.
ssize_t __read_chk(int file, void *buffer, size_t count, size_t size) {
  (void)size;
  return read(file, buffer, count);
}
ssize_t __pread_chk(int file, void *buffer, size_t count, off_t offset, size_t size) {
  (void)size;
  return pread(file, buffer, count, offset);
}
ssize_t __pread64_chk(int file, void *buffer, size_t count, off64_t offset, size_t size) {
  (void)size;
  return pread64(file, buffer, count, offset);
}

#define PLAIN(name, call) \
  int name(int file) { \
    REAL(name); \
    if (chosen_file(call, file)) { \
      /* A close that fails has closed the file all the same. */ \
      if (!strcmp(call, "close")) real(file); \
      errno = fault() ? fault() : EIO; return -1; \
    } \
    return real(file); \
  }
PLAIN(fsync, "fsync")
PLAIN(fdatasync, "fsync")
PLAIN(close, "close")

#define TRUNCATE(name, offset_type) \
  int name(int file, offset_type length) { \
    REAL(name); \
    if (chosen_file("truncate", file)) { errno = fault() ? fault() : EIO; return -1; } \
    return real(file, length); \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define RESERVE(name, offset_type) \
  int name(int file, int mode, offset_type offset, offset_type length) { \
    REAL(name); \
    if (chosen_file("reserve", file)) { errno = fault() ? fault() : EIO; return -1; } \
    return real(file, mode, offset, length); \
  }
RESERVE(fallocate, off_t)
RESERVE(fallocate64, off64_t)

#define POSIX_RESERVE(name, offset_type) \
  int name(int file, offset_type offset, offset_type length) { \
    REAL(name); \
    if (chosen_file("reserve", file)) return fault() ? fault() : EIO; \
    return real(file, offset, length); \
  }
POSIX_RESERVE(posix_fallocate, off_t)
POSIX_RESERVE(posix_fallocate64, off64_t)

int rename(const char *from, const char *to) {
  REAL(rename);
  if (chosen("rename", to)) { errno = fault() ? fault() : EIO; return -1; }
  return real(from, to);
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
    if (chosen("open", path)) { errno = fault() ? fault() : EIO; return -1; } \
    return real(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

int openat(int folder, const char *path, int flags, ...) {
  REAL(openat);
  va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest);
  if (chosen("open", path)) { errno = fault() ? fault() : EIO; return -1; }
  return real(folder, path, flags, mode);
}
