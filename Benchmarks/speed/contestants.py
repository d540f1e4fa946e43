# SPDX-License-Identifier: Apache-2.0
"""The programs under test, each with the command that a user would give."""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np

import matrices
import measure

BINARY = os.environ.get("LPLR_DIST_BINARY", "lplr-dist")
HEAT_PYTHON = os.environ.get("LPLR_HEAT_PYTHON", "")
HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "Tests/EndToEndTests/Python"))
from lplr_reader import factors  # noqa: E402

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclasses.dataclass
class Ours:
    """lplr-dist itself."""
    name: str = "lplr-dist"
    ranks: int = 2
    options: tuple = ()

    def run(self, path, output, rank):
        command = [BINARY, path, "-o", f"{output}.h5", "--rank", rank, "--force", "--quiet"]
        return measure.run([*command, *self.options], self.ranks)

    def errors(self, path, output, rank):
        """Of the factors, codes and all; and of the best `rank` directions of the basis alone."""
        said = json.loads(subprocess.run([BINARY, "info", "--json", f"{output}.h5"], check=True,
                                         capture_output=True, text=True).stdout)
        with h5py.File(f"{output}.h5") as file:
            lost = file["data"].attrs["truncation_error"]
        dropped = np.array(said["singular_values"][rank:]) / said["frobenius_norm"]
        return (matrices.error(path, *factors(f"{output}.h5")),
                np.sqrt(lost**2 + (dropped**2).sum()))


@dataclasses.dataclass
class Peer:
    """A Python program beside this file; `wide` asks for as many columns beyond the rank again."""
    name: str
    script: str
    options: tuple = ()
    wide: bool = False
    ranks: int | None = None
    python: str = sys.executable
    threads: bool = False  # of its own: those of BLAS on top make dask take three times as long

    @property
    def single(self):
        """One thread of BLAS: ranks or other threads are at work beside it."""
        return self.ranks is not None or self.threads

    def run(self, path, output, rank):
        command = [self.python, "-B", HERE / self.script, path, output, "--rank", rank,
                   "--oversample", rank if self.wide else 10, *self.options]
        return measure.run(command, self.ranks, ONE_THREAD if self.single else None)

    def errors(self, path, output, rank):
        error = matrices.error(path, *(np.load(f"{output}.{side}.npy")
                                       for side in ("left", "right")))
        return error, error


def by_hand(ranks=2, chunked=False, suffix=""):
    """The hand-written program: rows of a contiguous file, column blocks of a chunked one."""
    layout = ("--axis", "columns", "--slab", "1024") if chunked else ("--slab", "256")
    script = "peer_two_pass.py"
    return [Peer(f"by hand, p = 10{suffix}", script, layout, ranks=ranks),
            Peer(f"by hand, p = k{suffix}", script, layout, wide=True, ranks=ranks),
            Peer(f"by hand, p = 10, q = 1{suffix}", script, (*layout, "--power", "1"),
                 ranks=ranks)]


def dask(chunked=False):
    layout = ("--axis", "columns", "--slab", "1024") if chunked else ("--slab", "512")
    script, again = "peer_dask.py", (*layout, "--compute")
    return [Peer("dask, p = 10", script, layout, threads=True),
            Peer("dask, p = k", script, layout, wide=True, threads=True),
            Peer("dask, p = 10, compute=True", script, again, threads=True),
            Peer("dask, p = k, compute=True", script, again, wide=True, threads=True)]


def in_memory():
    found = [Peer("scikit-learn, n_iter = 0", "peer_sklearn.py"),
             Peer("scikit-learn, n_iter = 2, QR", "peer_sklearn.py", ("--power", "2"))]
    if HEAT_PYTHON:
        found += [Peer("Heat rsvd, p = 10", "peer_heat.py", ranks=2, python=HEAT_PYTHON),
                  Peer("Heat rsvd, p = k", "peer_heat.py", wide=True, ranks=2,
                       python=HEAT_PYTHON)]
    return found


def everyone(chunked):
    """All that read the layout in a way of their own; who loads all of it appears once."""
    return [Ours(), *by_hand(chunked=chunked), *dask(chunked), *([] if chunked else in_memory())]
