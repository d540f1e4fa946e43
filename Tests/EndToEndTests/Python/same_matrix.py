# SPDX-License-Identifier: Apache-2.0
"""FILE FILE ...: fails unless all hold the same matrix, to the accuracy of the coarsest type.
Prints the type of each."""
import sys

import numpy as np

from lplr_reader import matrix

first = matrix(sys.argv[1])[1]
for path in sys.argv[1:]:
    other = matrix(path)[1]
    assert other.shape == first.shape, path
    if other.dtype == first.dtype:
        assert other.tobytes() == first.tobytes(), f"{path}: {np.argwhere(other != first)[:3]}"
    elif other.dtype == np.uint8:
        assert (other == np.floor(first * 255 + np.float32(0.5))).all(), path
    else:
        coarsest = min(first.dtype, other.dtype, key=lambda t: t.itemsize)
        assert (other.astype(coarsest) == first.astype(coarsest)).all(), path
    print(other.dtype)
