# SPDX-License-Identifier: Apache-2.0
"""FOLDER: files that must be refused."""
import os
import struct
import sys

import h5py
import numpy as np

folder = sys.argv[1]
good = np.random.default_rng(2).standard_normal((300, 500)).astype("f4")


def path(name):
    return os.path.join(folder, name)


def write(name, **datasets):
    with h5py.File(path(name + ".h5"), "w") as file:
        for dataset, values in datasets.items():
            file[dataset.replace("__", "/")] = values


write("good", data=good)
write("several", one=good[:20], deep__two=good[:, :30].astype("f8"), words=[b"a"])
write("complex", data=good.astype("c8"))
write("string", data=np.array([[b"one", b"two"], [b"three", b"four"]]))
write("compound", data=np.zeros((3, 4), [("x", "f4"), ("y", "i4")]))
write("scalar", data=np.float32(1))
write("vector", data=good[0])
write("cube", data=good.reshape(30, 10, 500))
write("no-rows", data=np.zeros((0, 5), "f4"))
write("no-columns", data=np.zeros((5, 0), "f4"))
write("too-large", data=np.where(np.arange(500) == 250, 1e300, good.astype("f8")))
write("near-the-end", data=np.where(np.arange(500) == 250, np.float32(3e38), good))
write("all-near-the-end", data=good * np.float32(5e37))
write("near-zero", data=good * np.float32(1e-43))
write("nothing")
for name, row, column, value in (
        ("nan-first", 0, 0, np.nan), ("nan-middle", 150, 257, np.nan),
        ("nan-last", 299, 499, np.nan), ("inf", 10, 20, np.inf), ("minus-inf", 280, 0, -np.inf)):
    bad = good.copy()
    bad[row, column] = value
    write(name, data=bad)

with h5py.File(path("lzf.h5"), "w") as file:
    file.create_dataset("data", data=good, chunks=(50, 50), compression="lzf")
with h5py.File(path("external-link.h5"), "w") as file:
    file["data"] = h5py.ExternalLink("good.h5", "/data")
with h5py.File(path("hidden-link.h5"), "w") as file:
    file["other"] = h5py.ExternalLink("good.h5", "/")
    file["data"] = h5py.SoftLink("/other/data")
with h5py.File(path("soft-link.h5"), "w") as file:
    file["data"] = h5py.SoftLink("/nowhere")
with h5py.File(path("group.h5"), "w") as file:
    file.create_group("data")
    file["real"] = good
good.tofile(path("raw.bin"))
with h5py.File(path("external-storage.h5"), "w") as file:
    file.create_dataset("data", shape=good.shape, dtype="f4",
                        external=[(path("raw.bin"), 0, good.nbytes)])
with h5py.File(path("virtual.h5"), "w") as file:
    layout = h5py.VirtualLayout(good.shape, "f4")
    layout[:] = h5py.VirtualSource(path("good.h5"), "data", good.shape)
    file.create_virtual_dataset("data", layout)
with h5py.File(path("bomb.h5"), "w") as file:
    file.create_dataset("data", shape=(2**40, 2**40), chunks=(1000, 1000), dtype="f4")
with open(path("good.h5"), "rb") as source:
    whole = source.read()
# Sizes in the header that are not those of the chunks: numbers of 255 bytes, of 8, columns beyond the
# most.
with h5py.File(path("chunked.h5"), "w") as file:
    file.create_dataset("data", data=good, chunks=(20, 15), fletcher32=True)
with open(path("chunked.h5"), "rb") as source:
    chunked = source.read()
for name, old, new in (
        ("wide-numbers", b"\x11\x20\x1f\0\x04\0\0\0", b"\x11\x20\x1f\0\xff\0\0\0"),
        ("wider-numbers", b"\x11\x20\x1f\0\x04\0\0\0", b"\x11\x20\x1f\0\x08\0\0\0"),
        ("beyond", struct.pack("<4Q", *good.shape * 2), struct.pack("<4Q", 300, 10**6, *good.shape))):
    assert chunked.count(old) == 1
    with open(path(name + ".h5"), "wb") as target:
        target.write(chunked.replace(old, new))
with open(path("truncated.h5"), "wb") as target:
    target.write(whole[:-1000])
with open(path("text.h5"), "w") as target:
    target.write("1 2 3\n4 5 6\n")
open(path("empty.h5"), "w").close()
os.mkdir(path("folder.h5"))
