#!/usr/bin/env bash
# Runs jobs/slurm.sbatch under a real Slurm, on this machine alone: jobs/test.sh --slurm
#   1. a job finishes, and its factors are verified;
#   2. a job is cancelled in the middle, put back into the queue, and finishes;
#   3. a job is longer than its time limit, saves its state when it is warned, goes back into the queue
#      by itself, and finishes;
#   4. a job hangs, is killed at its time limit, put back into the queue, and finishes.
# Those of 2 to 4 must resume from a checkpoint, and their factors be those of a run without
# interruption.
#
# Takes about eight minutes on two cores, most of it waiting for limits of whole minutes. Slurm is
# installed from the distribution if it is not here (as root, or through a sudo that asks for no
# password). Its daemons run as the user of this script, with their own configuration, key, ports
# and files in a temporary directory, and end with the test. No Slurm of this machine is touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
source jobs/environment.sh

daemons=(munged slurmctld slurmd)
port=26817

work=$(mktemp -d "${TMPDIR:-/tmp}/lplr-slurm.XXXXXX")
export SLURM_CONF=$work/slurm.conf
processes=()

clean_up() {
  local status=$?
  trap - EXIT
  scancel --quiet --full --signal=KILL --user="$(id -un)" 2>/dev/null || true
  # Last started, first ended: slurmd reports to slurmctld, and both speak through munged.
  while ((${#processes[@]} > 0)); do
    kill "${processes[-1]}" 2>/dev/null || true
    wait "${processes[-1]}" 2>/dev/null || true
    unset 'processes[-1]'
  done
  if ((status != 0)); then tail -n 40 "$work"/*.out "$work"/*.log >&2 || true; fi
  rm -rf "$work"
  if ((status == 0)); then
    echo "test-slurm: all passed, in $SECONDS s"
  else
    echo "test-slurm: failed with status $status, after $SECONDS s" >&2
  fi
  exit "$status"
}

fail() {
  echo "test-slurm: $*" >&2
  exit 1
}

step() { printf '\n== %s\n' "$*"; }

install_slurm() {
  PATH=$PATH:/usr/sbin
  if type "${daemons[@]}" sbatch >/dev/null 2>&1; then return; fi
  command -v apt-get >/dev/null || {
    echo "test-slurm: no Slurm here, and no apt-get to install it; please install slurm and munge" >&2
    exit 69
  }
  local as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo -n); fi
  echo "test-slurm: installing slurm-wlm and munge"
  # Their services stay off: they would have no configuration, and the test starts its own.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 RUNLEVEL=1 \
    sh -c 'apt-get -qq update && apt-get -qq -y --no-install-recommends install slurm-wlm munge' \
    </dev/null >"$work/install.log" 2>&1 || fail "apt-get failed"
  type "${daemons[@]}" sbatch >/dev/null || fail "installed, but a daemon is still missing"
}

# The node as slurmd sees it, with a name of its own.
configure() {
  local node
  node=$(slurmd -C | sed -nE '1s/^NodeName=[^ ]+ (.*)/\1/p')
  [[ $node =~ CPUs=([0-9]+) ]] || fail "slurmd -C describes no node"
  tasks=$((BASH_REMATCH[1] < 2 ? 1 : 2))
  mkdir "$work/state" "$work/spool"
  cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
# A job waits for as long as this before it starts again.
AuthInfo=socket=$work/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
SchedulerType=sched/builtin
KillWait=5
ReturnToService=2
NodeName=node NodeHostname=$(hostname) NodeAddr=127.0.0.1 $node
PartitionName=test Nodes=node Default=yes MaxTime=60
CONF
}

# start NAME COMMAND...: a daemon in the foreground of its own process, which clean_up ends.
start() {
  "${@:2}" >"$work/$1.out" 2>&1 &
  processes+=($!)
}

# until_true SECONDS WHAT COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  until "${@:3}" >/dev/null 2>&1; do
    if ((SECONDS >= end)); then fail "waited $1 s for $2"; fi
    sleep 0.5
  done
}

start_slurm() {
  dd if=/dev/urandom of="$work/munge.key" bs=128 count=1 status=none
  chmod 600 "$work/munge.key"
  start munged munged --foreground --force --key-file="$work/munge.key" \
    --socket="$work/munge.socket" --pid-file="$work/munged.pid" --log-file="$work/munged.log" \
    --seed-file="$work/munged.seed"
  until_true 20 "munged" test -S "$work/munge.socket"
  start slurmctld slurmctld -D
  start slurmd slurmd -D -N node
  until_true 30 "the node" node_is_idle
}

node_is_idle() { [[ $(sinfo --noheader --format=%T) == idle ]]; }

# The value of a field of a job: state JobState, state Restarts.
state() { scontrol show job "$1" | sed -nE "s/.*\b$2=([^ ]*).*/\1/p" | head -n 1; }

is_in_state() { [[ $(state "$1" JobState) =~ ^($2)$ ]]; }

# submit NAME MINUTES [OPTION...]: starts jobs/slurm.sbatch on $work/NAME.h5 with a checkpoint every so
# many minutes, and prints the job's number.
submit() {
  sbatch --parsable --nodes=1 --ntasks-per-node="$tasks" --mem-per-cpu=0 \
    --output="$work/$1.out" "${@:3}" jobs/slurm.sbatch "$work/$1.h5" --checkpoint-every "$2"
}

# The job computes: its output file has its place beside the input.
has_begun() { compgen -G "$work/.$1.lplr.h5.*" >/dev/null; }

# Something can be resumed.
has_saved() { compgen -G "$work/.$1.lplr.h5.checkpoint/manifest.*" >/dev/null; }

# What the command line of a rank begins with, wherever the program is; mpirun's has it in its middle.
rank_of() { echo "^[^ ]*/lplr-dist $work/$1[.]h5"; }

# signal_ranks NAME SIGNAL: to every rank.
signal_ranks() { pkill "-$2" -f "$(rank_of "$1")" || fail "no rank of job $1 to send $2 to"; }

finish() {
  until_true 400 "job $2 ($1) to finish" is_in_state "$2" 'COMPLETED|FAILED|TIMEOUT|CANCELLED'
  is_in_state "$2" COMPLETED || fail "job $2 ($1) ended as $(state "$2" JobState)"
  grep -q "^ranks  *$tasks," "$work/$1.out" || fail "job $2 ($1) did not run on $tasks ranks"
}

# Resumed, with the same factors as without interruption.
check_interrupted() {
  [[ $(state "$2" Restarts) -ge 1 ]] || fail "job $2 ($1) was not started again"
  "$LPLR_PYTHON" Tests/EndToEndTests/Python/same_factors.py \
    "$work/whole.lplr.h5" "$work/$1.lplr.h5" ||
    fail "the factors of job $2 ($1) differ from those without interruption"
  grep -o 'resumed from [^(]*' "$work/$1.out" || fail "job $2 ($1) began from the beginning"
  ! has_saved "$1" || fail "job $2 ($1) left its checkpoint"
}

finishes() {
  local job
  job=$(submit whole 10 --time=30)
  finish whole "$job"
  "$program" verify "$work/whole.lplr.h5" "$work/whole.h5" | tail -n 3
}

is_cancelled_and_requeued() {
  local job
  job=$(submit cancelled 0 --time=30)
  until_true 60 "a checkpoint of job $job" has_saved cancelled
  scancel "$job"
  until_true 30 "job $job to be cancelled" is_in_state "$job" CANCELLED
  [[ ! -e $work/cancelled.lplr.h5 ]] || fail "job $job had finished before it was cancelled"
  until_true 30 "the node" node_is_idle
  scontrol requeue "$job"
  finish cancelled "$job"
  check_interrupted cancelled "$job"
}

# The ranks stand still, so that no machine is too fast for the test, until Slurm warns them. Without
# the warning there would be no checkpoint.
is_longer_than_its_limit() {
  local job
  job=$(submit limited 10 --time=1 --signal=B:USR1@20)
  until_true 60 "job $job to begin" has_begun limited
  signal_ranks limited STOP
  ! has_saved limited || fail "job $job saved its state before it was warned"
  until_true 60 "the warning" grep -q 'warning' "$work/limited.out"
  signal_ranks limited CONT
  until_true 60 "job $job to requeue itself" is_in_state "$job" PENDING
  scontrol update job="$job" TimeLimit=30
  finish limited "$job"
  check_interrupted limited "$job"
}

# The ranks stand still for good, and cannot do what the warning asks for.
is_killed_at_its_limit() {
  local job
  job=$(submit killed 0 --time=1 --signal=B:USR1@20)
  until_true 60 "a checkpoint of job $job" has_saved killed
  signal_ranks killed STOP
  until_true 150 "job $job to be ended" is_in_state "$job" TIMEOUT
  until_true 30 "the node" node_is_idle
  ! pgrep -f "$(rank_of killed)" >/dev/null || fail "ranks of job $job are still there"
  scontrol requeue "$job"
  scontrol update job="$job" TimeLimit=30
  finish killed "$job"
  check_interrupted killed "$job"
}

trap clean_up EXIT
trap 'exit 130' INT TERM

install_slurm
program=$(build_release)
configure
start_slurm
step "Slurm $(slurmd -V | sed 's/.* //') is up, with $tasks cores"

"$program" generate "$work/whole.h5" --shape 4000x3000 --spectrum exponential:50 --noise 0.05 --quiet
for name in cancelled limited killed; do cp "$work/whole.h5" "$work/$name.h5"; done

step "A job finishes"
finishes
step "A job is cancelled, and requeued"
is_cancelled_and_requeued
step "A job is longer than its time limit, and is warned"
is_longer_than_its_limit
step "A job hangs, and is killed at its time limit"
is_killed_at_its_limit
