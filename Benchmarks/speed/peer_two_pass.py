# SPDX-License-Identifier: Apache-2.0
"""What one writes by hand for a large HDF5 matrix: randomized SVD on MPI ranks, two reads or more.

    mpirun -n 2 python peer_two_pass.py A.h5 OUT --rank 128 --oversample 10 --power 0 --axis rows

Halko, Martinsson, Tropp (SIAM Review 53(2), 2011), Algorithms 4.4 and 5.1, in float32: 2 + 2 q
reads. A rank owns a run of rows, of which one slab is in memory and the next one on its way. With
`--axis columns` the matrix is the transpose, whose rows are the columns in the file.
"""
import queue
import threading

import h5py
import numpy as np
from mpi4py import MPI
from scipy.linalg import eigh, qr
from scipy.linalg.blas import sgemm

import peer

world = MPI.COMM_WORLD


class OwnRows:
    """The rows of this rank, slab by slab, read ahead by a thread (h5py reads without the GIL)."""

    def __init__(self, dataset, axis, height):
        self.dataset, self.by_rows = dataset, axis == "rows"
        self.extent, self.width = dataset.shape if self.by_rows else dataset.shape[::-1]
        # Slabs start at multiples of their height, so that no chunk is read by two ranks.
        grid = [*range(0, self.extent, height), self.extent]
        cuts = [(len(grid) - 1) * rank // world.size for rank in range(world.size + 1)]
        self.starts = [grid[cut] for cut in cuts]
        bounds = grid[cuts[world.rank]:cuts[world.rank + 1] + 1]
        self.slabs = list(zip(bounds, bounds[1:]))
        self.first, self.count = bounds[0], bounds[-1] - bounds[0]
        self.buffers = [np.empty(min(height, self.extent) * self.width, np.float32)
                        for _ in range(2)]

    def __iter__(self):
        """Yields (this rank's rows, slab). The slab lives until the next one is asked for."""
        free, full = queue.Queue(), queue.Queue()
        for buffer in self.buffers:
            free.put(buffer)

        def read():
            try:
                for start, stop in self.slabs:
                    buffer = free.get()
                    full.put((slice(start - self.first, stop - self.first), buffer,
                              self.load(start, stop, buffer)))
            except BaseException as error:
                full.put(error)

        threading.Thread(target=read, daemon=True).start()
        for _ in self.slabs:
            item = full.get()
            if isinstance(item, BaseException):
                raise item
            rows, buffer, slab = item
            yield rows, slab
            free.put(buffer)

    def load(self, start, stop, buffer):
        here = buffer[:(stop - start) * self.width]
        if self.by_rows:
            slab = here.reshape(stop - start, self.width)
            self.dataset.read_direct(slab, np.s_[start:stop])
            return slab
        slab = here.reshape(self.width, stop - start)
        self.dataset.read_direct(slab, np.s_[:, start:stop])
        return slab.T


def times(a, x):
    """A X, this rank's rows of it."""
    y = np.empty((a.count, x.shape[1]), np.float32)
    for rows, slab in a:
        np.matmul(slab, x, out=y[rows])
    return y


def transposed_times(a, q):
    """A^T Q, summed over ranks; of its rows, this rank's share."""
    z = np.zeros((a.width, q.shape[1]), np.float32)
    for rows, slab in a:
        # Z^T += Q^T A: added in place, and told what is in which order, so that nothing is copied.
        factor = (slab.T, 1) if slab.flags.c_contiguous else (slab, 0)
        sgemm(1, q[rows].T, factor[0], beta=1, c=z.T, trans_b=factor[1], overwrite_c=True)
    counts = [len(part) for part in np.array_split(np.empty(a.width), world.size)]
    mine = np.empty((counts[world.rank], q.shape[1]), np.float32)
    world.Reduce_scatter(z, mine, [count * q.shape[1] for count in counts])
    return mine


def orthonormal(y):
    """An orthonormal basis of the columns, rows distributed as those of Y (one TSQR step)."""
    q, r = qr(y, mode="economic", overwrite_a=True, check_finite=False)
    pieces = world.allgather(r)
    top = qr(np.vstack(pieces), mode="economic", check_finite=False)[0]
    start = sum(len(piece) for piece in pieces[:world.rank])
    return q @ top[start:start + len(r)]


def gather(rows):
    """All rows, on every rank."""
    return np.vstack(world.allgather(rows))


def decompose(a, rank, width, power):
    """Left factor with singular values, and right factor: on each rank, its rows of both."""
    rng = np.random.default_rng(0)
    sketch = rng.standard_normal((a.width, width), dtype=np.float32)
    q = orthonormal(times(a, sketch))
    del sketch
    for _ in range(power):
        q = orthonormal(times(a, gather(orthonormal(transposed_times(a, q)))))
    z = transposed_times(a, q)
    wide = z.astype(np.float64)
    gram = world.allreduce(wide.T @ wide)
    rotation = eigh(gram, check_finite=False)[1][:, ::-1][:, :rank]
    norms = np.sqrt(np.einsum("ij,ij->j", rotation, gram @ rotation))
    return (q @ (rotation * norms).astype(np.float32), z @ (rotation / norms).astype(np.float32))


def main():
    arguments = peer.arguments()
    with h5py.File(arguments.input) as file:
        a = OwnRows(file["data"], arguments.axis, arguments.slab)
        width = min(arguments.rank + arguments.oversample, *file["data"].shape)
        left, right = decompose(a, arguments.rank, width, arguments.power)
    left, right = (world.gather(part) for part in (left, right))
    if world.rank == 0:
        left, right = np.vstack(left), np.vstack(right)
        peer.save(arguments.output, *((left, right) if a.by_rows else (right, left)))


if __name__ == "__main__":
    main()
