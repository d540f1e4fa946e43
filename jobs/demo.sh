#!/usr/bin/env bash
# Builds lplr-dist, then generates a matrix of 1 GiB, compresses it on all cores, and rebuilds a
# part of it to compare. Works in a temporary directory, removed at the end. Settings:
#   LPLR_DEMO_SHAPE=4096x4096   a smaller matrix (default 16384x16384)
#   LPLR_DEMO_DIR=/scratch      where the temporary directory is made (default TMPDIR, else /tmp)
#   LPLR_DEMO_RANKS=4           how many ranks (default: one for each core)
#   LPLR_DEMO_KEEP=1            keep the files
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
source jobs/environment.sh

shape=${LPLR_DEMO_SHAPE:-16384x16384}
ranks=${LPLR_DEMO_RANKS:-$(usable_cores)}
directory=${LPLR_DEMO_DIR:-${TMPDIR:-/tmp}}

if [[ ! $shape =~ ^([1-9][0-9]*)x([1-9][0-9]*)$ ]]; then
  echo "demo: LPLR_DEMO_SHAPE must look like 16384x16384, and is $shape" >&2
  exit 64
fi
rows=${BASH_REMATCH[1]} columns=${BASH_REMATCH[2]}

heading() { printf '\n== %s\n' "$*"; }

# Shows a command as one would type it, and runs it.
run() {
  printf '$ %s\n' "$*"
  "$@"
}

build() {
  heading "Build"
  printf '$ swift build -c release --product lplr-dist --static-swift-stdlib\n'
  local program
  if ! program=$(build_release 2>"$work/build.log"); then
    cat "$work/build.log" >&2
    echo "demo: the build failed; its output is above" >&2
    exit 70
  fi
  PATH=${program%/*}:$PATH
  echo "Built in $SECONDS s."
}

check_free_space() {
  # The matrix, and room for its factors (a few hundredths of it) and for the part rebuilt.
  local needed=$((rows * columns * 4 * 11 / 10 / 1024 + 65536)) free
  free=$(df -Pk "$work" | awk 'NR == 2 { print $4 }')
  if ((free < needed)); then
    echo "demo: $directory has $((free / 1024)) MiB free, and $((needed / 1024)) MiB are needed;" \
      "set LPLR_DEMO_DIR to another place or LPLR_DEMO_SHAPE to a smaller matrix" >&2
    exit 73
  fi
}

compare() {
  "$LPLR_PYTHON" - "$@" <<'PYTHON'
import sys

import h5py
import numpy as np


def matrix(file):
    """The only dataset of an HDF5 file."""
    return file.visititems(lambda _, item: item if isinstance(item, h5py.Dataset) else None)


def compare(part, original):
    """Prints how far a rebuilt upper left part is from the original, and returns both and that."""
    same = original[: part.shape[0], : part.shape[1]].astype(float)
    part = part[...].astype(float)
    error = np.linalg.norm(part - same) / np.linalg.norm(same)
    print_error(f"first {part.shape[0]} rows, {part.shape[1]} columns", error)
    return same, part, error


def print_error(what, error):
    print(f"relative error, {what:<32}{error:.4f}")


source, factors, corner, block = (h5py.File(path, "r") for path in sys.argv[1:])
original = matrix(source)
certified = factors[original.name].attrs["relative_error"]
print_error("the whole, as the file says", certified)
_, _, error = compare(matrix(block), original)
same, rebuilt, _ = compare(matrix(corner), original)
with np.printoptions(precision=3, suppress=True):
    print(f"\noriginal:\n{same[:4, :6]}\nrebuilt:\n{rebuilt[:4, :6]}")
if not error < 2 * certified:
    sys.exit("demo: the rebuilt part is more than twice as far off as the file says")
PYTHON
}

work=$(mktemp -d "$directory/lplr-demo.XXXXXX")
if [[ ${LPLR_DEMO_KEEP:-} == 1 ]]; then
  trap 'printf "\nThe files are in %s\n" "$work"' EXIT
else
  trap 'rm -rf "$work"' EXIT
fi

check_free_space
build
cd "$work"

heading "Generate a matrix: $rows x $columns, singular values that fall exponentially, and noise"
run mpirun -n "$ranks" lplr-dist generate matrix.h5 --shape "$shape" \
  --spectrum exponential:50 --noise 0.02 --seed 1

heading "Compress it to a tenth of a bit per entry, on $ranks ranks"
run mpirun -n "$ranks" lplr-dist matrix.h5 --bits-per-entry 0.1

heading "What came out"
run lplr-dist info matrix.lplr.h5
run ls -l matrix.h5 matrix.lplr.h5

heading "Read the matrix once more, for its exact error"
run mpirun -n "$ranks" lplr-dist verify matrix.lplr.h5 matrix.h5

heading "Rebuild a part, without the rest, and compare it with the original"
run lplr-dist decompress matrix.lplr.h5 -o corner.h5 --rows 0:8 --columns 0:8
run mpirun -n "$ranks" lplr-dist decompress matrix.lplr.h5 -o block.h5 \
  --rows 0:$((rows < 2048 ? rows : 2048)) --columns 0:$((columns < 2048 ? columns : 2048))
compare matrix.h5 matrix.lplr.h5 corner.h5 block.h5

heading "Done in $SECONDS s"
