# SPDX-License-Identifier: Apache-2.0
"""dask's svd_compressed, from the file by blocks of rows (or of chunks), on threads."""
import dask
import dask.array as da
import h5py

import peer

arguments = peer.arguments()
with h5py.File(arguments.input) as file:
    data = file["data"]
    rows, columns = data.shape
    block = (arguments.slab, columns)
    if data.chunks is not None and arguments.axis == "columns":
        block = (rows, arguments.slab)
    a = da.from_array(data, chunks=block)
    u, s, v = da.linalg.svd_compressed(
        a, arguments.rank, n_power_iter=arguments.power, iterator="QR",
        n_oversamples=arguments.oversample, seed=0, compute=arguments.compute)
    u, s, v = dask.compute(u, s, v)
peer.save(arguments.output, u * s, v.T)
