# shellcheck shell=bash
# Sourced by the other scripts, and silent. It sets
#   LPLR_ROOT     the top of the repository,
#   LPLR_PYTHON   a Python that imports h5py and numpy (empty if there is none),
# and what Open MPI needs to run on this machine alone.

LPLR_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LPLR_ROOT

# Debian's h5py belongs to /usr/bin/python3; the first python3 on PATH may be another one.
find_python() {
  local python
  for python in "${LPLR_PYTHON:-python3}" python3 /usr/bin/python3; do
    if "$python" -c 'import h5py, numpy' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
}

LPLR_PYTHON=$(find_python)
export LPLR_PYTHON

# mpirun refuses to start for root unless both are set. Root is who one is in most containers.
if [[ $(id -u) == 0 ]]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# Open MPI looks for ssh even when every rank is local, and gives up without it.
if ! command -v ssh >/dev/null; then
  export OMPI_MCA_plm=isolated
fi

# Containers often forbid ranks to copy from each other's memory, which Open MPI finds out too late.
if [[ -e /.dockerenv || -e /run/.containerenv ]]; then
  export OMPI_MCA_btl_vader_single_copy_mechanism=none
fi

# What mpirun counts as slots: cores, not hardware threads, and only those this process may use.
usable_cores() {
  local cores processors
  processors=$(nproc)
  cores=$(lscpu --parse=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l) || true
  if ((cores > 0 && cores < processors)); then echo "$cores"; else echo "$processors"; fi
}

# For tests and benchmarks: more ranks than cores, which may then not be bound to one each.
oversubscribe() {
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
}

# Builds the program as it is shipped and prints its path. Everybody asks here: other options of the
# build would make each script build everything again.
build_release() {
  local build=(swift build -c release --product lplr-dist --static-swift-stdlib)
  (cd "$LPLR_ROOT" && "${build[@]}" --quiet >&2 && echo "$("${build[@]}" --show-bin-path)/lplr-dist")
}
