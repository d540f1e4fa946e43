# SPDX-License-Identifier: Apache-2.0
"""FACTORS COPY WHAT: a copy of a factor file, damaged."""
import shutil
import sys

import h5py
import numpy as np

from lplr_reader import group_of

source, copy, what = sys.argv[1:]
shutil.copy(source, copy)


def replace(group, name, values):
    del group[name]
    group[name] = values


with h5py.File(copy, "r+") as file:
    group = group_of(file)
    left = group["left"]
    if what == "incomplete":
        del group.attrs["complete"]
    elif what == "future":
        file.attrs["format_version"] = np.int64(99)
    elif what == "no codes":
        del left["codes"]
    elif what == "no scale":
        del left["scale"]
    elif what == "wide bits":
        replace(left, "bits", np.full(4, 999, "i4"))
    elif what == "negative bits":
        replace(left, "bits", np.full(4, -1, "i4"))
    elif what == "short codes":
        replace(left, "codes", left["codes"][:-1])
    elif what == "wrong shape":
        group.attrs["shape"] = np.array([61, 50])
    elif what == "few levels":
        replace(file, "codebook_4", file["codebook_4"][:-1])
    elif what == "text scale":
        replace(left, "scale", [b"a", b"b", b"c", b"d"])
    else:
        sys.exit("unknown: " + what)
