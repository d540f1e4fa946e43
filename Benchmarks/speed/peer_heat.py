# SPDX-License-Identifier: Apache-2.0
"""Heat's rsvd on the ranks of an MPI job, rows distributed, the whole matrix in their memory."""
import heat as ht
import torch

import peer

arguments = peer.arguments()
torch.set_num_threads(1)
ht.random.seed(0)
a = ht.load_hdf5(arguments.input, "data", dtype=ht.float32, split=0)
u, s, vt = ht.linalg.rsvd(a, arguments.rank, n_oversamples=arguments.oversample,
                          power_iter=arguments.power)
left, s, right = (x.resplit_(None).larray.numpy() for x in (u, s, vt))
if ht.MPI_WORLD.rank == 0:
    peer.save(arguments.output, left * s, right.T)
