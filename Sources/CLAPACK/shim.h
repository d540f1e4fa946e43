// SPDX-License-Identifier: Apache-2.0
#pragma once
// LAPACKE's complex types are unused here, and C99's are unknown to Swift.
#define lapack_complex_float float
#define lapack_complex_double double
#include <cblas.h>
#include <lapacke.h>
