# SPDX-License-Identifier: Apache-2.0
"""FILE: the singular values of its matrix, and the root mean square of its elements first."""
import sys

import numpy as np

from lplr_reader import matrix

a = matrix(sys.argv[1])[1].astype("f8")
print(np.sqrt((a * a).mean()))
print(*np.linalg.svd(a, compute_uv=False))
