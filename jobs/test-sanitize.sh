#!/usr/bin/env bash
# Tests under the sanitizers of the compiler, in builds of their own (.build-sanitize, some minutes of
# building). See `jobs/test.sh`. Names run only one of them:
#
#   jobs/test-sanitize.sh address   with undefined behaviour of C: the unit tests, the tests that run as
#                                   ranks, and jobs that compress, decompress and verify
#   jobs/test-sanitize.sh thread    the tests of reading and of progress, and the same jobs on one rank,
#                                   whose matrix is read ahead by a thread
#
# Swift has no sanitizer for undefined behaviour on Linux: its arithmetic traps by itself. C of ours,
# and Random123's, is compiled into Swift's code and can be checked there, with the address sanitizer.
# MPI, HDF5 and BLAS are the system's: they are not instrumented, so that what they do to one another
# is not seen, and what they leave allocated at the end is not ours to free.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
source jobs/environment.sh
oversubscribe
export OMPI_MCA_mpi_yield_when_idle=1

work=$(mktemp -d "${TMPDIR:-/tmp}/lplr-sanitize.XXXXXX")
trap 'rm -rf "$work"' EXIT

export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=0

step() { printf '\n# %s\n' "$*"; }

# must_fail WORDS COMMAND...: a sanitizer that finds nothing anywhere is no test.
must_fail() {
  local words=$1
  shift
  if "$@" >"$work/canary.log" 2>&1 || ! grep -q "$words" "$work/canary.log"; then
    cat "$work/canary.log"
    echo "sanitize: a fault made on purpose was not found ($words)" >&2
    exit 70
  fi
}

# canary NAME OPTION...: compiles the program of that name in $work; with the linker's warnings.
canary() {
  swiftc -I "$work" "${@:2}" "$work/$1.swift" -o "$work/$1" >"$work/$1.log" 2>&1 || {
    cat "$work/$1.log"
    exit 70
  }
}

make_canaries() {
  echo 'module Shift { header "shift.h" export * }' >"$work/module.modulemap"
  echo 'static inline int shifted(int a, int n) { return a << n; }' >"$work/shift.h"
  cat >"$work/undefined.swift" <<'SWIFT'
import Shift
print(shifted(1, Int32(CommandLine.arguments.count) + 39))
SWIFT
  cat >"$work/address.swift" <<'SWIFT'
let numbers = UnsafeMutablePointer<Int>.allocate(capacity: 4)
print(numbers[4 + CommandLine.arguments.count - 1])
SWIFT
  cat >"$work/thread.swift" <<'SWIFT'
import Foundation
final class Count: @unchecked Sendable { var value = 0 }
let count = Count()
let thread = Thread { for _ in 0..<1000 { count.value += 1 } }
thread.start()
for _ in 0..<1000 { count.value += 1 }
while !thread.isFinished { usleep(1000) }
print(count.value)
SWIFT
}

undefined=(-Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined)

# build NAME OPTION...: the tests and the program; what the linker warns of in the runtime of a
# sanitizer is only shown when the build fails.
build() {
  options=(--scratch-path ".build-sanitize/$1" --sanitize "$1" "${@:2}")
  step "swift build --build-tests ${options[*]}"
  swift build --quiet --build-tests "${options[@]}" >"$work/build.log" 2>&1 || {
    cat "$work/build.log"
    exit 70
  }
  program=$(swift build "${options[@]}" --show-bin-path)/lplr-dist
}

# run_tests FILTER: tests of the build in hand.
run_tests() {
  step "tests $1"
  swift test --no-parallel --disable-xctest --skip-build "${options[@]}" --filter "$1"
}

# compress RANKS: matrices in chunks and in one piece are compressed, with checkpoints, and rebuilt.
compress() {
  local storage factors
  for storage in '--chunk 100x70' ''; do
    step "$1 ranks, matrix ${storage:-in one piece}"
    factors=$work/a.lplr.h5
    # shellcheck disable=SC2086
    mpirun -n "$1" "$program" generate "$work/a.h5" --shape 700x500 --spectrum exponential:10 \
      $storage --force --quiet
    mpirun -n "$1" "$program" "$work/a.h5" -o "$factors" --force --memory 40M --rank 20 --bits 4 \
      --checkpoint-every 0 --certify
    mpirun -n "$1" "$program" decompress "$factors" -o "$work/b.h5" --force --quiet
    mpirun -n "$1" "$program" verify "$factors" "$work/a.h5"
  done
}

address() {
  canary address -sanitize=address
  must_fail heap-buffer-overflow "$work/address"
  canary undefined -sanitize=address "${undefined[@]}"
  must_fail 'shift exponent' "$work/undefined"
  build address "${undefined[@]}"
  run_tests 'LinearAlgebraTests|ParallelHDF5Tests|LPLRTests|SPMDTests'
  compress 2
}

thread() {
  canary thread -sanitize=thread
  must_fail race "$work/thread"
  build thread
  run_tests 'ParallelHDF5Tests|RunProgressTests'
  compress 1
}

make_canaries
sanitizers=("$@")
if ((!$#)); then sanitizers=(address thread); fi
for sanitizer in "${sanitizers[@]}"; do "$sanitizer"; done
printf '\nsanitize: nothing found (%s)\n' "${sanitizers[*]}"
