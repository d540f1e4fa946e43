# SPDX-License-Identifier: Apache-2.0
"""COMMAND FOLDER COUNT [SEED]: kills jobs COUNT times, at random times, and runs them again.

A job of random size compresses a small matrix, with a checkpoint after each group of tiles; one of
its ranks, or the launcher itself, gets SIGKILL. Nothing may stand under the final name then, and the
same command, on another number of ranks and not always left in peace, must end with the bytes of a
job that nobody has killed. COMMAND is lplr-dist; the folder must exist. The last line counts the
kills, the jobs that they met and the runs that were resumed."""
import os
import random
import signal
import subprocess
import sys
import time

from signalled import children, is_running, start, wait_for

OPTIONS = ["--rank 30 --bits 4", "--rank 30 --bits 4 --block-axis rows --power-iterations 2",
           "--rank 30 --bits 4 --certify", "--rank 30 --bits 4 --basis sketch",
           "--bits-per-entry 0.5 --sketch signs"]


def main():
    command, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    random.seed(seed)
    os.environ["LPLR_TEST_PAUSE_MS"] = "40"
    matrix, output = os.path.join(folder, "a.h5"), os.path.join(folder, "out.h5")

    def job(ranks, arguments):
        launcher = ["mpirun", "-n", str(ranks)] if ranks else []
        return start(launcher + [command] + arguments)

    def succeed(process):
        _, errors = process.communicate(timeout=300)
        if process.returncode != 0:
            sys.exit(f"status {process.returncode}, seed {seed}: {errors}")
        return errors

    succeed(job(1, f"generate {matrix} --shape 3000x2500 --spectrum exponential:20 --noise 0.1 "
                   "--force --quiet".split()))
    references, seconds = {}, {}
    kills = met = resumed = 0
    while kills < count:
        options = OPTIONS[kills % len(OPTIONS)]
        arguments = ["compress", matrix, "-o", output, "--quiet", "--checkpoint-every", "0"]
        arguments += options.split()
        if options not in references:
            begin = time.monotonic()
            succeed(job(2, arguments))
            seconds[options] = time.monotonic() - begin
            references[options] = os.path.join(folder, f"reference{len(references)}.h5")
            os.rename(output, references[options])
        while True:
            ranks = random.choice([1, 2, 3, 7])
            process = job(ranks, arguments)
            if not wait_for(lambda: len(children(process.pid)) == ranks, process):
                sys.exit(f"no ranks, seed {seed}: {process.communicate()[1]}")
            time.sleep(random.uniform(0, seconds[options]))
            victims = children(process.pid) + [process.pid]
            alive = process.poll() is None
            try:
                os.kill(random.choice(victims), signal.SIGKILL)
            except ProcessLookupError:
                alive = False
            process.communicate(timeout=60)
            # A launcher that is killed leaves its ranks to notice it.
            orphans_end = time.monotonic() + 20
            while any(is_running(pid) for pid in victims):
                if time.monotonic() > orphans_end:
                    sys.exit(f"ranks outlive their job by 20 s, seed {seed}")
                time.sleep(0.01)
            kills += 1
            met += alive
            if process.returncode != 0 and os.path.exists(output):
                # The job had given the file its name before it died.
                check(output, references[options], seed, kills)
                os.remove(output)
            if process.returncode == 0:
                break
            if kills >= count or random.random() < 0.7:
                errors = succeed(job(random.choice([1, 2, 3, 7]), arguments))
                resumed += "resumed" in errors
                break
        check(output, references[options], seed, kills)
        os.remove(output)
        left = [name for name in os.listdir(folder) if name.startswith(".out.h5.checkpoint")]
        if left:
            sys.exit(f"after success there is still {left}, seed {seed}")
        for name in os.listdir(folder):
            if name.endswith(".tmp"):
                os.remove(os.path.join(folder, name))
    print(f"kills {kills} met {met} resumed {resumed}")


def check(path, reference, seed, kills):
    """The same bytes in every dataset; HDF5 notes times besides."""
    compared = subprocess.run(
        [sys.executable, os.path.join(os.path.dirname(__file__), "same_factors.py"), reference, path])
    if compared.returncode != 0:
        sys.exit(f"other factors after kill {kills}, seed {seed}")


if __name__ == "__main__":
    main()
