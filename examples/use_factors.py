#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What to do with a factor file, in NumPy and h5py alone, without rebuilding the matrix.

    lplr-dist table.h5                                 # A, n x d: say, n embeddings of d numbers
    python3 examples/use_factors.py table.lplr.h5 --row 17 --neighbours 5

prints the beginning of row 17, the product of A with a vector of ones, and the rows that are most
similar to row 17. Copy what you need: every function stands by itself.
"""
import argparse

import h5py
import numpy as np


class Factors:
    """A ~ left right^T, left n x r and right d x r, in an open factor file."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        self.group = self._only_matrix()
        self.shape = tuple(int(extent) for extent in self.group.attrs["shape"])

    def _only_matrix(self):
        """The group of the matrix: the one that is marked as complete."""
        found = []
        self.file.visititems(lambda _, item: found.append(item) if "complete" in item.attrs else None)
        if len(found) != 1:
            raise SystemExit(f"{self.file.filename}: holds {len(found)} matrices, expected one")
        return found[0]

    def left(self, rows=slice(None)):
        """Rows of the left factor, which are those of A. Only they are read."""
        return self._decode(self.group["left"], rows)

    def right(self, columns=slice(None)):
        """Rows of the right factor, which are the columns of A."""
        return self._decode(self.group["right"], columns)

    def _decode(self, side, rows):
        """Row i of `codes` is a string of bits: the code of component 0 in bits[0] bits, and so on."""
        strings = np.unpackbits(side["codes"][rows], axis=1)
        factor = np.empty((len(strings), len(side["bits"])), np.float32)
        start = 0
        for component, (bits, scale) in enumerate(zip(side["bits"][:].astype(int), side["scale"])):
            code = strings[:, start:start + bits] @ (1 << np.arange(bits)[::-1])
            name = f"codebook_{bits}"
            levels = (side if name in side else self.file)[name][:] if bits else np.zeros(1, "f4")
            factor[:, component] = scale * levels[code.astype(int)]
            start += bits
        return factor


def row_of(factors, index):
    """Row `index` of A: r numbers of the left factor, d x r of the right one."""
    return factors.left(slice(index, index + 1))[0] @ factors.right().T


def product(left, right, x):
    """A x for a vector, or A X for a matrix: (n + d) r multiplications a column, not n d.

    (For matrices that are too large for this: `lplr-dist multiply`.)"""
    return left @ (right.T @ x)


def embedding(left, right):
    """The rows of A in r dimensions, with the same lengths, distances and angles as in d.

    a_i . a_j = l_i G l_j for the rows l of the left factor and G = right^T right, the Gram matrix. With
    G = V diag(w) V^T, the rows of left V diag(w)^(1/2) have the inner products of those of A."""
    gram = right.T.astype(np.float64) @ right
    values, vectors = np.linalg.eigh(gram)
    return left @ (vectors * np.sqrt(np.maximum(values, 0)))


def nearest(points, index, count):
    """The rows whose angle with row `index` is smallest, without itself, and their cosines."""
    lengths = np.linalg.norm(points, axis=1)
    lengths[lengths == 0] = 1
    cosines = points @ points[index] / (lengths * lengths[index])
    cosines[index] = -np.inf
    best = np.argsort(-cosines, kind="stable")[:count]
    return best, cosines[best]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("factors", help="the factor file")
    parser.add_argument("--row", type=int, default=0, help="a row of the matrix (default: 0)")
    parser.add_argument("--neighbours", type=int, default=5, help="how many (default: 5)")
    options = parser.parse_args()

    factors = Factors(options.factors)
    n, d = factors.shape
    if not 0 <= options.row < n:
        raise SystemExit(f"--row {options.row}: expected 0 to {n - 1}")
    left, right = factors.left(), factors.right()

    row = row_of(factors, options.row)
    print(f"row {options.row}:", *(f"{value:.6g}" for value in row[:6]), "..." if d > 6 else "")
    sums = product(left, right, np.ones(d, np.float32))
    print(f"A times ones, row {options.row}: {sums[options.row]:.6g}")
    points = embedding(left, right)
    for place, cosine in zip(*nearest(points, options.row, options.neighbours)):
        print(f"neighbour {place}, cosine {cosine:.4f}")


if __name__ == "__main__":
    main()
