#!/usr/bin/env bash
# Builds lplr-dist and installs it below a prefix, for all users of a cluster or for one:
#   jobs/install.sh --prefix /opt/lplr-dist
#   jobs/install.sh --prefix "$HOME/.local"
# It puts there
#   bin/lplr-dist                  which needs no Swift, but Open MPI, HDF5, OpenBLAS and ScaLAPACK
#   share/man/man1/                manual pages
#   share/bash-completion/ share/zsh/ share/fish/       completions
#   share/lplr-dist/               job scripts for Slurm, PBS and LSF, the host file, the licence
# What is there from an older version is replaced. Nothing outside the prefix is touched, but for what
# the build needs. LPLR_DIST_BINARY=... installs a program that is built already.
set -euo pipefail

usage() {
  echo "install: $1; usage: jobs/install.sh --prefix DIR" >&2
  exit 64
}

[[ $# == 2 && $1 == --prefix ]] || usage "expected a prefix"
[[ -n $2 ]] || usage "the prefix is empty"
if ! mkdir -p "$2" 2>/dev/null || [[ ! -w $2 ]]; then
  echo "install: $2 cannot be written; choose another prefix, or become the user who owns it" >&2
  exit 73
fi
prefix=$(cd "$2" && pwd)

cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
source jobs/environment.sh

program=${LPLR_DIST_BINARY:-$(build_release)}
version=$("$program" --version)

# put MODE SOURCE TARGET: below the prefix. A program that runs keeps its old file.
put() { install -D -m "$1" "$2" "$prefix/$3"; }

generated=$(mktemp -d)
trap 'rm -rf "$generated"' EXIT

put 755 "$program" bin/lplr-dist

"$program" --experimental-dump-help | "${LPLR_PYTHON:-python3}" jobs/manual.py "$generated" "$version"
for page in "$generated"/*.1; do put 644 "$page" "share/man/man1/${page##*/}"; done

for shell in bash zsh fish; do
  "$program" --generate-completion-script "$shell" >"$generated/$shell"
done
put 644 "$generated/bash" share/bash-completion/completions/lplr-dist
put 644 "$generated/zsh" share/zsh/site-functions/_lplr-dist
put 644 "$generated/fish" share/fish/vendor_completions.d/lplr-dist.fish

# The job scripts run what was installed, and are submitted from anywhere.
share=share/lplr-dist
for job in slurm.sbatch pbs.sh lsf.sh; do
  sed -e "s|^program=.*|program='$prefix/bin/lplr-dist'|" -e "s|^script=.*|script='$prefix/$share/$job'|" \
    -e "s|jobs/$job|$prefix/$share/$job|" -e '/^# In the top folder/d' -e '/^#   swift build/d' \
    -e '/^# jobs.test.sh/d' "jobs/$job" >"$generated/$job"
  put 644 "$generated/$job" "$share/$job"
done
put 644 hostfile.example "$share/hostfile.example"
put 644 LICENSE "$share/LICENSE"

echo "install: lplr-dist $version is in $prefix"
case :$PATH: in
  *":$prefix/bin:"*) ;;
  *) echo "install: add it to the search path: PATH=$prefix/bin:\$PATH" ;;
esac
