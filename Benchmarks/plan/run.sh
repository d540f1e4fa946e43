#!/usr/bin/env bash
# Does `lplr-dist plan` know how long a compression takes?
#   Benchmarks/plan/run.sh                   1 and 2 ranks, nine cases, two minutes on two quiet cores
#   RANKS="1 2 4 8" REPEATS=5 Benchmarks/plan/run.sh
# Calibrates this machine, predicts each case, runs it, and prints a row for each: seconds as predicted
# and as measured (the quickest of REPEATS runs), and how far the prediction is off. The last line has
# the median; the exit status is 1 if it is above LIMIT percent (default 25).
# MEASURE=cpu takes seconds of the processor instead of the clock's, for machines that are not quiet; it
# needs RANKS=1 and /usr/bin/time.
# The number of reads depends on the spectrum, so it is fixed (--power-iterations).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source jobs/environment.sh
oversubscribe

ranks=${RANKS:-1 2}
repeats=${REPEATS:-3}
limit=${LIMIT:-25}
binary=${LPLR_DIST_BINARY:-}
if [[ -z $binary ]]; then
  binary=$(build_release)
fi
work=$(mktemp -d "${LPLR_DEMO_DIR:-${TMPDIR:-/tmp}}/lplr-plan.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Starting MPI takes time of the processor that is not part of a compression.
start=0

measure() { # ranks, arguments: seconds of a compression
  local count=$1
  shift
  if [[ ${MEASURE:-clock} == cpu ]]; then
    /usr/bin/time -f "%U %S" "$binary" "$@" --quiet 2>&1 | awk -v start="$start" '{ print $1 + $2 - start }'
  else
    mpirun -n "$count" "$binary" "$@" | awk '/^seconds/ { print $2 }'
  fi
}

# shape, options
cases=(
  "4096x4096 --rank 32"
  "4096x4096 --rank 128"
  "4096x4096 --bits-per-entry 0.25"
  "4096x4096 --rank 64 --bits 4 --basis sketch"
  "16384x4096 --rank 64"
  "16384x4096 --rank 256"
  "4096x16384 --rank 64"
  "16384x16384 --rank 64"
  "16384x16384 --rank 256"
)

for shape in 4096x4096 16384x4096 4096x16384 16384x16384; do
  "$binary" generate "$work/$shape.h5" --shape "$shape" --spectrum exponential:50 --noise 0.02 \
    --components 256 --quiet
done
"$binary" plan --calibrate "$work/16384x16384.h5" --machine "$work/machine.json" >"$work/machine.txt"
sed 's/^/    /' "$work/machine.txt"

if [[ ${MEASURE:-clock} == cpu ]]; then
  "$binary" generate "$work/tiny.h5" --shape 64x64 --spectrum lowrank:2 --quiet
  start=$(measure 1 "$work/tiny.h5" -o "$work/tiny.out.h5" --rank 1 --bits 1)
fi

echo
echo "| matrix, options | ranks | predicted s | measured s | off by % |"
echo "| --- | ---: | ---: | ---: | ---: |"
for entry in "${cases[@]}"; do
  read -r shape options <<<"$entry"
  fixed="--power-iterations 0"
  [[ $options == *"--basis sketch"* ]] && fixed=""
  for count in $ranks; do
    # shellcheck disable=SC2086
    predicted=$("$binary" plan "$work/$shape.h5" --ranks "$count" --ranks-per-node "$count" \
      --machine "$work/machine.json" $options $fixed | awk '/^seconds/ { print $2 + 0 }')
    best=
    for ((i = 0; i < repeats; i++)); do
      # shellcheck disable=SC2086
      seconds=$(measure "$count" "$work/$shape.h5" -o "$work/out.h5" --force --log-level error \
        $options $fixed)
      best=$(awk -v a="${best:-1e9}" -v b="$seconds" 'BEGIN { print (b < a) ? b : a }')
    done
    awk -v name="$entry" -v p="$count" -v predicted="$predicted" -v measured="$best" 'BEGIN {
      printf "| %s | %d | %.2f | %.2f | %+.0f |\n", name, p, predicted, measured,
        100 * (predicted / measured - 1) }' | tee -a "$work/rows"
  done
done
awk -F'|' -v limit="$limit" '{ off[NR] = ($6 < 0) ? -$6 : $6 + 0 }
  END {
    n = asort_values(off, NR)
    median = (NR % 2) ? off[(NR + 1) / 2] : (off[NR / 2] + off[NR / 2 + 1]) / 2
    printf "\nThe prediction is off by %.0f %% in the median of %d rows.\n", median, NR
    exit median > limit
  }
  function asort_values(values, n,   i, j, kept) {
    for (i = 2; i <= n; i++) {
      kept = values[i]
      for (j = i - 1; j >= 1 && values[j] > kept; j--) values[j + 1] = values[j]
      values[j + 1] = kept
    }
    return n
  }' "$work/rows"
