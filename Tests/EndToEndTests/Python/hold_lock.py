# SPDX-License-Identifier: Apache-2.0
"""LOCK COMMAND ...: runs a command while another job seems to hold a lock; ends with its status."""
import fcntl
import os
import subprocess
import sys

path = sys.argv[1]
with open(path, "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write("host elsewhere, process 4711\n.out.h5~elsewhere.4711.tmp\n")
    file.flush()
    status = subprocess.run(sys.argv[2:], timeout=30).returncode
    os.remove(path)
sys.exit(status)
