# SPDX-License-Identifier: Apache-2.0
"""Reads factor files with h5py and NumPy alone."""
import h5py
import numpy as np


def factor(side, root):
    """One factor (rows x rank): scale[i] * codebook[code], codes packed bit after bit."""
    bits, scale = side["bits"][:].astype(int), side["scale"][:]
    unpacked = np.unpackbits(side["codes"][:], axis=1)
    codes = np.split(unpacked, np.cumsum(bits), axis=1)[:-1]
    books = [side.get(f"codebook_{b}", root.get(f"codebook_{b}")) for b in bits]
    return np.stack([s * k[:][c @ (1 << np.arange(b)[::-1])] if b else np.zeros(len(c), "f4")
                     for s, k, c, b in zip(scale, books, codes, bits)], axis=1)


def group_of(file):
    """The group of the matrix: the one with the attribute complete."""
    found = []
    file.visititems(lambda name, item: found.append(item) if "complete" in item.attrs else None)
    assert len(found) == 1, f"{len(found)} matrices"
    return found[0]


def factors(path):
    """left (n x rank) and right (d x rank)."""
    with h5py.File(path, "r") as file:
        group = group_of(file)
        left, right = factor(group["left"], file), factor(group["right"], file)
        n, d = group.attrs["shape"]
        assert left.shape[0] == n and right.shape[0] == d
        assert left.dtype == right.dtype == np.float32
        return left, right


def matrix(path):
    """The only 2-D dataset of a file, and its name."""
    found = []
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda name, item: found.append((name, item[:]))
            if isinstance(item, h5py.Dataset) and item.ndim == 2 else None)
    assert len(found) == 1, f"{len(found)} matrices in {path}"
    return found[0]
