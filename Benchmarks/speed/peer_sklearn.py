# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's randomized_svd on the whole matrix in memory."""
import h5py
from sklearn.utils.extmath import randomized_svd

import peer

arguments = peer.arguments()
with h5py.File(arguments.input) as file:
    a = file["data"][:]
u, s, vt = randomized_svd(
    a, arguments.rank, n_oversamples=arguments.oversample, n_iter=arguments.power,
    power_iteration_normalizer="QR" if arguments.power else "auto", random_state=0)
peer.save(arguments.output, u * s, vt.T)
