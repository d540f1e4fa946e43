#!/usr/bin/env bash
# Error at equal size, as Markdown on standard output: lplr-dist, the published methods, theory.
#   Benchmarks/accuracy/run.sh             everything, about ten minutes on one core
#   Benchmarks/accuracy/run.sh --quick     four small matrices, about a minute
# Needs Python with NumPy and h5py; what else it can use, it names where it is missing. Settings:
#   LPLR_DIST_BINARY=/opt/bin/lplr-dist    the program to measure (default: built from this tree)
#   LPLR_PYTHON=/opt/bin/python3           the Python to use
# Exit status: 1 if a promise of the program is broken (size, certificate, bound, order).
set -euo pipefail
directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$directory/../../jobs/environment.sh"

if [[ -z $LPLR_PYTHON ]]; then
  echo "accuracy: no Python with NumPy and h5py; install python3-h5py, or set LPLR_PYTHON" >&2
  exit 69
fi
if [[ -z ${LPLR_DIST_BINARY:-} ]]; then
  LPLR_DIST_BINARY=$(build_release)
fi
LPLR_COMMIT=$(git -C "$LPLR_ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)
export LPLR_DIST_BINARY LPLR_COMMIT

# One thread everywhere: the figures do not depend on the machine's size.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
exec "$LPLR_PYTHON" -B "$directory/accuracy.py" "$@"
