# SPDX-License-Identifier: Apache-2.0
"""FOLDER: data.h5 with datasets of every type, layout and filter, and FOLDER/N.f4 with what NumPy
makes of each as float32. Prints a line for each: the dataset, N, what reads it (library,
converting or chunks)."""
import os
import sys

import h5py
import numpy as np

folder = sys.argv[1]
rng = np.random.default_rng(5)
shape = (45, 38)
np.seterr(all="ignore")
file = h5py.File(os.path.join(folder, "data.h5"), "w", libver="latest")
count = 0


def expect(dataset, values, path):
    """Prints what a reader must find."""
    global count
    values.astype("<f4").tofile(os.path.join(folder, f"{count}.f4"))
    print(dataset, count, path, sep="\t")
    count += 1


def low_level(name, file_type, creation, stored=None, extent=shape):
    """A dataset made by HDF5's own functions; `stored` are elements as they stand in the file."""
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    dataset = h5py.h5d.create(
        file.id, name.encode(), file_type, h5py.h5s.create_simple(extent), creation, links)
    if stored is not None:
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(stored), file_type)
    return dataset


def creation(chunk=None, *filters):
    """A creation list with filters in the given order."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if chunk:
        plist.set_chunk(chunk)
    for name in filters:
        {"gzip": lambda: plist.set_deflate(4), "shuffle": plist.set_shuffle,
         "fletcher": plist.set_fletcher32}[name]()
    return plist


def bits(kind):
    """Values of a type: all bit patterns are possible, and half of them are small."""
    dtype = np.dtype(kind)
    values = np.frombuffer(rng.bytes(shape[0] * shape[1] * dtype.itemsize), dtype).reshape(shape)
    values = values.copy()
    if dtype.kind == "f":
        values[::2] = rng.standard_normal(values[::2].shape)
        values[0, :6] = 0, np.inf, -np.inf, np.nan, np.finfo(dtype).max, np.finfo(dtype).min
        # Ties and values beside them, overflow, and what becomes subnormal.
        if dtype.itemsize == 8:
            ties = 1 + np.arange(16) * 2.0**-25
            values[1, :16], values[1, 16:32] = ties, -ties * (1 + 2.0**-52)
            top = float(np.finfo("f4").max)
            values[2, :4] = top, np.nextafter(top + top * 2.0**-25, 0), top * (1 + 2.0**-24), 1e39
            values[2, 4:20] = np.ldexp(1.0 + np.arange(16) / 16, -141 - np.arange(16))
        else:
            values[1, :30] = np.finfo(dtype).tiny * np.arange(30) / 16
    else:
        values[::2] = rng.integers(0, 100, values[::2].shape)
        limits = np.iinfo(dtype)
        values[0, :4] = limits.min, limits.max, limits.min // 2, limits.max // 2
        if dtype.itemsize >= 4:
            # Around 2^24 and 2^25, where float32 begins to leave integers out.
            values[1, :16] = (1 << 24) - 8 + np.arange(16)
            values[1, 16:32] = (1 << 25) - 8 + np.arange(16)
            values[2, :16] = (limits.max >> 1) - np.arange(16) * ((limits.max >> 26) + 1)
    return values


layouts = {
    "contiguous": (None,), "plain": ((13, 17),), "gzip": ((13, 17), "gzip"),
    "shuffle-gzip": ((10, 38), "shuffle", "gzip"), "fletcher": ((45, 5), "fletcher"),
    "all": ((16, 16), "shuffle", "gzip", "fletcher"),
    "inside-out": ((16, 16), "fletcher", "gzip", "shuffle"),
}
kinds = [order + kind for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split()
         for order in "<>" if order == "<" or kind[1] != "1"]
for kind in kinds:
    values = bits(kind)
    file_type = h5py.h5t.py_create(np.dtype(kind))
    for layout, arguments in layouts.items():
        name = f"/{kind}/{layout}"
        low_level(name, file_type, creation(*arguments), values)
        plain = "library" if kind == "<f4" else "converting"
        expect(name, values, plain if layout == "contiguous" else "chunks")

flags = rng.random(shape) < 0.4
for order in "<>":
    file_type = h5py.h5t.py_create(np.dtype(order + "f4")).copy()
    file_type.set_fields(15, 7, 8, 0, 7)
    file_type.set_size(2)
    file_type.set_ebias(127)
    upper = bits("u2")
    for layout, arguments in layouts.items():
        name = f"/{order}bfloat16/{layout}"
        low_level(name, file_type, creation(*arguments), upper.astype(order + "u2"))
        expect(name, (upper.astype("u4") << 16).view("f4"),
               "converting" if layout == "contiguous" else "chunks")
for layout, arguments in layouts.items():
    low_level(f"/bool/{layout}", h5py.h5t.py_create(np.dtype("?"), logical=True),
              creation(*arguments), flags)
    expect(f"/bool/{layout}", flags, "converting" if layout == "contiguous" else "chunks")

f4 = rng.standard_normal(shape).astype("f4")
i2 = rng.integers(-60, 60, shape).astype("i2")


def variant(name, values, path, stored=None, **options):
    file.create_dataset(name, data=values, **options)
    expect(name, values if stored is None else stored, path)


variant("/chunk-larger", f4, "chunks", maxshape=(None, None), chunks=(64, 100))
variant("/growing", f4, "chunks", maxshape=(None, None), chunks=(8, 9), compression="gzip")
variant("/growing-down", f4, "chunks", maxshape=(None, 38), chunks=(8, 9), compression="gzip")
variant("/chunk-of-one", f4[:9, :7].copy(), "chunks", chunks=(1, 1))
variant("/scaleoffset", i2, "library", scaleoffset=0, chunks=(13, 17))
if h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
    variant("/szip", f4, "library", compression="szip", chunks=(16, 16))
compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
compact.set_layout(h5py.h5d.COMPACT)
low_level("/compact", h5py.h5t.STD_I16BE, compact, i2.astype(">i2"))
expect("/compact", i2, "converting")
# Types that HDF5 converts: part of the bits, and a float of another width.
partial = h5py.h5t.STD_I16LE.copy()
partial.set_precision(9)
partial.set_offset(3)
low_level("/partial", partial, creation((13, 17), "gzip")).write(h5py.h5s.ALL, h5py.h5s.ALL, i2)
expect("/partial", i2, "library")
odd = h5py.h5t.IEEE_F32LE.copy()
odd.set_fields(23, 15, 8, 0, 15)
odd.set_precision(24)
odd.set_size(3)
low_level("/odd", odd, creation()).write(h5py.h5s.ALL, h5py.h5s.ALL, np.float32(i2))
expect("/odd", i2, "library")

# What was never written is the fill value, also where chunks exist beside it.
for name, fill in ("fill", 2.5), ("no-fill", None):
    sparse = file.create_dataset("/" + name, shape, "f8", chunks=(8, 9), fillvalue=fill,
                                 compression="gzip")
    values = np.full(shape, fill or 0, "f8")
    sparse[10:20, 3:30] = values[10:20, 3:30] = f4[10:20, 3:30]
    expect("/" + name, values, "chunks")
# Without a fill value, HDF5 leaves the memory as it was; the program sees zeros.
never = creation((8, 9), "shuffle")
never.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
low_level("/never-filled", h5py.h5t.STD_I64LE, never)
expect("/never-filled", np.zeros(shape), "chunks")
sparse = file.create_dataset("/fill-contiguous", shape, "i4", fillvalue=-7)
expect("/fill-contiguous", np.full(shape, -7), "converting")

# Chunks to which not all filters were applied: bit i of the mask leaves out filter i.
masked = file.create_dataset("/masked", (16, 9), "<f4", chunks=(8, 9), shuffle=True,
                             compression="gzip")
masked.id.write_direct_chunk((0, 0), f4[:8, :9].tobytes(), 0b11)
shuffled = np.frombuffer(f4[8:16, :9].tobytes(), "u1").reshape(-1, 4).T.tobytes()
masked.id.write_direct_chunk((8, 0), shuffled, 0b10)
expect("/masked", f4[:16, :9], "chunks")
file.close()

# The format before HDF5 1.8, with other indexes of chunks.
with h5py.File(os.path.join(folder, "old.h5"), "w", libver="earliest") as old:
    old.create_dataset("data", data=f4.astype("f8"), chunks=(8, 9), shuffle=True,
                       compression="gzip", fletcher32=True)
f4.astype("f8").astype("f4").tofile(os.path.join(folder, "old.f4"))
