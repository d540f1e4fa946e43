# SPDX-License-Identifier: Apache-2.0
"""FILE COMMAND ...: runs a command while FILE is open for writing; ends with its status."""
import subprocess
import sys

import h5py

with h5py.File(sys.argv[1], "r+") as file:
    file.attrs["changing"] = 1
    status = subprocess.run(sys.argv[2:], timeout=30).returncode
sys.exit(status)
