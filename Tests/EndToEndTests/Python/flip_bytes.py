# SPDX-License-Identifier: Apache-2.0
"""PROGRAM FACTORS FOLDER COUNT SEED: flips one byte of a factor file, at COUNT places of it. Each
time `decompress` must refuse with status 65 or 74, or give the undamaged matrix. Prints how often
it did which; fails if it did neither."""
import os
import random
import subprocess
import sys

from lplr_reader import matrix

program, factors, folder = sys.argv[1:4]
count, seed = map(int, sys.argv[4:])
damaged, rebuilt = (os.path.join(folder, name) for name in ("damaged.lplr.h5", "rebuilt.h5"))


def decompress(source):
    return subprocess.run(
        [program, "decompress", source, "-o", rebuilt, "--force", "--quiet"], capture_output=True,
        text=True, timeout=60)


assert decompress(factors).returncode == 0
expected = matrix(rebuilt)[1].tobytes()
with open(factors, "rb") as file:
    whole = file.read()
dice = random.Random(seed)
places = dice.sample(range(len(whole)), min(count, len(whole)))
refused = 0
for place in places:
    bad = bytearray(whole)
    bad[place] ^= 1 << dice.randrange(8) if dice.random() < 0.5 else dice.randrange(1, 256)
    with open(damaged, "wb") as file:
        file.write(bad)
    finished = decompress(damaged)
    where = f"byte {place} from {whole[place]} to {bad[place]}: status {finished.returncode}"
    if finished.returncode == 0:
        assert matrix(rebuilt)[1].tobytes() == expected, f"{where} and another matrix"
        continue
    refused += 1
    assert finished.returncode in (65, 74), f"{where}\n{finished.stderr}"
    assert len(finished.stderr.splitlines()) == 1, f"{where}\n{finished.stderr}"
    assert "damaged.lplr.h5" in finished.stderr, finished.stderr
assert refused, "no byte mattered"
print(f"{len(places)} bytes: {refused} refused, {len(places) - refused} harmless")
