# SPDX-License-Identifier: Apache-2.0
"""FOLDER: files of the same values in many types and layouts. Prints a line for each:
the file, the dataset, and the file of the same values as contiguous float32."""
import os
import sys

import h5py
import numpy as np

folder = sys.argv[1]
rng = np.random.default_rng(1)
shape = (333, 210)
# Small multiples of 1/8 are exact in every floating-point type, small integers in every type.
eighths = rng.integers(-60, 60, shape) / 8
integers = rng.integers(-60, 60, shape)
naturals = rng.integers(0, 100, shape)
flags = rng.random(shape) < 0.4


def path(name):
    return os.path.join(folder, name + ".h5")


for name, values in ("eighths", eighths), ("integers", integers), ("naturals", naturals), (
        "flags", flags):
    with h5py.File(path("reference-" + name), "w") as file:
        file["data"] = values.astype("f4")


def variant(name, values, reference, dataset="data", prepare=None, **options):
    with h5py.File(path(name), "w") as file:
        if prepare:
            prepare(file)
        file.create_dataset(dataset, data=values, **options)
    print(path(name), "/" + dataset, path("reference-" + reference), sep="\t")


def low_level(name, values, reference, file_type, creation=None):
    """A dataset of a type that NumPy has not."""
    with h5py.File(path(name), "w") as file:
        space = h5py.h5s.create_simple(shape)
        dataset = h5py.h5d.create(file.id, b"data", file_type, space, creation)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values))
    print(path(name), "/data", path("reference-" + reference), sep="\t")


for t in "f2", "f4", "f8", ">f2", ">f4", ">f8":
    variant("float" + t.replace(">", "be"), eighths.astype(t), "eighths")
for t in "i1", "i2", "i4", "i8", ">i2", ">i8":
    variant("int" + t.replace(">", "be"), integers.astype(t), "integers")
for t in "u1", "u2", "u4", "u8", ">u4":
    variant("uint" + t.replace(">", "be"), naturals.astype(t), "naturals")
variant("bool", flags, "flags")

chunks = {"chunks": (50, 37)}
f4 = eighths.astype("f4")
variant("chunked", f4, "eighths", **chunks)
variant("gzip", f4, "eighths", compression="gzip", **chunks)
variant("shuffled", f4, "eighths", compression="gzip", shuffle=True, chunks=(333, 1))
variant("fletcher", f4, "eighths", fletcher32=True, chunks=(1, 210))
variant("extendable", f4, "eighths", maxshape=(None, None), chunks=(7, 300))
if h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
    variant("szip", f4, "eighths", compression="szip", **chunks)
variant("scaleoffset", integers.astype("i4"), "integers", scaleoffset=0, **chunks)
variant("nested", f4, "eighths", dataset="a/b c/d\u00e4ta")
variant("beside", f4, "eighths", prepare=lambda file: (
    file.create_dataset("vector", data=np.arange(5)), file.create_dataset("number", data=1.5),
    file.create_dataset("words", data=[[b"a", b"b"]]), file.create_group("empty")))

creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
creation.set_layout(h5py.h5d.COMPACT)
with h5py.File(path("reference-small"), "w") as file:
    file["data"] = f4[:60, :50]
with h5py.File(path("compact"), "w") as file:
    dataset = h5py.h5d.create(
        file.id, b"data", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((60, 50)), creation)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(f4[:60, :50]))
print(path("compact"), "/data", path("reference-small"), sep="\t")

bfloat16 = h5py.h5t.IEEE_F32LE.copy()
bfloat16.set_fields(15, 7, 8, 0, 7)
bfloat16.set_size(2)
bfloat16.set_ebias(127)
low_level("bfloat16", f4, "eighths", bfloat16)

seven_bits = h5py.h5t.STD_I16LE.copy()
seven_bits.set_precision(7)
seven_bits.set_offset(2)
nbit = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
nbit.set_chunk((100, 100))
nbit.set_filter(h5py.h5z.FILTER_NBIT, 0, ())
low_level("nbit", integers.astype("i2"), "integers", seven_bits, nbit)

with h5py.File(path("latest"), "w", libver="latest", userblock_size=512) as file:
    file["data"] = f4
print(path("latest"), "/data", path("reference-eighths"), sep="\t")
