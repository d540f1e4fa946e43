# SPDX-License-Identifier: Apache-2.0
"""OUTPUT COMMAND ...: runs a command while another job seems to write OUTPUT; ends with its
status."""
import fcntl
import os
import subprocess
import sys

folder, name = os.path.split(sys.argv[1])
path = os.path.join(folder, f".{name}.lock")
with open(path, "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write(f"host elsewhere, process 4711\n.{name}~elsewhere.4711.tmp\n")
    file.flush()
    status = subprocess.run(sys.argv[2:], timeout=30).returncode
    os.remove(path)
sys.exit(status)
