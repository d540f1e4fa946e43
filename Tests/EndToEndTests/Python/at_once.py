# SPDX-License-Identifier: Apache-2.0
"""COUNT COMMAND ...: starts a command COUNT times at once; prints the statuses in order."""
import subprocess
import sys

started = [subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
           for _ in range(int(sys.argv[1]))]
print(*sorted(process.wait(timeout=60) for process in started))
