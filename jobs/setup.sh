#!/usr/bin/env bash
# Installs what building, testing and the demo need and this machine lacks, and says what it
# installs: on Debian and Ubuntu, as root or through a sudo that asks for no password. Elsewhere it
# says what is missing and ends with status 69 (EX_UNAVAILABLE).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/environment.sh

# Debian packages | a command that succeeds if they, or an equal, are here | what for
requirements=$(sed -E 's/ *\| */|/g' <<'TABLE'
pkg-config                 | command -v pkg-config                 | finding the libraries
openmpi-bin                | has_open_mpi                          | mpirun
libopenmpi-dev             | pkg-config --exists ompi-c            | Open MPI
libhdf5-openmpi-dev        | pkg-config --exists hdf5-openmpi      | parallel HDF5
hdf5-tools                 | command -v h5dump                     | h5dump, h5ls
libopenblas-dev            | pkg-config --exists openblas          | OpenBLAS
liblapacke-dev             | pkg-config --exists lapacke           | LAPACK
libscalapack-openmpi-dev   | pkg-config --exists scalapack-openmpi | ScaLAPACK
librandom123-dev           | has_header Random123/philox.h         | counter-based random numbers
zlib1g-dev                 | pkg-config --exists zlib              | checksums
openssh-client             | command -v ssh                        | mpirun's way to other machines
python3-h5py python3-numpy | has_python                            | the tests and the demo
TABLE
)

has_open_mpi() { [[ $(mpirun --version) == *'Open MPI'* ]]; }
has_python() { [[ -n $(find_python) ]]; }
has_header() {
  local compiler
  for compiler in clang cc gcc; do
    if echo "#include <$1>" | "$compiler" -E -x c -; then return; fi
  done
  return 1
}

# Prints the lines of `requirements` that this machine does not meet.
list_missing() {
  local packages check purpose
  while IFS='|' read -r packages check purpose; do
    if ! $check >/dev/null 2>&1; then echo "$packages|$check|$purpose"; fi
  done <<<"$requirements"
}

# give_up MESSAGE: prints it, then the missing packages with the checks that failed.
give_up() {
  local packages check
  echo "setup: $1" >&2
  while IFS='|' read -r packages check _; do
    echo "  $packages (this failed: $check)" >&2
  done <<<"$missing"
  exit 69
}

check_swift() {
  local needed found
  needed=$(sed -nE '1s/.*swift-tools-version: *([0-9.]+).*/\1/p' Package.swift)
  found=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9.]+).*/\1/p') || true
  if [[ $(printf '%s\n' "$needed" "$found" | sort -V | head -n 1) != "$needed" ]]; then
    echo "setup: Swift $needed or later must be on PATH (found: ${found:-none that runs});" \
      "see https://www.swift.org/install" >&2
    exit 69
  fi
}

# apt-get is wordy: what it says goes to a file that is shown only if it fails.
run_apt_get() {
  if ! "${as_root[@]}" apt-get -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1; then
    cat "$log" >&2
    echo "setup: apt-get $1 failed; its output is above" >&2
    exit 69
  fi
}

check_swift

missing=$(list_missing)
if [[ -z $missing ]]; then
  echo "setup: nothing to install"
  exit
fi
if ! command -v apt-get >/dev/null; then
  give_up "no apt-get here; please install what Debian calls"
fi

read -ra names <<<"$(cut -d '|' -f 1 <<<"$missing" | tr '\n' ' ')"
install=(install --no-install-recommends "${names[@]}")
as_root=()
if [[ $(id -u) != 0 ]]; then
  as_root=(sudo -n)
  if ! sudo -n apt-get --version >/dev/null 2>&1; then
    echo "setup: packages are missing, and only an administrator can install them:" >&2
    echo "  apt-get ${install[*]}" >&2
    exit 69
  fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
while IFS='|' read -r packages _ purpose; do
  echo "setup: installing $packages for $purpose"
done <<<"$missing"
run_apt_get update
run_apt_get "${install[@]}"

missing=$(list_missing)
if [[ -n $missing ]]; then give_up "installed, but still not found:"; fi
