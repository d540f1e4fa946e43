# SPDX-License-Identifier: Apache-2.0
"""Runs lplr-dist on a matrix and measures, with h5py and NumPy alone, what it has written."""
import dataclasses
import os
import pathlib
import subprocess
import time

import h5py
import numpy as np

BINARY = os.environ.get("LPLR_DIST_BINARY", "lplr-dist")
WRONG_COMMAND_LINE = 64


class Refused(Exception):
    """What was asked for is not to be had, as too small a size; the message says why."""


@dataclasses.dataclass
class Compressed:
    rank: int
    error: float  # measured
    certified: float  # what the file says
    kind: str  # exact, estimate or bound
    bound: float
    plain: float  # what the file says of plain quantization
    own_bytes: int  # of all datasets under left/ and right/
    shared_bytes: int  # of the codebooks that they use and that stand in the root
    budget: int
    file_bytes: int
    seconds: float


def factor(side, root):
    """One factor (rows x rank): scale[i] * codebook[code], codes packed bit after bit."""
    bits, scale = side["bits"][:].astype(int), side["scale"][:].astype(float)
    codes = np.split(np.unpackbits(side["codes"][:], axis=1), np.cumsum(bits), axis=1)
    books = [side.get(f"codebook_{b}", root.get(f"codebook_{b}")) for b in bits]
    return np.stack([s * k[:][c @ (1 << np.arange(b)[::-1])]
                     for s, k, c, b in zip(scale, books, codes, bits)], axis=1)


def own_bytes(group):
    """Of all datasets under left/ and right/ but the checksums."""
    return sum(dataset.nbytes for side in ("left", "right")
               for name, dataset in group[side].items() if not name.endswith("_crc32"))


def shared_bytes(group, root):
    used = {f"codebook_{b}" for side in ("left", "right") for b in group[side]["bits"][:]
            if f"codebook_{b}" not in group[side]}
    return sum(root[name].nbytes for name in used)


def write(path, a):
    with h5py.File(path, "w") as file:
        file["data"] = a


def compress(path, a, bits_per_entry, *options):
    """Compresses the file of `a` to a size."""
    return run(path, a, "--bits-per-entry", str(bits_per_entry), *options,
               budget=int(bits_per_entry * a.size / 8))


def run(path, a, *options, budget=0):
    """Compresses the file of `a` by one rank and measures the result."""
    output = pathlib.Path(path).with_suffix(".lplr.h5")
    start = time.monotonic()
    done = subprocess.run([BINARY, path, "--output", output, "--force", "--quiet", *options],
                          stderr=subprocess.PIPE, text=True)
    if done.returncode == WRONG_COMMAND_LINE:
        raise Refused(done.stderr.strip())
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()}")
    seconds = time.monotonic() - start
    with h5py.File(output, "r") as file:
        group = file["data"]
        left, right = factor(group["left"], file), factor(group["right"], file)
        attributes = dict(group.attrs)
        sizes = dict(own_bytes=own_bytes(group), shared_bytes=shared_bytes(group, file))
    return Compressed(
        rank=left.shape[1],
        error=np.linalg.norm(a - left @ right.T) / np.linalg.norm(a.astype(float)),
        certified=float(attributes["relative_error"]),
        kind=attributes["error_kind"].decode(),
        bound=float(attributes["relative_error_bound"]),
        plain=float(attributes["plain_quantization_error"]),
        **sizes, budget=budget, file_bytes=output.stat().st_size, seconds=seconds)


def version():
    result = subprocess.run([BINARY, "--version"], check=True, capture_output=True, text=True)
    return result.stdout.strip()
