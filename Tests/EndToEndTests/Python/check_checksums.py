# SPDX-License-Identifier: Apache-2.0
"""FACTORS: compares all checksums of a factor file with zlib's. Prints how many blocks of rows the
codes have."""
import sys
import zlib

import h5py

blocks = 0


def check(name, item):
    global blocks
    if not isinstance(item, h5py.Dataset):
        return
    assert zlib.crc32(item[()].tobytes()) == item.attrs["crc32"], name
    if name.endswith("_crc32"):
        codes, step = file[name[:-len("_crc32")]], item.attrs["rows_per_block"]
        assert len(item) == -(-len(codes) // step), name
        for number, crc in enumerate(item[:]):
            block = codes[number * step:(number + 1) * step]
            assert zlib.crc32(block.tobytes()) == crc, f"{name}: block {number}"
            blocks += 1


with h5py.File(sys.argv[1]) as file:
    file.visititems(check)
print(blocks)
