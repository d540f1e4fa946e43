# SPDX-License-Identifier: Apache-2.0
"""FACTORS X Y [transpose]: the largest difference between what `multiply` wrote and the product by
NumPy, relative to float32 rounding of the sums. 1 is one rounding error of the largest term."""
import sys

import numpy as np

from lplr_reader import factors, matrix

left, right = (side.astype("f8") for side in factors(sys.argv[1]))
if sys.argv[4:] == ["transpose"]:
    left, right = right, left
path, x = matrix(sys.argv[2])
written, y = matrix(sys.argv[3])
assert written == path, (written, path)
assert y.dtype == np.float32 and y.shape == (len(left), x.shape[1]), (y.dtype, y.shape)
x = x.astype("f8")
gap = np.abs(left @ (right.T @ x) - y)
# The inner product is rounded relative to the largest component of its column.
inner = np.abs(right).T @ np.abs(x)
bound = 2.0**-24 * (np.abs(left) @ np.broadcast_to(inner.max(0), inner.shape)) + 1e-45
print((gap / bound).max())
