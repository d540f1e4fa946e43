#!/usr/bin/env bash
# Everything a change must pass: build, style, tests. Arguments are passed on to `swift test`:
#   jobs/test.sh
#   jobs/test.sh --filter Packing
# Three tests stand by themselves, as they ask for more than the others:
#   jobs/test.sh --slurm      the job script under a real Slurm, which is installed if it is missing
#   jobs/test.sh --hosts      several hosts, which are network namespaces of this machine (as root)
#   jobs/test.sh --sanitize   memory, undefined behaviour and threads, watched by the compiler's sanitizers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in
  --slurm) exec jobs/test-slurm.sh ;;
  --hosts) exec jobs/test-hosts.sh ;;
  --sanitize) exec jobs/test-sanitize.sh "${@:2}" ;;
esac
jobs/setup.sh
source jobs/environment.sh

oversubscribe

finish() {
  local status=$?
  if ((status == 0)); then
    echo "test: all passed, in $SECONDS s"
  else
    echo "test: failed with status $status, after $SECONDS s" >&2
  fi
}
trap finish EXIT

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

# The tests alone: the command is not built for debugging as well.
run swift build --quiet --product lplr-distPackageTests
if swift format --version >/dev/null 2>&1; then
  run swift format lint --strict --recursive Sources Tests Package.swift
fi

# The end-to-end tests run the command as it is shipped.
LPLR_DIST_BINARY=$(build_release)
export LPLR_DIST_BINARY

# One test at a time: those that start MPI jobs would take the cores from one another. All tests are
# of Swift Testing, so the other framework's empty run is left out.
run swift test --no-parallel --disable-xctest --skip-build "$@"
