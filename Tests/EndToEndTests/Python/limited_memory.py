# SPDX-License-Identifier: Apache-2.0
"""PROGRAM FOLDER: jobs whose ranks have little address space. What the program itself maps is
measured first; with the memory of the plan and a fifth on top, it runs. Below the plan it refuses
before it reads. Prints the limits."""
import os
import re
import resource
import subprocess
import sys
import time

program, folder = sys.argv[1:]
source, output = os.path.join(folder, "in.h5"), os.path.join(folder, "out.h5")
subprocess.run([program, "generate", source, "--shape", "4000x3000", "--spectrum", "exponential:20",
                "--quiet"], check=True)


def command(rank, memory):
    return [program, source, "-o", output, "--force", "--quiet", "--bits", "4", "--rank", str(rank),
            "--memory", str(memory)]


def run(rank, memory, limit=None):
    """A job; `limit` is that of the address space of its processes, in bytes."""
    def set_limit():
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return subprocess.run(["timeout", "-k", "5", "120", *command(rank, memory)], capture_output=True,
                          text=True, preexec_fn=set_limit)


def peak_address_space(rank, memory):
    """The most address space that a job has while it runs, in MiB."""
    process = subprocess.Popen(command(rank, memory))
    peak = 0
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as file:
            found = re.search(r"VmPeak:\s*(\d+) kB", file.read())
        peak = int(found.group(1)) // 1024 + 1 if found else peak
        time.sleep(0.001)
    assert process.returncode == 0
    return peak


refused = run(64, 1 << 20)
assert refused.returncode == 64, refused
needed = int(re.search(r"needs at least (\d+) MiB", refused.stderr).group(1))
assert not os.path.exists(output)
# A tiny job shows what program, libraries and MPI map.
program_itself = peak_address_space(1, 256 << 20)
smallest = int(re.search(r"needs at least (\d+) MiB", run(1, 1 << 20).stderr).group(1))
planned = needed + 64
limit = program_itself + planned * 6 // 5 - smallest
finished = run(64, planned << 20, limit << 20)
assert finished.returncode == 0, f"{limit} MiB: {finished}"
print(f"plan of {planned} MiB within {limit} MiB of address space, {program_itself} of a tiny job")
