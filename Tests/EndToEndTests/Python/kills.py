# SPDX-License-Identifier: Apache-2.0
"""PROGRAM FOLDER COUNT SEED: kills a random rank of a job at a random moment, COUNT times. The final
name must be absent or stand for the right factors, and the next job must succeed. Prints how often
the job was killed, and how often it had finished."""
import contextlib
import glob
import os
import random
import signal
import subprocess
import sys
import time

import h5py

program, folder = sys.argv[1:3]
count, seed = map(int, sys.argv[3:])
dice = random.Random(seed)
source, output, reference = (
    os.path.join(folder, name) for name in ("in.h5", "out.h5", "reference.h5"))
ranks = 3
options = ["--rank", "20", "--bits", "4", "--quiet"]
command = ["mpirun", "-n", str(ranks), program, source, "-o", output, *options]


def datasets(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.__setitem__(name, item[()].tobytes())
                        if isinstance(item, h5py.Dataset) else None)
    return found


def ranks_of(job):
    """The processes of the job's ranks, found as children of its mpirun."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == job.pid:
            found.append(int(path.split("/")[2]))
    return found


def remove_segments():
    """Open MPI leaves its shared memory behind when a rank is killed; ours is what no one maps."""
    mapped = set()
    for path in glob.glob("/proc/[0-9]*/maps"):
        try:
            with open(path) as file:
                mapped.update(line.split()[-1] for line in file if "/dev/shm/" in line)
        except OSError:
            continue
    for path in glob.glob("/dev/shm/vader_segment.*"):
        if path not in mapped and os.stat(path).st_uid == os.getuid():
            os.remove(path)


subprocess.run([program, "generate", source, "--shape", "2000x1500", "--spectrum", "exponential:10",
                "--quiet"], check=True)
start = time.time()
subprocess.run([*command[:6], reference, *options], check=True)
length = time.time() - start
expected = datasets(reference)
killed = finished = 0
for number in range(count):
    job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(dice.uniform(0, 1.1 * length))
    victims = ranks_of(job)
    if victims:
        # It may have ended since it was found.
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(victims), signal.SIGKILL)
    begun = time.time()
    status = job.wait(timeout=20)
    assert time.time() - begun < 10 + length, "it went on for too long"
    if os.path.exists(output):
        finished += 1
        assert datasets(output) == expected, f"kill {number}: wrong factors under the final name"
        os.remove(output)
    else:
        killed += 1
        assert status != 0, f"kill {number}: status 0 and no file"
    if number % 10 == 0:
        again = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert again.returncode == 0, f"kill {number}: the next job fails: {again.stderr}"
        assert datasets(output) == expected
        os.remove(output)
        left = [name for name in os.listdir(folder) if name.startswith(".out")]
        assert not left, f"kill {number}: left {left} after the next job"
    remove_segments()
print(f"{killed} killed, {finished} had finished")
