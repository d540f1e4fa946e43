# SPDX-License-Identifier: Apache-2.0
"""The published methods, as their authors' code runs them.

Saha, Srivastava, Pilanci: Matrix Compression via Randomized Low Rank and Low Precision
Factorization, NeurIPS 2023. Their correction of the result by a factor and a shift of all entries
is left out: it changes errors by less than 1 % wherever the bit pair is a sensible one.
"""
import numpy as np

BIT_PAIRS = ((8, 8), (4, 4), (4, 8), (8, 4))  # of the left and of the right factor


def min_max(x, bits):
    """2^bits levels evenly from the smallest to the largest entry of the whole factor."""
    x = x.astype(np.float64)
    low, high = x.min(), x.max()
    step = (high - low) / (2**bits - 1) or 1.0
    return (low + step * np.floor((x - low) / step + 0.5)).astype(np.float32)


def rank_for(shape, bits_per_entry, left_bits, right_bits):
    """The largest rank whose codes, and two float32 for the range of each factor, fit the size."""
    n, d = shape
    left_over = 8 * int(bits_per_entry * n * d / 8) - 4 * 32
    return min(n, d, left_over // (n * left_bits + d * right_bits))


def coefficients(left, a):
    """argmin_W ||left W - A||, by the pseudoinverse with its usual threshold in float32.

    From the Gram matrix in double precision, which resolves that threshold and is quicker.
    """
    left = left.astype(np.float64)
    values, vectors = np.linalg.eigh(left.T @ left)
    threshold = max(left.shape) * np.finfo(np.float32).eps
    keep = values > threshold**2 * values[-1]
    vectors = vectors[:, keep]
    return vectors / values[keep] @ (vectors.T @ (left.T @ a))


def lplr(a, rank, left_bits, right_bits, seed):
    """A Gaussian sketch of the range, quantized; A projected onto it, quantized."""
    rng = np.random.default_rng(seed)
    sketch = rng.standard_normal((a.shape[1], rank), dtype=np.float32) / np.float32(rank) ** 0.5
    left = min_max(a @ sketch, left_bits)
    return left, min_max(coefficients(left, a), right_bits)


def direct_svd(svd, rank, left_bits, right_bits):
    """Singular vectors on the left, quantized; the rest on the right, quantized by itself."""
    u, s, vt = svd
    return min_max(u[:, :rank], left_bits), min_max(s[:rank, None] * vt[:rank], right_bits)


def lplr_svd(a, svd, rank, left_bits, right_bits):
    """LPLR with U S instead of a sketch (LPLR-SVD without its random rotation, the better one)."""
    u, s, _ = svd
    left = min_max(u[:, :rank] * s[:rank], left_bits)
    return left, min_max(coefficients(left, a), right_bits)


def best(shape, methods, bits_per_entry, error):
    """The smallest error over methods and bit pairs, the method, and its (rank, bits, bits)."""
    results = []
    for name, method in methods.items():
        for pair in BIT_PAIRS:
            rank = rank_for(shape, bits_per_entry, *pair)
            if rank >= 1:
                results.append((error(*method(rank, *pair)), name, (rank, *pair)))
    return min(results)
