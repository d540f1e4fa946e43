# SPDX-License-Identifier: Apache-2.0
"""products.py numpy|system|copy [WIDTH ROWS COLUMNS]: one line with what one thread does.

For a library: its name, then GFLOP/s of Y = A S and of Z = Q^T A for a float32 slab A of
ROWS x COLUMNS and WIDTH columns in S and Q. For copy: GB/s of memory copied.
"""
import ctypes
import sys
import time

import numpy as np

SECONDS = 0.5  # each figure takes as long, so that two of us are at it together


def rate(work, run):
    """Work by second, by the median of the runs."""
    run()
    end, times = time.perf_counter() + SECONDS, []
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return work / np.median(times) / 1e9


def numpy_library():
    from threadpoolctl import threadpool_info
    info = next((item for item in threadpool_info() if item["user_api"] == "blas"), {})
    name = f"NumPy's {info.get('internal_api')} {info.get('version')}, {info.get('architecture')}"
    return name, lambda a, s, y: np.matmul(a, s, out=y), lambda a, q, z: np.matmul(q.T, a, out=z)


def system_library():
    blas = ctypes.CDLL("libopenblas.so.0")
    blas.openblas_get_corename.restype = blas.openblas_get_config.restype = ctypes.c_char_p

    def multiply(transposed, a, b, c):
        (m, n), k = c.shape, b.shape[0]
        one, zero = ctypes.c_float(1), ctypes.c_float(0)
        pointers = [x.ctypes.data_as(ctypes.c_void_p) for x in (a, b, c)]
        blas.cblas_sgemm(101, 112 if transposed else 111, 111, m, n, k, one, pointers[0],
                         a.shape[1], pointers[1], n, zero, pointers[2], n)

    name = f"{blas.openblas_get_config().decode()[:15].strip()}, " \
           f"{blas.openblas_get_corename().decode()}"
    return (f"system's {name}", lambda a, s, y: multiply(False, a, s, y),
            lambda a, q, z: multiply(True, q, a, z))


def main():
    if sys.argv[1] == "copy":
        source = np.ones(1 << 27, np.float32)
        target = np.empty_like(source)
        print(rate(source.nbytes, lambda: np.copyto(target, source)))
        return
    name, forward, backward = {"numpy": numpy_library, "system": system_library}[sys.argv[1]]()
    width, rows, columns = map(int, sys.argv[2:])
    rng = np.random.default_rng(0)
    a, s, q = (rng.standard_normal(shape, dtype=np.float32)
               for shape in ((rows, columns), (columns, width), (rows, width)))
    y, z = np.empty((rows, width), np.float32), np.empty((width, columns), np.float32)
    work = 2 * rows * columns * width
    print(f"{name}|{rate(work, lambda: forward(a, s, y))}|{rate(work, lambda: backward(a, q, z))}")


main()
