# SPDX-License-Identifier: Apache-2.0
"""The matrices of the benchmark, made by `lplr-dist generate`, and what is known of them.

All have s_i = 10^(-i / 64) for i < 512, scaled to a root mean square of 1, and white noise of 1e-3.
"""
import pathlib
import shutil

import h5py
import numpy as np

import measure
from table import progress

COMPONENTS, DECAY, NOISE = 512, 27.795, 1e-3  # exp(-1 / 27.795) = 10^(-1 / 64)


class Store:
    """A directory of matrices, each of which is made when it is first asked for and kept."""

    def __init__(self, directory, program, prefix):
        self.directory, self.program, self.prefix = pathlib.Path(directory), program, prefix

    def get(self, name, shape, chunk=None):
        """The path of the matrix."""
        path = self.directory / f"{self.prefix}{name}.h5"
        if not self.usable(path, shape, chunk):
            self.require_room(4 * shape[0] * shape[1])
            progress(f"making {path}, {shape[0]} x {shape[1]}")
            options = ["--chunk", f"{chunk[0]}x{chunk[1]}"] if chunk else []
            measure.finish(list(map(str, [
                "mpirun", "-n", 2, self.program, "generate", path, "--force", "--quiet",
                "--shape", f"{shape[0]}x{shape[1]}", "--spectrum", f"exponential:{DECAY}",
                "--components", COMPONENTS, "--noise", NOISE, *options])))
        return path

    def require_room(self, needed):
        free = shutil.disk_usage(self.directory).free
        if free < 1.1 * needed:
            raise measure.Failed(f"{self.directory} has {free / 1e9:.0f} GB free, the matrix takes "
                                 f"{needed / 1e9:.0f} GB; see LPLR_SPEED_DIR")

    @staticmethod
    def usable(path, shape, chunk):
        if not path.exists():
            return False
        with h5py.File(path) as file:
            data = file["data"]
            return (data.shape == tuple(shape) and data.attrs["noise"] == NOISE
                    and data.attrs["kind"].decode() == f"exponential(decay: {DECAY})"
                    and data.chunks == (tuple(map(min, chunk, shape)) if chunk else None))


def optimum(shape, rank):
    """The least relative Frobenius error at a rank.

    Noise turns a singular value s above sigma (n d)^(1/4) into sqrt((s^2 + sigma^2 n)
    (s^2 + sigma^2 d)) / s (Benaych-Georges and Nadakuditi, J. Multivariate Analysis 111, 2012). The
    others are lost in those of the noise. Exact as n and d grow; a few percent off where the rank
    nears the number of values that the noise leaves to be seen.
    """
    n, d = shape
    squares = np.exp(-2 * np.arange(min(COMPONENTS, n, d)) / DECAY)
    squares *= n * d / squares.sum()
    noise = NOISE**2
    energy = squares.sum() + noise * n * d
    seen = squares[squares > noise * np.sqrt(n * d)]
    above = (seen + noise * n) * (seen + noise * d) / seen
    rest = noise * noise_squares(n - len(seen), d - len(seen))
    kept = np.concatenate([above, rest])[:rank].sum()
    return np.sqrt(max(0, energy - kept) / energy)


def noise_squares(n, d):
    """Squared singular values, falling, of n x d normal numbers, by Marchenko and Pastur's law."""
    low, high = (np.sqrt(n) - np.sqrt(d))**2, (np.sqrt(n) + np.sqrt(d))**2
    x = np.linspace(high, low, 100001)[:-1]
    share = np.cumsum(np.sqrt((high - x) * (x - low)) / x)
    count = min(n, d)
    return np.interp((np.arange(count) + 0.5) / count, share / share[-1], x)


def exact_optimum(path, rank):
    """The same from all singular values, for a small matrix."""
    with h5py.File(path) as file:
        squares = np.linalg.svd(file["data"][:].astype(np.float64), compute_uv=False)**2
    return np.sqrt(squares[rank:].sum() / squares.sum())


def error(path, left, right):
    """||A - left right^T|| / ||A||, by bands of rows."""
    residual = energy = 0.0
    with h5py.File(path) as file:
        data = file["data"]
        for start in range(0, data.shape[0], 1024):
            band = data[start:start + 1024]
            energy += squared_norm(band)
            band -= left[start:start + 1024] @ right.T
            residual += squared_norm(band)
    return np.sqrt(residual / energy)


def squared_norm(band):
    """In double precision from row to row; a row by itself in float32 is exact enough."""
    return np.einsum("ij,ij->i", band, band).sum(dtype=np.float64)
