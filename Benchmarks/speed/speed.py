# SPDX-License-Identifier: Apache-2.0
"""Speed of lplr-dist, its peers and the machine. Prints Markdown; see run.sh."""
import argparse
import importlib.metadata
import os
import pathlib
import subprocess
import tempfile

import contestants
import machine
import measure
from sections import SECTIONS, Bench


def preamble(options):
    print("# Speed\n")
    version = subprocess.run([contestants.BINARY, "--version"], capture_output=True,
                             text=True).stdout.strip()
    packages = ("numpy", "scipy", "h5py", "mpi4py", "dask", "scikit-learn")
    heat = "left out (no environment)"
    if contestants.HEAT_PYTHON:
        heat = subprocess.run(
            [contestants.HEAT_PYTHON, "-c", "from importlib.metadata import version as v; "
             "print(v('heat'), 'with torch', v('torch'))"], capture_output=True,
            text=True).stdout.strip()
    print(f"lplr-dist {version}, commit {os.environ.get('LPLR_COMMIT', 'unknown')}; "
          f"{machine.processor()}; "
          + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
          + f", Heat {heat}. {options.repeat} repetitions. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE "
          "are unset for all.")


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--only", help=f"sections, with commas: {', '.join(SECTIONS)}")
    parser.add_argument("--peer", default="", help="in peers, only those with this in their name")
    parser.add_argument("--quick", action="store_true", help="small matrices, one repetition")
    parser.add_argument("--repeat", type=int, help="repetitions (default: 5)")
    parser.add_argument("--rank", default=None, help="ranks of the factors (default: 128,256)")
    parser.add_argument("--directory", default=os.environ.get("LPLR_SPEED_DIR"),
                        help="where matrices are kept (default: LPLR_SPEED_DIR)")
    options = parser.parse_args()
    options.repeat = options.repeat or (1 if options.quick else 5)
    options.ranks = [int(r) for r in (options.rank or ("32" if options.quick else
                                                       "128,256")).split(",")]
    chosen = options.only.split(",") if options.only else list(SECTIONS)
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown:
        parser.error(f"--only: no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    pathlib.Path(options.directory).mkdir(parents=True, exist_ok=True)
    preamble(options)
    with tempfile.TemporaryDirectory(prefix="out.", dir=options.directory) as scratch:
        bench = Bench(options, scratch)
        for name in chosen:
            try:
                SECTIONS[name](bench)
            except (measure.Failed, subprocess.CalledProcessError, OSError) as failure:
                print(f"\nThe section ends here: {failure}", flush=True)


if __name__ == "__main__":
    main()
