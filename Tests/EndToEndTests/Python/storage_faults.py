# SPDX-License-Identifier: Apache-2.0
"""PROGRAM SHIM.c FOLDER RANKS LAST: storage that fails, call by call.

Compresses a small matrix on RANKS ranks and makes the n-th call on a file fail on one rank, once or
for good in turn, for every kind of call and n = 1 to LAST on the first and the last rank (0: to the
last call of its kind, and on a middle rank as well). A job must end with status 74, one line and no
file, or with status 0 and the right factors. Calls that only transfer less, or are interrupted, must
do no harm. Prints the number of jobs."""
import os
import subprocess
import sys

import h5py

program, source, folder = sys.argv[1:4]
ranks, last = map(int, sys.argv[4:])
shim = os.path.join(folder, "fault.so")
subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
paths = {name: os.path.join(folder, name) for name in ("in.h5", "ref.lplr.h5", "rebuilt.h5")}
output = os.path.join(folder, "out", "out.lplr.h5")
log = os.path.join(folder, "log")
os.mkdir(os.path.dirname(output))
jobs = 0


def run(arguments, **fault):
    """Runs a job; the keywords are those of the shim."""
    global jobs
    jobs += 1
    if os.path.exists(log):
        os.remove(log)
    variables = {"LPLR_FAULT_" + name.upper(): str(value) for name, value in fault.items()}
    return subprocess.run(
        ["timeout", "-k", "5", "30", "mpirun", "-n", str(ranks), "env", "LD_PRELOAD=" + shim, program,
         *arguments], capture_output=True, text=True,
        env=dict(os.environ, LPLR_FAULT_LOG=log, **variables))


def datasets(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.__setitem__(name, item[()].tobytes())
                        if isinstance(item, h5py.Dataset) else None)
    return found


def hit():
    return os.path.exists(log) and " fault " in open(log).read()


def check(arguments, expected, succeeds, **fault):
    """Runs a job with a fault; returns whether the fault was met."""
    for name in os.listdir(os.path.dirname(output)):
        os.remove(os.path.join(os.path.dirname(output), name))
    finished = run(arguments, **fault)
    if not hit():
        assert finished.returncode == 0, f"{fault}: {finished}"
        return False
    names = os.listdir(os.path.dirname(output))
    lines = [line for line in finished.stderr.splitlines() if line.startswith("lplr-dist: ")]
    if finished.returncode == 0:
        assert names == [os.path.basename(output)], f"{fault}: {names}"
        assert datasets(output) == expected, f"{fault}: wrong output and status 0"
    else:
        assert not succeeds, f"{fault}: {finished}"
        assert finished.returncode == 74, f"{fault}: {finished}"
        assert len(lines) == 1, f"{fault}: {lines}"
        assert not names, f"{fault}: left {names}"
    return True


run(["generate", paths["in.h5"], "--shape", "90x70", "--spectrum", "exponential:5", "--chunk", "20x30"])
compress = ["compress", paths["in.h5"], "--rank", "9", "--bits", "4", "--quiet", "--output"]
assert run(compress + [paths["ref.lplr.h5"]]).returncode == 0
decompress = ["decompress", paths["ref.lplr.h5"], "--quiet", "--output"]
assert run(decompress + [paths["rebuilt.h5"]]).returncode == 0
factors, rebuilt = datasets(paths["ref.lplr.h5"]), datasets(paths["rebuilt.h5"])

plans = [(compress, factors, "out.lplr.h5", call)
         for call in ("write", "fsync", "close", "reserve", "truncate", "rename", "read")]
plans += [(compress, factors, "/in.h5", "read"), (decompress, rebuilt, "ref.lplr.h5", "read")]
chosen = {0, ranks - 1} if last else {0, ranks // 2, ranks - 1}
for arguments, expected, path, call in plans:
    for rank in sorted(chosen):
        n = 1
        while (not last or n <= last) and check(
                arguments + [output], expected, False, call=call, path=path, rank=rank, n=n,
                ever=(n + rank) % 2):
            n += 1
        assert n > 1 or rank > 0, f"{call} of {path} was never met"
for arguments, expected, path, call in plans:
    if call in ("read", "write"):
        for how in ("short", "eintr"):
            # Every call after an interrupted one would be interrupted for ever.
            check(arguments + [output], expected, True, call=call, path=path, n=2, how=how,
                  ever=int(how == "short"))
for code in (27, 28, 122):  # too large, no space, quota
    assert check(compress + [output], factors, False, call="write", path="out.lplr.h5", n=2, how=code,
                 rank=ranks - 1 if code == 28 else 0)
print(jobs, "jobs")
