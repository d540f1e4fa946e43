# SPDX-License-Identifier: Apache-2.0
"""PROGRAM SHIM.c FOLDER RANKS LAST: libraries that fail on one rank, call by call.

Compresses a small matrix on RANKS ranks and makes the n-th call of a function of LAPACK or MPI fail
on one rank, while the others wait for it: n = 1 to LAST on one rank for each function, or for LAST = 0
every tenth call to the last one, on the first, a middle and the last rank. A job must end by itself
with status 70, one line that names the function, and no output, or a whole one. Prints the number of jobs."""
import os
import subprocess
import sys
import time

program, source, folder = sys.argv[1:4]
ranks, last = map(int, sys.argv[4:])
shim = os.path.join(folder, "library.so")
subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
matrix, log = (os.path.join(folder, name) for name in ("in.h5", "log"))
output = os.path.join(folder, "out.h5")
subprocess.run([program, "generate", matrix, "--shape", "1500x1100", "--spectrum", "exponential:10",
                "--quiet"], check=True)
# What is only called by the root has no other rank to fail on; triangles go to the lower rank.
functions = {"LAPACKE_dgelqf": None, "LAPACKE_dorglq": None, "LAPACKE_dpotrf": 0, "LAPACKE_dpotrs": 0,
             "LAPACKE_dtrtri": 0, "LAPACKE_dsyevr": 0, "MPI_Allreduce": None, "MPI_Reduce": None, "MPI_Bcast": None,
             "MPI_Send": 2, "MPI_Recv": 0}
# The Q of a TSQR is not needed for bases that are nearly orthonormal.
options = {"LAPACKE_dorglq": ["--basis", "sketch"]}
jobs = 0


def fails(function, rank, number):
    """Runs a job with a fault; returns whether the fault was met."""
    global jobs
    jobs += 1
    for path in (log, output):
        if os.path.exists(path):
            os.remove(path)
    begin = time.monotonic()
    finished = subprocess.run(
        ["timeout", "-k", "5", "30", "mpirun", "-n", str(ranks), "env", "LD_PRELOAD=" + shim, program,
         matrix, "-o", output, "--rank", "9", "--bits", "4", "--quiet"]
        + options.get(function, []), capture_output=True, text=True,
        env=dict(os.environ, LPLR_FAULT_FUNCTION=function, LPLR_FAULT_RANK=str(rank),
                 LPLR_FAULT_N=str(number), LPLR_FAULT_LOG=log))
    what = f"call {number} of {function} on rank {rank}: {finished}"
    if not os.path.exists(log):
        assert finished.returncode == 0, what
        return False
    assert finished.returncode == 70 and time.monotonic() - begin < 20, what
    lines = [line for line in finished.stderr.splitlines() if line.startswith("lplr-dist: ")]
    name = function.removeprefix("LAPACKE_")
    assert len(lines) == 1 and name + " " in lines[0], what
    if os.path.exists(output):
        # What failed came after the file had its name: then it is whole.
        assert subprocess.run([program, "info", output, "--check"], capture_output=True).returncode == 0, what
    return True


for index, (function, only) in enumerate(functions.items()):
    if last:
        victim = index % ranks if only is None else only
        assert all(fails(function, victim, n) for n in range(1, last + 1)), f"{function} was not met"
        continue
    for rank in sorted({0, ranks // 2, ranks - 1}) if only is None else [only]:
        number = 1
        while fails(function, rank, number):
            number += 10
        assert number > 1, f"{function} was never met on rank {rank}"
left = [name for name in os.listdir(folder) if name.endswith((".tmp", ".lock"))]
assert not left, left
print(jobs, "jobs")
