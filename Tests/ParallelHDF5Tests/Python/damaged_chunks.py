# SPDX-License-Identifier: Apache-2.0
"""FOLDER: damaged.h5 with datasets whose second chunk is damaged, or is unusual and right.
Prints a line for each: the dataset and a word of the error, or "fine"."""
import os
import sys
import zlib

import h5py
import numpy as np

folder = sys.argv[1]
path = os.path.join(folder, "damaged.h5")
values = np.random.default_rng(6).standard_normal((20, 10)).astype("f4")
second = values[10:].tobytes()
stream = zlib.compress(second)
flips = []

with h5py.File(path, "w") as file:
    def make(name, word, chunk=None, mask=0, flip=None, **filters):
        """Stores `chunk` as it is, or flips a bit of byte `flip` of what HDF5 stored."""
        dataset = file.create_dataset(name, data=values, chunks=(10, 10), **filters)
        if chunk is not None:
            dataset.id.write_direct_chunk((10, 0), chunk, mask)
        if flip is not None:
            file.flush()
            info = dataset.id.get_chunk_info_by_coord((10, 0))
            flips.append(info.byte_offset + flip % info.size)
        print("/" + name, word, sep="\t")

    gzip = {"compression": "gzip"}
    make("checksum-data", "has the checksum", flip=100, fletcher32=True)
    make("checksum-itself", "has the checksum", flip=-1, fletcher32=True)
    make("checksum-of-gzip", "has the checksum", flip=50, fletcher32=True, **gzip)
    make("checksum-missing", "expected a checksum", b"abc", fletcher32=True)
    make("stream-head", "incorrect header check", flip=0, **gzip)
    make("stream-body", "cannot be decompressed", flip=60, **gzip)
    make("stream-tail", "incorrect data check", flip=-1, **gzip)
    make("stream-cut", "stored bytes end early", stream[:-20], **gzip)
    make("stream-empty", "cannot be decompressed", b"\0", **gzip)
    make("stream-short", "ends 4 bytes early", zlib.compress(second[:-4]), **gzip)
    make("stream-long", "holds more than 400 bytes", zlib.compress(second + b"\0"), **gzip)
    make("stream-bomb", "holds more than 400 bytes", zlib.compress(bytes(1 << 24)), **gzip)
    make("stored-large", "is stored in 1000000 bytes", bytes(1000000), **gzip)
    make("skipped-short", "holds 399 bytes, expected 400", second[:-1], 1, **gzip)
    make("skipped-long", "holds 401 bytes, expected 400", second + b"\0", 1, **gzip)
    make("stream-and-rest", "fine", stream + b"rest", **gzip)
    make("skipped", "fine", second, 1, **gzip)
    make("stored-blocks", "fine", zlib.compress(second, 0), **gzip)
    # Written before HDF5 1.6.3 on some machines: the bytes of each sum are swapped.
    dataset = file.create_dataset("swapped", data=values, chunks=(10, 10), fletcher32=True)
    file.flush()
    _, chunk = dataset.id.read_direct_chunk((10, 0))
    sums = bytes(chunk[400 + i] for i in (1, 0, 3, 2))
    dataset.id.write_direct_chunk((10, 0), chunk[:400] + sums, 0)
    print("/swapped", "fine", sep="\t")

with open(path, "r+b") as file:
    for place in flips:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 0x10]))
values.tofile(os.path.join(folder, "damaged.f4"))
