# SPDX-License-Identifier: Apache-2.0
"""MODE FILE COMMAND ...: runs a command while FILE is open for writing, in MODE "swmr" by a writer that
lets others read (HDF5's single writer, many readers); ends with its status."""
import subprocess
import sys

import h5py

mode, path, *command = sys.argv[1:]
with h5py.File(path, "r+", libver="latest" if mode == "swmr" else None) as file:
    if mode == "swmr":
        file.swmr_mode = True
    else:
        file.attrs["changing"] = 1
    status = subprocess.run(command, timeout=30).returncode
sys.exit(status)
