# SPDX-License-Identifier: Apache-2.0
"""JOBS NAME PROGRAM MODE [INPUT]: runs the job script NAME of the folder JOBS as its batch system would,
on this machine, with PROGRAM. Ends with the status of the script, and prints what it prints and then
`requeued: ...` for each call of a command of the batch system.

MODE: run; warn (PROGRAM is a script of a few lines that ends with status 75 as soon as it is warned of
the time limit); fail (it ends with status 3)."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

jobs, name, program, mode = sys.argv[1:5]
given = sys.argv[5] if len(sys.argv) > 5 else "data.h5"


def write(path, text, executable=False):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755 if executable else 0o644)


with tempfile.TemporaryDirectory() as folder:
    binary = os.path.join(folder, ".build/release/lplr-dist")
    if mode == "run":
        os.makedirs(os.path.dirname(binary))
        os.symlink(program, binary)
    else:
        write(binary, f"""#!/bin/bash
echo "threads $OMP_NUM_THREADS $OPENBLAS_NUM_THREADS, arguments $*"
if [[ {mode} == fail ]]; then exit 3; fi
trap 'exit 75' USR1
touch {folder}/begun
while sleep 0.1; do :; done
""", executable=True)
    with open(os.path.join(jobs, name), encoding="utf-8") as file:
        text = file.read()
    # Without a batch system, time is short.
    text = re.sub(r"^limit=.*", "limit=3s", text, flags=re.MULTILINE)
    script = os.path.join(folder, "jobs", name)
    write(script, text)
    calls = os.path.join(folder, "calls")
    for command in ("scontrol", "qsub"):
        write(os.path.join(folder, "bin", command),
              f'#!/bin/sh\necho "requeued: {command} $*" >>{calls}\n', executable=True)
    write(os.path.join(folder, "nodes"), f"{socket.gethostname()}\n" * min(2, os.cpu_count()))

    environment = dict(os.environ, PATH=os.path.join(folder, "bin") + ":" + os.environ["PATH"],
                       INPUT=given, SLURM_JOB_ID="7", PBS_O_WORKDIR=folder,
                       PBS_NODEFILE=os.path.join(folder, "nodes"),
                       LSB_DJOB_HOSTFILE=os.path.join(folder, "nodes"))
    # The test that runs this has signals blocked, and a shell inherits that.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # PBS starts a job in the home directory.
    job = subprocess.Popen(["bash", script, given], env=environment, text=True,
                           cwd="/" if name == "pbs.sh" else folder,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if mode == "warn" and name == "slurm.sbatch":
        while not os.path.exists(os.path.join(folder, "begun")) and job.poll() is None:
            time.sleep(0.1)
        time.sleep(0.5)
        job.send_signal(signal.SIGUSR1)
    print(job.communicate()[0])
    if os.path.exists(calls):
        print(open(calls, encoding="utf-8").read())
    sys.exit(job.returncode)
