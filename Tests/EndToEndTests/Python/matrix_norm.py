# SPDX-License-Identifier: Apache-2.0
"""A [B]: the Frobenius norm of A, or of A - B."""
import sys

import numpy as np

from lplr_reader import matrix

a, *others = [matrix(path)[1].astype("f8") for path in sys.argv[1:]]
for other in others:
    a = a - other
print(np.linalg.norm(a))
