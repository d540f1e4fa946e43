# SPDX-License-Identifier: Apache-2.0
"""PROGRAM FOLDER COUNT JOBS SEED: matrices in HDF5 files with some bytes changed.

For each kind of storage, looks at COUNT mutants as the root's child does, and compresses JOBS of
them and all that crash the child. No job may crash, hang, say more than a line, or leave a file
after a failure. Prints what happened."""
import collections
import os
import random
import subprocess
import sys

import h5py
import numpy as np

program, folder = sys.argv[1:3]
count, jobs, seed = map(int, sys.argv[3:])
values = np.random.default_rng(seed).standard_normal((60, 40)).astype("f4")
kinds = {
    "contiguous": ("earliest", {}),
    "gzip": ("earliest", {"chunks": (20, 15), "compression": "gzip"}),
    "fletcher32": ("earliest", {"chunks": (20, 15), "fletcher32": True}),
    "V110": ("v110", {"chunks": (20, 15), "compression": "gzip"}),
}
mutant, output = (os.path.join(folder, name) for name in ("mutant.h5", "mutant.lplr.h5"))
dice = random.Random(seed)


def mutate(whole, data_end):
    """One to four bytes of the file changed, most of them in the metadata."""
    bad = bytearray(whole)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(bad) if dice.random() < 0.3 else data_end)
        bad[place] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)])
    return bytes(bad)


def look():
    """The status of the child, negative for a signal."""
    return subprocess.run(
        [program, "validate", "--matrix=" + mutant], capture_output=True, timeout=60).returncode


def compress(kind):
    finished = subprocess.run(
        ["timeout", "-k", "5", "40", program, mutant, "-o", output, "--force", "--quiet", "--rank", "3"],
        capture_output=True, text=True)
    left = [name for name in os.listdir(folder) if "mutant.lplr" in name]
    if finished.returncode == 0:
        assert left == ["mutant.lplr.h5"], left
        os.remove(output)
    else:
        lines = finished.stderr.splitlines()
        if finished.returncode not in (64, 65, 66, 74) or len(lines) != 1 or left:
            os.replace(mutant, os.path.join(folder, "found-" + kind + ".h5"))
            sys.exit(f"{kind}: status {finished.returncode}, left {left}\n{finished.stderr}")
    return finished.returncode


for kind, (version, options) in kinds.items():
    good = os.path.join(folder, kind + ".h5")
    with h5py.File(good, "w", libver=version if version == "earliest" else ("v110", "v110")) as file:
        dataset = file.create_dataset("data", data=values, **options)
    with open(good, "rb") as file:
        whole = file.read()
    found = collections.Counter()
    for number in range(count):
        with open(mutant, "wb") as file:
            file.write(mutate(whole, min(len(whole), 4096)))
        seen = look()
        found["crashes the child" if seen < 0 else f"child {seen}"] += 1
        if seen < 0 or number % max(1, count // max(1, jobs)) == 0:
            status = compress(kind)
            found[f"job {status}"] += 1
            assert seen >= 0 or status == 65, f"{kind}: the child crashes, the job ends with {status}"
    print(kind, dict(sorted(found.items())))
