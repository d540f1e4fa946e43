#!/usr/bin/env bash
# Does a rank stay within --memory on a matrix that is much larger, and do the factors stay the same?
#   Benchmarks/memory/run.sh                 6.4 GB, 4 ranks
#   SHAPE=8192x8192 RANKS=2 Benchmarks/memory/run.sh
# Prints a row for each memory limit: peak resident memory of the largest rank, seconds, error; and
# fails if the factors differ in a byte. Needs /usr/bin/time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source jobs/environment.sh
oversubscribe

shape=${SHAPE:-40000x40000}
ranks=${RANKS:-4}
command -v /usr/bin/time >/dev/null || { echo "memory: install the package time" >&2; exit 69; }
binary=$(build_release)
work=$(mktemp -d "${LPLR_DEMO_DIR:-${TMPDIR:-/tmp}}/lplr-memory.XXXXXX")
trap 'rm -rf "$work"' EXIT

mpirun -n "$ranks" "$binary" generate "$work/a.h5" --shape "$shape" \
  --spectrum exponential:20 --noise 0.05 --components 256

echo "| basis | --memory | peak MiB of a rank | seconds | relative error |"
echo "| --- | --- | ---: | ---: | --- |"
row() { # basis memory
  mpirun -n "$ranks" /usr/bin/time -f "peak %M" "$binary" "$work/a.h5" -o "$work/$1.$2.h5" \
    --basis "$1" --rank 64 --bits 4 --memory "$2" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  local peak seconds error
  peak=$(awk '/^peak/ && $2 > most { most = $2 } END { print int(most / 1024) }' "$work/log")
  seconds=$(awk '/^seconds/ { print $2 }' "$work/log")
  error=$(awk '/^relative error/ { print $3 }' "$work/log")
  echo "| $1 | $2 | $peak | $seconds | $error |"
}
for basis in svd sketch; do
  for memory in 256M 3G; do row "$basis" "$memory"; done
  "$LPLR_PYTHON" Tests/EndToEndTests/Python/same_factors.py "$work/$basis.256M.h5" "$work/$basis.3G.h5"
done
echo "Factors are equal for both limits."
