# SPDX-License-Identifier: Apache-2.0
"""Runs a command and measures it: seconds, memory, bytes read; and what the page cache holds."""
import dataclasses
import os
import pathlib
import signal
import subprocess
import tempfile
import time

DROP = pathlib.Path("/proc/sys/vm/drop_caches")
ACCOUNT = os.environ.get("LPLR_SPEED_ACCOUNT", "account")
LONGEST = 3600  # seconds that a run may take


class Failed(Exception):
    """A run that did not end well; the message is its last word."""


@dataclasses.dataclass
class Run:
    seconds: float
    peak: float  # MiB, of the largest process
    cpu: float  # seconds, all processes
    read: float  # GB by system calls, all processes
    storage: float  # GB from the disk


def run(command, ranks=None, environment=None):
    """One run, on MPI ranks or as one process."""
    with tempfile.NamedTemporaryFile(mode="r", prefix="lplr-account.") as log:
        launcher = ["mpirun", "-n", str(ranks)] if ranks else []
        start = time.monotonic()
        finish([*launcher, ACCOUNT, log.name, *map(str, command)], environment)
        seconds = time.monotonic() - start
        lines = [list(map(float, line.split())) for line in log]
    if not lines:
        raise Failed("no process was accounted for")
    peak, cpu, read, storage = zip(*lines)
    return Run(seconds, max(peak) / 1024, sum(cpu), sum(read) / 1e9, sum(storage) / 1e9)


def finish(command, environment=None):
    """Runs to the end or to the time limit, which ends its whole process group."""
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        output, errors = process.communicate(timeout=LONGEST)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Failed(f"stopped after {LONGEST} s") from None
        raise
    if process.returncode != 0:
        raise Failed(last_word(errors or output, process.returncode))


def last_word(text, status):
    """The first line that names an error; what mpirun adds comes after it."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" -")]
    named = [line for line in lines if "rror" in line or line.startswith("lplr-dist:")]
    return f"status {status}: " + (named or lines or ["silent"])[0][:160]


def drops_all():
    return os.access(DROP, os.W_OK)


def how_cold():
    return ("all of the page cache dropped by /proc/sys/vm/drop_caches, then the program's own "
            "files brought back by a run on a tiny matrix" if drops_all() else
            "the file dropped from the page cache by posix_fadvise, as drop_caches is not ours")


def chill(path, warm_up):
    """Takes the matrix out of the page cache, but not the program, which `warm_up` runs."""
    os.sync()
    if drops_all():
        DROP.write_text("1")
        warm_up()
    else:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def warm(path):
    """Reads the file, so that as much of it as fits is in the page cache."""
    read(path, 1)


def read(path, processes):
    """Seconds in which so many processes read the file, each its own part, in pieces of 8 MiB."""
    pieces = -(-os.path.getsize(path) // (8 << 20))
    cuts = [pieces * p // processes for p in range(processes + 1)]
    start = time.monotonic()
    children = [
        subprocess.Popen(["dd", f"if={path}", "of=/dev/null", "bs=8M", f"skip={first}",
                          f"count={last - first}"], stderr=subprocess.DEVNULL)
        for first, last in zip(cuts, cuts[1:])]
    if any([child.wait() for child in children]):
        raise Failed(f"dd could not read {path}")
    return time.monotonic() - start
