#!/usr/bin/env bash
# Runs the program on three hosts, as hostfile.example says: jobs/test.sh --hosts
#   1. compress, verify and decompress on all cores of all hosts; the results must have the bytes of
#      those of a single rank;
#   2. a host is lost in the middle of a read, or only the daemon of Open MPI on it: the job must end
#      within 20 s with an error and leave nothing under the final name; the same command must go on
#      from the checkpoint, and give the same bytes;
#   3. the cable of a host is out for a minute, so that nobody hears of anything: the ranks must say
#      that nothing moves, and where they are, and all else as before.
#
# The hosts are network namespaces of this machine, joined by a bridge. Each has a name, an address,
# a list of processes and a table of hosts of its own; memory between two of them is not shared, so
# that messages go through TCP. They share the disk, as the nodes of a cluster do. A small stand-in
# for ssh starts commands on them. Needs root, iproute2 and util-linux; takes four minutes on two
# cores, and leaves nothing behind. Where namespaces are not permitted, the status is 69.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
source jobs/environment.sh

hosts=(node01 node02 node03)
cores=$(usable_cores)
slots=$((cores < 2 ? 1 : 2))

work=$(mktemp -d "${TMPDIR:-/tmp}/lplr-hosts.XXXXXX")
# Names of namespaces, which are common to the machine.
prefix=lplr$$-

clean_up() {
  local status=$? name
  trap - EXIT
  for name in "${hosts[@]}"; do
    ip netns pids "$prefix$name" 2>/dev/null | xargs --no-run-if-empty kill -KILL || true
  done
  wait
  for name in "${hosts[@]}" hub; do ip netns del "$prefix$name" 2>/dev/null || true; done
  if ((status != 0)); then tail -n 40 "$work"/*.out >&2 || true; fi
  rm -rf "$work"
  if ((status == 0)); then
    echo "test-hosts: all passed, in $SECONDS s"
  else
    echo "test-hosts: failed with status $status, after $SECONDS s" >&2
  fi
  exit "$status"
}

fail() {
  echo "test-hosts: $*" >&2
  exit 1
}

step() { printf '\n== %s\n' "$*"; }

check_permission() {
  local tool
  for tool in ip unshare; do
    command -v "$tool" >/dev/null || unavailable "$tool is missing (Debian: iproute2 util-linux)"
  done
  if ! ip netns add "${prefix}hub" 2>"$work/netns.out" ||
    ! ip netns exec "${prefix}hub" unshare --uts --mount --pid --fork true 2>>"$work/netns.out"; then
    unavailable "network namespaces are not permitted here: $(tail -n 1 "$work/netns.out")"
  fi
}

unavailable() {
  echo "test-hosts: $1" >&2
  exit 69
}

# hub is the switch, and every host has one cable to it.
make_hosts() {
  local index=0 name
  echo "127.0.0.1 localhost" >"$work/hosts"
  ip -n "${prefix}hub" link add bridge type bridge
  ip -n "${prefix}hub" link set bridge up
  for name in "${hosts[@]}"; do
    index=$((index + 1))
    echo "10.77.0.$index $name" >>"$work/hosts"
    ip netns add "$prefix$name"
    ip link add eth0 netns "$prefix$name" type veth peer name "port$index" netns "${prefix}hub"
    ip -n "${prefix}hub" link set "port$index" master bridge up
    ip -n "$prefix$name" link set lo up
    ip -n "$prefix$name" addr add "10.77.0.$index/24" dev eth0
    ip -n "$prefix$name" link set eth0 up
  done
}

# Called as ssh is: [OPTION...] HOST COMMAND... Numbers of processes begin somewhere, as on a host that
# is not new: the second run must not have those of the one that was lost.
make_agent() {
  cat >"$work/agent" <<AGENT
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\$1
shift
exec ip netns exec "$prefix\$host" \\
  unshare --uts --mount --pid --fork --kill-child --mount-proc sh -c \\
  "hostname \$host && mount --bind '$work/hosts' /etc/hosts && cd '$work' &&
    shuf -n 1 -i 1000-30000 >/proc/sys/kernel/ns_last_pid && exec \$*"
AGENT
  chmod +x "$work/agent"
  export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent=$work/agent
  export OMPI_MCA_oob_tcp_if_include=eth0 OMPI_MCA_btl_tcp_if_include=eth0
  # The hosts use the same cores, so that a rank that waits must let others work.
  export OMPI_MCA_mpi_yield_when_idle=1
}

# The hosts of the example, as far as we have them, with the slots that we have.
make_hostfile() {
  local names
  names=$(IFS='|' && echo "${hosts[*]}")
  grep -E "^($names) " hostfile.example | sed "s/slots=.*/slots=$slots/" >"$work/hostfile"
  [[ $(wc -l <"$work/hostfile") == "${#hosts[@]}" ]] ||
    fail "hostfile.example does not have the lines of ${hosts[*]}"
}

# Runs a command on all hosts, from the first one, as a user would.
on_hosts() {
  "$work/agent" "${hosts[0]}" \
    timeout -k 5 300 mpirun --hostfile hostfile --map-by core --bind-to core "$@"
}

check_hosts() {
  local names
  names=$(on_hosts hostname | sort | uniq -c | awk '{ print $2 "=" $1 }' | xargs)
  echo "ranks: $names"
  [[ $names == "$(printf "%s=$slots\n" "${hosts[@]}" | xargs)" ]] || fail "ranks are not on all hosts"
}

# same WHAT FILE FILE: every byte of the data; only the files' own times may differ.
same() { "$LPLR_PYTHON" "Tests/EndToEndTests/Python/same_$1.py" "$work/$2" "$work/$3" >/dev/null; }

gives_the_same() {
  alone=$work/alone.lplr.h5
  "$program" "$work/data.h5" -o "$alone" --quiet
  "$program" decompress "$alone" -o "$work/alone.rebuilt.h5" --quiet
  on_hosts "$program" data.h5 | grep -E '^(ranks|seconds|relative)'
  same factors data.lplr.h5 alone.lplr.h5
  on_hosts "$program" verify data.lplr.h5 data.h5 | tail -n 3
  on_hosts "$program" decompress data.lplr.h5 --quiet
  same matrix data.rebuilt.h5 alone.rebuilt.h5
}

# is_lost NAME NUMBER SECONDS KILL...: `KILL...` after a checkpoint, of which there are two in each read,
# must end the run in so many seconds, and the next run must begin at that checkpoint or a later one.
is_lost() {
  local target=$1.lplr.h5 status=0 job start
  local checkpoints=$work/.$target.checkpoint
  # Groups of tiles take longer here, so that the loss falls into a read.
  on_hosts -x LPLR_TEST_PAUSE_MS=1000 "$program" data.h5 -o "$target" --checkpoint-every 0 \
    --stall-timeout 15 >"$work/$1.out" 2>&1 &
  job=$!
  until [[ -e $checkpoints/manifest.$(printf '%06d' "$2") ]]; do
    kill -0 "$job" 2>/dev/null || fail "the run ended before it was disturbed"
    sleep 0.1
  done
  start=$SECONDS
  "${@:4}"
  wait "$job" || status=$?
  echo "status $status, $((SECONDS - start)) s later"
  ((status != 0 && status != 124 && SECONDS - start <= $3)) || fail "a loss must end the run in $3 s"
  [[ ! -e $work/$target ]] || fail "there is a file under the final name"
  sleep 2
  ! pgrep -f "^$program data.h5 -o $target" >/dev/null || fail "ranks are still running"
  [[ -d $checkpoints ]] || fail "the checkpoint was lost with the job"
  on_hosts "$program" data.h5 -o "$target" --quiet 2>"$work/$1-again.out"
  grep -o "resumed from [^(]*" "$work/$1-again.out" || fail "the second run began from the beginning"
  [[ ! -e $checkpoints ]] || fail "the checkpoint is still there"
  same factors "$target" alone.lplr.h5
}

# Of the last host: mpirun runs on the first.
kill_host() { ip netns pids "$prefix${hosts[-1]}" | xargs kill -KILL; }
kill_daemon() {
  local host
  host=$(ip netns pids "$prefix${hosts[-1]}" | head -n 1)
  pkill -KILL -x orted --ns "$host" --nslist net
}

pull_cable() {
  ip -n "${prefix}hub" link set "port${#hosts[@]}" down
  sleep 60
  ip -n "${prefix}hub" link set "port${#hosts[@]}" up
}

ranks_speak() {
  grep -o 'rank [0-9]*: nothing has moved for 15 s ([^)]*)' "$work/$1.out" | sort | uniq | head -n 3 |
    grep . || fail "no rank has said where it waits"
}

trap clean_up EXIT
trap 'exit 130' INT TERM

check_permission
program=$(build_release)
make_hosts
make_agent
make_hostfile

step "${#hosts[@]} hosts, $slots ranks on each"
check_hosts
"$program" generate "$work/data.h5" --shape 4000x3000 --spectrum exponential:50 --noise 0.05 --quiet

step "Compress, verify and decompress: the same as on one rank"
gives_the_same
step "A host is lost"
is_lost host 1 20 kill_host
step "Open MPI's daemon on a host is lost"
is_lost daemon 3 20 kill_daemon
step "A cable is out for a minute"
is_lost cable 1 80 pull_cable
ranks_speak cable
