// SPDX-License-Identifier: Apache-2.0
//
// What Swift cannot say by itself: calls of Linux that the C library declares only for _GNU_SOURCE,
// without which Swift imports it, or with arguments of any number; and one hint to the processor.
#pragma once
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>

int fallocate(int file, int mode, off_t offset, off_t length);

// Ends this process when the one that started it has ended.
static inline int lplr_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

// Brings the cache line of an address near, whether or not there is memory.
static inline void lplr_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
