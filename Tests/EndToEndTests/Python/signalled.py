# SPDX-License-Identifier: Apache-2.0
"""SIGNAL WHOM FILE COMMAND...: runs a command, waits until a file stands there ("" for at once), sends
a signal (or several, as in STOP+CONT, 3 s apart) to the command itself ("job") or to one of its ranks (a number, in the order of process ids),
and prints what comes of it as JSON: status, seconds from the signal to the end, output and errors."""
import json
import os
import signal
import subprocess
import sys
import time


def children(parent):
    """The process ids of the lplr-dist processes below another one, ascending."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                head, tail = file.read().rsplit(")", 1)
        except OSError:
            continue
        if head.endswith("(lplr-dist") and int(tail.split()[1]) == parent:
            found.append(int(name))
    return sorted(found)


def is_running(pid):
    """Whether there is such a process, and it has not ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(condition, process, seconds=60):
    """Whether a condition came true while the process ran."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def start(command):
    # Those who start us may have blocked signals in the thread that did.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL)


def main():
    number, whom, path, *command = sys.argv[1:]
    process = start(command)
    came = wait_for(lambda: not path or os.path.exists(path), process)
    begin = time.monotonic()
    if process.poll() is None:
        target = process.pid if whom == "job" else children(process.pid)[int(whom)]
        for pause, name in enumerate(number.split("+")):
            time.sleep(3 * (pause > 0))
            os.kill(target, getattr(signal, "SIG" + name))
    try:
        output, errors = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        errors += "\nkilled after 60 s\n"
    print(json.dumps({
        "status": process.returncode, "seconds": time.monotonic() - begin, "came": came,
        "output": output, "errors": errors}))


if __name__ == "__main__":
    main()
