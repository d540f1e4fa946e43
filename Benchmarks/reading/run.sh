#!/usr/bin/env bash
# How fast is a matrix read, by type and storage, beside h5py and beside the bytes of the file alone?
#   Benchmarks/reading/run.sh                8192 x 8192, 4 GB of files one after the other
#   SHAPE=2048x4096 Benchmarks/reading/run.sh
# Prints a row for each kind of file: GB/s of the matrix as it is stored without compression, of the
# best of five readings from the page cache by one process. LPLR_DIST_BINARY names another program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source jobs/environment.sh

if [[ -z "$LPLR_PYTHON" ]]; then
  echo "reading: needs Python with h5py and numpy" >&2
  exit 69
fi
if [[ -z "${LPLR_DIST_BINARY:-}" ]]; then
  LPLR_DIST_BINARY=$(build_release)
  export LPLR_DIST_BINARY
fi
work=$(mktemp -d "${LPLR_DEMO_DIR:-${TMPDIR:-/tmp}}/lplr-reading.XXXXXX")
trap 'rm -rf "$work"' EXIT

OPENBLAS_NUM_THREADS=1 "$LPLR_PYTHON" Benchmarks/reading/reading.py "$work" "${SHAPE:-8192x8192}"
