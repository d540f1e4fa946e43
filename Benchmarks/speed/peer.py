# SPDX-License-Identifier: Apache-2.0
"""What the peers have in common: the command line, and how they leave their factors."""
import argparse

import numpy as np


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("input", help="HDF5 file with the dataset data")
    parser.add_argument("output", help="OUTPUT.left.npy and OUTPUT.right.npy are written")
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--oversample", type=int, default=10)
    parser.add_argument("--power", type=int, default=0, help="power iterations, two reads each")
    parser.add_argument("--axis", choices=("rows", "columns"), default="rows")
    parser.add_argument("--slab", type=int, default=512, help="rows (or columns) of one read")
    parser.add_argument("--compute", action="store_true", help="dask: read again, keep little")
    return parser.parse_args()


def save(output, left, right):
    """A ~ left right^T; the singular values are in left."""
    np.save(f"{output}.left.npy", np.asarray(left, np.float32))
    np.save(f"{output}.right.npy", np.asarray(right, np.float32))
