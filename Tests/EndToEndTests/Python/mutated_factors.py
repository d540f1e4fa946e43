# SPDX-License-Identifier: Apache-2.0
"""PROGRAM FACTORS FOLDER COUNT SEED: the reader of factor files against COUNT damaged ones.

One to four bytes are changed, most of them in what HDF5 keeps for itself, or the file is cut. `info
--check` must end with one line and status 65, 66 or 74, or find nothing; then `decompress` must give
the undamaged matrix, or refuse in the same way. Prints how often it did which."""
import collections
import os
import random
import subprocess
import sys

from lplr_reader import matrix

program, factors, folder = sys.argv[1:4]
count, seed = map(int, sys.argv[4:])
damaged, rebuilt = (os.path.join(folder, name) for name in ("mutant.lplr.h5", "rebuilt.h5"))


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def decompress(source):
    return run("decompress", source, "-o", rebuilt, "--force", "--quiet")


def mutate(whole):
    if dice.random() < 0.05:
        return whole[:dice.randrange(len(whole))]
    bad = bytearray(whole)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(bad) if dice.random() < 0.5 else min(len(bad), 4096))
        bad[place] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)])
    return bytes(bad)


def is_refused(finished, what):
    """Whether it ended with an error, which must be a clean one."""
    if finished.returncode == 0:
        return False
    lines = finished.stderr.splitlines()
    if finished.returncode not in (65, 66, 74) or len(lines) != 1:
        os.replace(damaged, os.path.join(folder, "found.lplr.h5"))
        sys.exit(f"{what}: status {finished.returncode}\n{finished.stderr}")
    return True


assert decompress(factors).returncode == 0
expected = matrix(rebuilt)[1].tobytes()
with open(factors, "rb") as file:
    whole = file.read()
dice = random.Random(seed)
found = collections.Counter()
for number in range(count):
    bad = mutate(whole)
    with open(damaged, "wb") as file:
        file.write(bad)
    if is_refused(run("info", damaged, "--check"), f"info, mutant {number}"):
        found["refused"] += 1
    elif is_refused(decompress(damaged), f"decompress, mutant {number}"):
        found["refused later"] += 1
    else:
        assert matrix(rebuilt)[1].tobytes() == expected, f"mutant {number}: another matrix"
        found["unchanged" if bad == whole else "harmless"] += 1
assert found["refused"], "nothing mattered"
print(count, "mutants:", ", ".join(f"{number} {what}" for what, number in found.items()))
