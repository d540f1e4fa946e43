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


if what.startswith("flip "):
    # The last byte of a dataset of the group, or of the root.
    with h5py.File(copy) as file:
        dataset = (group_of(file) if what[5] != "/" else file)[what[5:]]
        place = dataset.id.get_offset() + dataset.nbytes - 1
    with open(copy, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))
    sys.exit()

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
    elif what == "foreign codes":
        # Bytes of another file of the user would come out as numbers.
        shape = left["codes"].shape
        del left["codes"], left["codes_crc32"]
        left.create_dataset("codes", shape, "u1", external=[("/etc/passwd", 0, shape[0] * shape[1])])
    elif what == "foreign scale":
        del left["scale"]
        left.create_dataset("scale", (4,), "f4", external=[("/etc/passwd", 0, 16)])
    elif what == "endless blocks":
        left["codes_crc32"].attrs["rows_per_block"] = np.int64(2**63 - 1)
    elif what == "huge checksums":
        del left["codes_crc32"]
        left.create_dataset("codes_crc32", (2**40,), "u4", chunks=(1024,)).attrs["crc32"] = 1
    elif what == "huge shape":
        group.attrs["shape"] = np.array([2**32, 2**32])
    elif what == "text scale":
        replace(left, "scale", [b"a", b"b", b"c", b"d"])
    else:
        sys.exit("unknown: " + what)
