# SPDX-License-Identifier: Apache-2.0
"""FACTORS INPUT [FACTORS INPUT ...]: of each ||A - left right^T|| / ||A|| in double precision, the
error that the file claims, and 1 if it claims a bound, else 0."""
import sys

import h5py
import numpy as np

from lplr_reader import factors, group_of, matrix

for path, source in zip(sys.argv[1::2], sys.argv[2::2]):
    left, right = factors(path)
    a = matrix(source)[1].astype("f8")
    assert np.isfinite(left).all() and np.isfinite(right).all()
    residual = np.linalg.norm(a - left.astype("f8") @ right.astype("f8").T)
    with h5py.File(path) as file:
        attributes = dict(group_of(file).attrs)
    kind = attributes["error_kind"]
    kind = kind.decode() if isinstance(kind, bytes) else kind
    norm = np.linalg.norm(a)
    assert abs(attributes["frobenius_norm"] - norm) <= 1e-9 * norm
    print(residual / norm if residual else 0.0, attributes["relative_error"],
          ["exact", "bound"].index(kind))
