# SPDX-License-Identifier: Apache-2.0
"""FACTORS REBUILT [r0 r1 c0 c1 rank]: the largest difference between what `decompress` wrote and
left @ right.T by NumPy, relative to float32 rounding of the sum. 1 is one rounding error."""
import sys

import h5py
import numpy as np

from lplr_reader import factors, group_of, matrix

left, right = factors(sys.argv[1])
name, rebuilt = matrix(sys.argv[2])
with h5py.File(sys.argv[1]) as file:
    assert group_of(file).name == "/" + name, (group_of(file).name, name)
if len(sys.argv) > 3:
    r0, r1, c0, c1, rank = map(int, sys.argv[3:])
    left, right = left[r0:r1, :rank], right[c0:c1, :rank]
assert rebuilt.dtype == np.float32 and rebuilt.shape == (len(left), len(right)), rebuilt.shape
left, right = left.astype("f8"), right.astype("f8")
size = np.abs(left) @ np.abs(right).T
gap = np.abs(left @ right.T - rebuilt)
bound = 2.0**-24 * size + 1e-45
print((gap / bound).max())
