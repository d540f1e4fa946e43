#!/bin/bash
# Compresses a matrix under PBS (OpenPBS, PBS Professional; for Torque see below).
# In the top folder, from which jobs are submitted:
#
#   swift build -c release --product lplr-dist --static-swift-stdlib   # nodes then need no Swift
#   qsub -v INPUT=/scratch/data.h5 jobs/pbs.sh   # makes data.lplr.h5 there
#
# It asks for 4 nodes of 64 cores. Change that here, or on the line of qsub, which comes first:
# qsub -l walltime=12:00:00 -v INPUT=...,LIMIT=715m jobs/pbs.sh

#PBS -N lplr-dist
#PBS -S /bin/bash
#PBS -j oe

# One rank for each core; a rank computes in one thread. `mem` is for a whole node: 64 times what the
# program may use (`memory`, below) and half a gigabyte for MPI, HDF5 and the program itself. The
# more of the matrix fits, the less often it is read.
#PBS -l select=4:ncpus=64:mpiprocs=64:mem=160gb
#PBS -l place=scatter:excl

# Torque has one line for this instead:
##PBS -l nodes=4:ppn=64,pmem=2560mb

# Nodes with one kind of processor: another kind may round differently, and then the factors are not
# the same to the last bit from run to run. A queue usually has one kind.
##PBS -q ...

# At the time limit PBS ends the job, without a warning: see `limit` below. No half-written result is
# left: the file gets its name when it is complete.
#PBS -l walltime=04:00:00

# If a node is lost, PBS may start the job again.
#PBS -r y

set -euo pipefail
cd "$PBS_O_WORKDIR"

# This file, from where jobs are submitted.
script=jobs/pbs.sh
program=$PWD/.build/release/lplr-dist
input=${INPUT:-data.h5}
memory=2G

# After this time (LIMIT), which leaves five minutes of `walltime`, mpirun is told to pass USR1 on to every
# rank. The program then saves its state and ends with status 75; leave more for very large matrices.
limit=${LIMIT:-235m}

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Debian's settings of Open MPI switch InfiniBand off. Where a node has several adapters, add
# `-x UCX_NET_DEVICES=mlx5_0:1` to mpirun for the right one.
if compgen -G '/sys/class/infiniband/mlx*' >/dev/null && [[ $(ompi_info) == *'MCA pml: ucx'* ]]; then
  export OMPI_MCA_pml=ucx
fi

# `qsig -s USR1` does the same by hand. It signals this script, too.
trap : USR1

# Debian's Open MPI does not know PBS. The file names each node as often as it has ranks; without
# it, every rank would land on the first node. mpirun reaches the other nodes by ssh; where that is
# not allowed, PBS has a stand-in for it: `--mca plm_rsh_agent pbs_tmrsh`.
#
# `--map-by core` fills one node after the other, so that the ranks of a node read columns that lie
# side by side.
status=0
timeout --foreground --preserve-status --signal=USR1 "$limit" \
  mpirun --hostfile "$PBS_NODEFILE" --map-by core --bind-to core \
  -x OMP_NUM_THREADS -x OPENBLAS_NUM_THREADS \
  "$program" "$input" --memory "$memory" || status=$?

# 75: not finished, but saved. Users may not put a job back into the queue (qrerun is for operators),
# so a new one resumes (with `--basis exact` it begins again: that must fit into one job). It has the limits that stand in this file, not those on the line of qsub.
if [[ $status == 75 ]]; then
  qsub -v "INPUT=$input" "$script" ||
    echo "lplr-dist: saved; to go on: cd $PWD && qsub -v INPUT=$input $script" >&2
fi
exit "$status"
