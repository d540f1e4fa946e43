# SPDX-License-Identifier: Apache-2.0
"""KIND ROWS COLUMNS OUT: a test matrix in float32, as dataset /data."""
import sys

import h5py
import numpy as np

kind, n, d, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
rng = np.random.default_rng(0)


def orthonormal(rows, columns):
    return np.linalg.qr(rng.standard_normal((rows, columns)))[0]


def synthetic():
    """The published comparison's: exp(-i / 50), 600 values, 5 % noise."""
    k = min(600, n, d)
    a = orthonormal(n, k) * np.exp(-np.arange(k) / 50) @ orthonormal(d, k).T
    noise = rng.standard_normal((n, d))
    return a + 0.05 * np.linalg.norm(a) / np.linalg.norm(noise) * noise


makers = {
    "normal": lambda: rng.standard_normal((n, d)),
    "zero": lambda: np.zeros((n, d)),
    "constant": lambda: np.full((n, d), 3.25),
    "alternating": lambda: np.where(np.arange(n)[:, None] % 2 == 0, 1.008, 0.992) * np.ones((1, d)),
    "huge constant": lambda: np.full((n, d), 1e33),
    "huge deficient": lambda: rng.standard_normal((n, 5)) @ rng.standard_normal((5, d)) * 1e32,
    "positive": lambda: rng.random((n, 4)) @ rng.random((4, d)) + 1e-5 * rng.standard_normal((n, d)),
    "deficient": lambda: rng.standard_normal((n, 3)) @ rng.standard_normal((3, d)),
    "sparse": lambda: np.where(rng.random((n, d)) < 0.001, rng.standard_normal((n, d)), 0),
    "one entry": lambda: np.eye(n, d) * np.eye(n, d, 0)[0:1, :],
    "decades": lambda: rng.standard_normal((n, d)) * 10 ** np.linspace(-15, 15, d),
    "tiny": lambda: rng.standard_normal((n, d)) * 1e-33,
    "large": lambda: rng.standard_normal((n, d)) * 1e9,
    "huge": lambda: rng.standard_normal((n, d)) * 1e33,
    "synthetic": synthetic,
}
with h5py.File(out, "w") as file:
    file["data"] = makers[kind]().astype("f4")
