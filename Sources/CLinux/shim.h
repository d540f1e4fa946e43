// SPDX-License-Identifier: Apache-2.0
//
// Calls of Linux that the C library declares only for _GNU_SOURCE, without which Swift imports it.
#pragma once
#include <sys/types.h>

int fallocate(int file, int mode, off_t offset, off_t length);
