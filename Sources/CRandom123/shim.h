// SPDX-License-Identifier: Apache-2.0
//
// Random123 is a header of inline C with types that Swift imports as nested
// tuples; one call on plain integers hides them.
#pragma once
#include <Random123/philox.h>
#include <stdint.h>

/// Philox4x32-10 (Salmon et al., SC11): four 32-bit words for a 64-bit key and a 128-bit counter.
static inline void lplr_philox4x32(uint64_t key, uint64_t counter_low, uint64_t counter_high,
                                   uint32_t *out) {
  philox4x32_ctr_t c = {{(uint32_t)counter_low, (uint32_t)(counter_low >> 32),
                         (uint32_t)counter_high, (uint32_t)(counter_high >> 32)}};
  philox4x32_key_t k = {{(uint32_t)key, (uint32_t)(key >> 32)}};
  philox4x32_ctr_t r = philox4x32(c, k);
  out[0] = r.v[0];
  out[1] = r.v[1];
  out[2] = r.v[2];
  out[3] = r.v[3];
}
