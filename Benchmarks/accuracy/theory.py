# SPDX-License-Identifier: Apache-2.0
"""What any method can be held against: a rate-distortion curve, and plain quantization."""
import statistics

import numpy as np


def reference_error(singular_values, shape, bits_per_entry):
    """Relative error if every factor were coded at the bound for normal numbers.

    Component i in (n + d) b_i bits contributes 2 s_i^2 2^(-2 b_i), or s_i^2 if dropped; the sum is
    minimized over b_i >= 0 at sum (n + d) b_i = x n d. With k components kept, all contribute the
    same 2 t (reverse water-filling); every k is tried.
    """
    n, d = shape
    energy = np.sort(np.asarray(singular_values, dtype=np.float64))[::-1] ** 2
    energy = energy[energy > 0]
    bits = bits_per_entry * n * d / (n + d)
    k = np.arange(1, len(energy) + 1)
    log_t = (np.cumsum(np.log2(energy)) - 2 * bits) / k
    tail = np.append(np.cumsum(energy[::-1])[::-1][1:], 0)
    errors = 2 * k * 2**log_t + tail
    feasible = np.log2(energy) >= log_t  # b_k >= 0
    return (errors[feasible].min() / energy.sum()) ** 0.5


def lloyd_max(levels, sorted_sample):
    """Lloyd's iteration on a sorted sample: levels to means, boundaries to midpoints."""
    sums = np.append(0, np.cumsum(sorted_sample))
    for _ in range(300):
        edges = np.searchsorted(sorted_sample, (levels[1:] + levels[:-1]) / 2)
        edges = np.concatenate([[0], edges, [len(sorted_sample)]])
        counts = np.diff(edges)
        means = np.diff(sums[edges]) / np.maximum(counts, 1)
        levels, before = np.sort(np.where(counts > 0, means, levels)), levels
        if np.abs(levels - before).max() < 1e-6:
            break
    return levels


def normal_levels(bits):
    """The levels that are best for normal numbers (Max 1960)."""
    quantile = statistics.NormalDist().inv_cdf
    sample = np.array([quantile((i + 0.5) / 100_000) for i in range(100_000)])
    return lloyd_max(_quantiles(sample, bits), sample)


def fitted_levels(sample, bits):
    """The best of three runs of Lloyd's iteration, which stops at the local minimum nearby."""
    sample = np.sort(sample)
    starts = (normal_levels(bits), _quantiles(sample, bits),
              np.linspace(sample[0], sample[-1], 2**bits))
    return min((lloyd_max(levels, sample) for levels in starts),
               key=lambda levels: np.square(sample - nearest(sample, levels)).sum())


def _quantiles(sorted_sample, bits):
    return sorted_sample[((np.arange(2**bits) + 0.5) / 2**bits * len(sorted_sample)).astype(int)]


def nearest(x, levels):
    return levels[np.searchsorted((levels[1:] + levels[:-1]) / 2, x)]


def plain_error(a, bits):
    """Relative error of every entry in `bits` bits, no low rank.

    Rows are scaled by their root mean square; the levels, shared by all rows, are fitted to the
    scaled entries. Scales and levels are not counted.
    """
    scale = np.sqrt(np.mean(a.astype(np.float64) ** 2, axis=1, keepdims=True))
    scaled = a / np.where(scale > 0, scale, 1)
    sample = np.random.default_rng(0).choice(scaled.ravel(), 300_000)
    return np.linalg.norm(a - scale * nearest(scaled, fitted_levels(sample, bits))) \
        / np.linalg.norm(a)
