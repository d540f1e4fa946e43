#!/usr/bin/env bash
# Faults until something gives: what takes too long for every run of the tests. It ends with a table
# of checks, tried and failed, and with status 1 if any failed. About an hour on two cores; --quick
# does a little of everything in some minutes. Names of checks run only those:
#   jobs/torture.sh
#   jobs/torture.sh --quick
#   jobs/torture.sh flipped_bytes killed_ranks
# LPLR_DIST_BINARY names a program to try instead of building this one. What failed is left in a
# directory that is named at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
source jobs/environment.sh
oversubscribe
export OMPI_MCA_mpi_yield_when_idle=1

quick=0
if [[ ${1:-} == --quick ]]; then
  quick=1
  shift
fi

program=${LPLR_DIST_BINARY:-$(build_release)}
scripts=$PWD/Tests/EndToEndTests/Python
shim=$PWD/Tests/FaultShim/fault.c
work=$(mktemp -d "${TMPDIR:-/tmp}/lplr-torture.XXXXXX")

# A check runs in the background, where it does not hear of an interrupt.
running=
trap '[[ -z $running ]] || pkill -TERM -P "$running" || true
  echo "The files are in $work" >&2; exit 130' INT TERM

# pick QUICK FULL: how much of a check to do.
pick() { if ((quick)); then echo "$1"; else echo "$2"; fi; }

python() { "$LPLR_PYTHON" "$scripts/$1.py" "${@:2}"; }

small_matrix() {
  "$program" generate in.h5 --shape 90x70 --spectrum exponential:5 --noise 0.05 --quiet
}

# --- The checks. Each runs in a directory of its own and fails by its status; the last line that it
# --- prints stands in the table.

# One byte of our own file flipped: refused, or harmless.
flipped_bytes() {
  small_matrix
  "$program" in.h5 --bits-per-entry 4 --quiet
  python flip_bytes "$program" in.lplr.h5 . "$(pick 50 500)" 1
}

# Several bytes of our own file changed, or its end cut off: the same.
changed_factors() {
  small_matrix
  "$program" in.h5 --bits-per-entry 4 --quiet
  python mutated_factors "$program" in.lplr.h5 . "$(pick 100 7000)" 1
}

# The n-th call of every kind fails, to the last, on the first, a middle and the last rank.
failing_calls() {
  python storage_faults "$program" "$shim" . 3 "$(pick 3 0)"
}

# Every tenth call of LAPACK and MPI fails, on the first, a middle and the last rank.
failing_libraries() {
  python library_faults "$program" "${shim%/*}/library.c" . 3 "$(pick 1 0)"
}

# Input files with changed bytes, for each kind of storage.
changed_inputs() {
  python mutants "$program" . "$(pick 100 2000)" "$(pick 5 100)" 1
}

# The child that meets the input first does not come back: the job ends with one line after 20 s.
hanging_input() {
  local status=0
  small_matrix
  cc -shared -fPIC -O1 -o fault.so "$shim" -ldl
  timeout 60 mpirun -n 3 env LD_PRELOAD="$PWD/fault.so" LPLR_FAULT_CALL=read LPLR_FAULT_PATH=/in.h5 \
    LPLR_FAULT_RANK=none LPLR_FAULT_N=1 LPLR_FAULT_HOW=hang "$program" in.h5 2>errors || status=$?
  grep 'took more than 20 s' errors
  ((status == 65)) && [[ $(grep -c '^lplr-dist: ' errors) == 1 && ! -e in.lplr.h5 ]]
  echo "status $status"
}

# A rank is killed at a random moment: the final name is absent or the file is right, and the next
# run succeeds.
killed_ranks() {
  python kills "$program" . "$(pick 5 100)" 1
}

# More than 2^31 entries, in a file that is mostly a hole.
many_entries() {
  python sparse_matrix "$program" .
}

# Address space of the plan and a fifth more is enough; a plan that does not fit is refused before
# the matrix is read.
limited_memory() {
  python limited_memory "$program" .
}

# Many ranks on few cores: the bytes of one rank.
many_ranks() {
  local ranks
  ranks=$(pick 16 64)
  "$program" generate in.h5 --shape 300x5000 --spectrum exponential:10 --quiet
  "$program" in.h5 -o one.h5 --rank 12 --bits 4 --quiet
  timeout 300 mpirun -n "$ranks" "$program" in.h5 -o many.h5 --rank 12 --bits 4 --quiet
  python same_factors one.h5 many.h5
  echo "$ranks ranks"
}

checks=(flipped_bytes changed_factors failing_calls failing_libraries changed_inputs hanging_input
  killed_ranks many_entries limited_memory many_ranks)

# --- Running them

if (($#)); then checks=("$@"); fi
table=()
failed=0
for check in "${checks[@]}"; do
  printf '%s ...\n' "$check"
  mkdir "$work/$check"
  start=$SECONDS
  verdict=passed
  # In the background, as the first failing command ends a check only outside of conditions.
  (cd "$work/$check"; "$check") >"$work/$check.log" 2>&1 &
  running=$!
  if ! wait "$running"; then
    verdict=FAILED
    failed=$((failed + 1))
    cat "$work/$check.log"
  fi
  table+=("$(printf '%-17s %-7s %5d s  %s' "$check" "$verdict" $((SECONDS - start)) \
    "$(tail -n 1 "$work/$check.log" | cut -c 1-90)")")
  if [[ $verdict == passed ]]; then rm -rf "${work:?}/$check"; fi
done

printf '\n'
printf '%s\n' "${table[@]}"
printf '%d tried, %d failed\n' "${#checks[@]}" "$failed"
if ((failed)); then
  echo "The files are in $work" >&2
  exit 1
fi
rm -rf "$work"
