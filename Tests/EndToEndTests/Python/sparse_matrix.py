# SPDX-License-Identifier: Apache-2.0
"""PROGRAM FOLDER: a contiguous uint8 matrix with more than 2^31 entries in a file that is mostly a
hole, compressed and rebuilt. Prints its size and the largest error of a part."""
import os
import subprocess
import sys

import h5py
import numpy as np

program, folder = sys.argv[1:]
source, factors, part = (
    os.path.join(folder, name) for name in ("in.h5", "in.lplr.h5", "part.h5"))
rows, columns = 47_000, 46_000
with h5py.File(source, "w", libver=("v110", "v110")) as file:
    create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    create.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    create.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    h5py.h5d.create(file.id, b"data", h5py.h5t.STD_U8LE, h5py.h5s.create_simple((rows, columns)),
                    create)
    # Values on both sides of entry 2^31, and in the last row.
    file["data"][:64, -64:] = 200
    file["data"][2**31 // columns - 32:2**31 // columns + 32, :64] = 100
    file["data"][-64:, -64:] = 50
assert os.stat(source).st_blocks * 512 < 1 << 30, "the file system keeps no holes"
subprocess.run(["mpirun", "-n", "2", program, source, "-o", factors, "--rank", "4", "--bits", "8",
                "--quiet"], check=True, timeout=1500)
worst = 0
for begin, end in ((0, 64), (2**31 // columns - 32, 2**31 // columns + 32), (rows - 64, rows)):
    subprocess.run([program, "decompress", factors, "-o", part, "--force", "--quiet", "--rows",
                    f"{begin}:{end}"], check=True, timeout=300)
    with h5py.File(source) as file:
        expected = file["data"][begin:end].astype("f4")
    with h5py.File(part) as file:
        gap = np.linalg.norm(file["data"][:] - expected) / np.linalg.norm(expected)
    worst = max(worst, gap)
    assert gap < 0.05, f"rows {begin}:{end}: relative error {gap}"
print(f"{rows} x {columns} = {rows * columns / 2**31:.3f} x 2^31 entries, error {worst:.2g}")
