#!/usr/bin/env bash
# Speed of lplr-dist, its peers and the machine, as Markdown on standard output.
#   Benchmarks/speed/run.sh                          everything, some hours
#   Benchmarks/speed/run.sh --quick                  small matrices, once, a few minutes
#   Benchmarks/speed/run.sh --only peers --rank 128 --repeat 3 --peer hand
#   Benchmarks/speed/run.sh --help                   sections and options
# Makes matrices (up to 26 GB; 7 GB without the sections size and growth) and a Python environment
# with the peers, once, in LPLR_SPEED_DIR. Settings:
#   LPLR_SPEED_DIR=/scratch/speed          where they are kept (default: lplr-speed in TMPDIR, /tmp)
#   LPLR_DIST_BINARY=/opt/bin/lplr-dist    the program to measure (default: built from this tree)
#   LPLR_HEAT_PYTHON=/opt/heat/bin/python  a Python with Heat, or nothing to leave it out (default:
#                                          installed with pip, 5 GB with its PyTorch)
set -euo pipefail
directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$directory/../../jobs/environment.sh"

say() { echo "speed: $1" >&2; }

# make_environment NAME PACKAGES ...: a virtual environment, made once; fails if pip does.
make_environment() {
  local place=$LPLR_SPEED_DIR/$1 python
  shift
  if [[ -e $place/complete ]]; then return; fi
  say "installing ${place##*/} with pip"
  rm -rf "$place"
  for python in "${LPLR_PYTHON:-python3}" python3 /usr/bin/python3; do
    if "$python" -m venv "$place" >&2; then break; fi
  done
  timeout 900 "$place/bin/pip" install --quiet "$@" >&2 && touch "$place/complete"
}

# compile NAME FLAGS ...: a small C program beside this script.
compile() { cc -O2 -o "$LPLR_SPEED_DIR/$1" "$directory/$1.c" "${@:2}"; }

export LPLR_SPEED_DIR=${LPLR_SPEED_DIR:-${TMPDIR:-/tmp}/lplr-speed}
mkdir -p "$LPLR_SPEED_DIR"

make_environment peers --requirement "$directory/requirements.txt" ||
  { say "no environment for the peers: it takes pip, mpicc and Python's venv"; exit 69; }
if [[ -z ${LPLR_HEAT_PYTHON+set} ]]; then
  make_environment heat heat h5py || say "Heat cannot be installed, and is left out"
  LPLR_HEAT_PYTHON=$LPLR_SPEED_DIR/heat/bin/python
  if [[ ! -e $LPLR_SPEED_DIR/heat/complete ]]; then LPLR_HEAT_PYTHON=; fi
fi

compile account
export LPLR_SPEED_ACCOUNT=$LPLR_SPEED_DIR/account LPLR_SPEED_ONEDNN=$LPLR_SPEED_DIR/onednn
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null && ! compile onednn -ldnnl 2>/dev/null; then
  say "installing libdnnl-dev"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -qq libdnnl-dev; } >&2 || true
fi
if ! compile onednn -ldnnl 2>/dev/null; then LPLR_SPEED_ONEDNN=; fi

if [[ -z ${LPLR_DIST_BINARY:-} ]]; then
  LPLR_DIST_BINARY=$(build_release)
fi
LPLR_COMMIT=$(git -C "$LPLR_ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)
export LPLR_DIST_BINARY LPLR_COMMIT LPLR_HEAT_PYTHON

# Every program picks the kernels for this processor by itself.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS OMP_NUM_THREADS
oversubscribe
exec "$LPLR_SPEED_DIR/peers/bin/python" -B "$directory/speed.py" "$@"
