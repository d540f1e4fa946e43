# SPDX-License-Identifier: Apache-2.0
"""FOLDER ROWSxCOLUMNS: rates of reading a matrix, a row for each kind of file."""
import os
import re
import subprocess
import sys
import time

import h5py
import numpy as np

folder = sys.argv[1]
rows, columns = map(int, sys.argv[2].split("x"))
binary = os.environ["LPLR_DIST_BINARY"]
turns = 5

square = {"chunks": (min(rows, 512), min(columns, 512))}
gzip = dict(square, compression="gzip", compression_opts=4)
kinds = [
    ("float32", "f4", {}),
    ("float32, big-endian", ">f4", {}),
    ("float64", "f8", {}),
    ("float16", "f2", {}),
    ("int16", "i2", {}),
    ("float32, chunks", "f4", square),
    ("float16, chunks", "f2", square),
    ("float32, chunks of 64 x 64", "f4", {"chunks": (min(rows, 64), min(columns, 64))}),
    ("float32, fletcher32", "f4", dict(square, fletcher32=True)),
    ("float32, gzip", "f4", gzip),
    ("float32, shuffle, gzip", "f4", dict(gzip, shuffle=True)),
    ("float16, shuffle, gzip", "f2", dict(gzip, shuffle=True)),
    ("int16, gzip", "i2", gzip),
]


def matrix():
    """A noisy matrix of rank 8, of numbers around 300."""
    rng = np.random.default_rng(0)
    left = rng.standard_normal((rows, 8)).astype("f4")
    right = rng.standard_normal((8, columns)).astype("f4")
    values = left @ right
    values += 0.01 * rng.standard_normal(values.shape, dtype="f4")
    return 100 * values


def best(read):
    return min(read() for _ in range(turns))


def timed(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def read_plainly(path):
    buffer = bytearray(4 << 20)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def read_by_h5py(path):
    """Bands of about 32 MB, whole chunks high, converted by NumPy."""
    with h5py.File(path) as file:
        dataset = file["data"]
        band = max(1, min(rows, (32 << 20) // (columns * dataset.dtype.itemsize)))
        if dataset.chunks:
            band = max(dataset.chunks[0], band // dataset.chunks[0] * dataset.chunks[0])
        for row in range(0, rows, band):
            dataset[row:row + band].astype("f4", copy=False)


def read_by_program(path):
    """Seconds of one read, of the two that the smallest compression makes."""
    output = subprocess.run(
        [binary, path, "--output", path + ".out", "--force", "--basis", "sketch", "--rank", "1",
         "--bits", "4", "--block-axis", "auto"],
        check=True, capture_output=True, text=True).stdout
    reads = int(re.search(r"^reads +(\d+)", output, re.M).group(1))
    return float(re.search(r"\(reading ([^,]+),", output).group(1)) / reads


print("| type and storage | MB stored | lplr-dist GB/s | h5py GB/s | bytes of the file GB/s |")
print("| --- | ---: | ---: | ---: | ---: |")
values = matrix()
for name, dtype, options in kinds:
    path = os.path.join(folder, "data.h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=values.astype(dtype), **options)
    numbers = rows * columns * np.dtype(dtype).itemsize / 1e9
    rates = [
        numbers / best(lambda: read_by_program(path)),
        numbers / best(lambda: timed(lambda: read_by_h5py(path))),
        numbers / best(lambda: timed(lambda: read_plainly(path))),
    ]
    cells = " | ".join(f"{rate:.2f}" for rate in rates)
    print(f"| {name} | {os.path.getsize(path) / 1e6:.0f} | {cells} |", flush=True)
    os.remove(path)
