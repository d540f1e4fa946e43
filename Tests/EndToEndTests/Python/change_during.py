# SPDX-License-Identifier: Apache-2.0
"""HOW INPUT OUTPUT COMMAND ...: runs a command that reads INPUT and writes OUTPUT, and does something
when it has begun to: `kill` ends the process and what it started, `replace` puts another file of the
same size in the place of INPUT, `cut` shortens it. Ends with its status."""
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

how, source, output = sys.argv[1:4]
folder, name = os.path.split(output)
process = subprocess.Popen(sys.argv[4:], start_new_session=True)
pattern = os.path.join(glob.escape(folder), f".{glob.escape(name)}~*.tmp")
while not glob.glob(pattern):
    assert process.poll() is None, "it has ended before it began to write"
    time.sleep(0.001)
if how == "kill":
    os.kill(process.pid, signal.SIGKILL)
elif how == "replace":
    shutil.copy(source, source + ".new")
    os.replace(source + ".new", source)
elif how == "cut":
    os.truncate(source, os.path.getsize(source) - 1)
status = process.wait(timeout=60)
sys.exit(128 - status if status < 0 else status)
