// SPDX-License-Identifier: Apache-2.0
//
// What Swift cannot say by itself: calls of Linux that the C library declares only for _GNU_SOURCE,
// without which Swift imports it, and one hint to the processor.
#pragma once
#include <sys/types.h>

int fallocate(int file, int mode, off_t offset, off_t length);

// Brings the cache line of an address near, whether or not there is memory.
static inline void lplr_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
