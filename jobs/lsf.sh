#!/bin/bash
# Compresses a matrix under LSF.
# In the top folder, from which jobs are submitted:
#
#   swift build -c release --product lplr-dist --static-swift-stdlib   # nodes then need no Swift
#   INPUT=/scratch/data.h5 bsub < jobs/lsf.sh    # makes data.lplr.h5 there
#
# It asks for 4 hosts of 64 cores. Change that here, or on the line of bsub, which comes first:
# INPUT=... LIMIT=715m bsub -n 1024 -W 12:00 < jobs/lsf.sh

#BSUB -J lplr-dist
#BSUB -o lplr-dist-%J.out

# One rank for each core; a rank computes in one thread. One model of host: another kind of processor may
# round differently, and then the factors are not the same to the last bit from run to run.
#BSUB -n 256
#BSUB -R "span[ptile=64] same[model]"
#BSUB -x

# Memory for each rank: what the program may use (`memory`, below), and half a gigabyte for MPI,
# HDF5 and the program itself. The more of the matrix fits, the less often it is read. LSF before
# 10.1.0.9 knows no `/task`; there the figure is for a whole host unless the cluster says otherwise.
#BSUB -R "rusage[mem=2560MB/task]"

##BSUB -q ...

# At the time limit LSF ends the job, and a parallel one often without a warning: see `limit` below. No
# half-written result is left: the file gets its name when it is complete.
#BSUB -W 4:00

# Status 75: not finished, but saved. The job goes back into the queue under its own number, and
# resumes (with `--basis exact` it begins again: that must fit into one job).
#BSUB -Q "75"

# If a host is lost, LSF starts the job again.
#BSUB -r

set -euo pipefail

program=$PWD/.build/release/lplr-dist
input=${INPUT:-data.h5}
memory=2G

# After this time (LIMIT), which leaves five minutes of -W, mpirun is told to pass USR1 on to every rank. The
# program then saves its state and ends with status 75; leave more for very large matrices.
limit=${LIMIT:-235m}

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Debian's settings of Open MPI switch InfiniBand off. Where a host has several adapters, add
# `-x UCX_NET_DEVICES=mlx5_0:1` to mpirun for the right one.
if compgen -G '/sys/class/infiniband/mlx*' >/dev/null && [[ $(ompi_info) == *'MCA pml: ucx'* ]]; then
  export OMPI_MCA_pml=ucx
fi

# `bkill -s USR1` does the same by hand. It signals this script, too.
trap : USR1

# Debian's Open MPI does not know LSF. The file names each host as often as it has ranks; without
# it, every rank would land on the first host. mpirun reaches the other hosts by ssh; where that is
# not allowed, LSF has a stand-in for it: `--mca plm_rsh_agent blaunch`.
#
# `--map-by core` fills one host after the other, so that the ranks of a host read columns that lie
# side by side.
status=0
timeout --foreground --preserve-status --signal=USR1 "$limit" \
  mpirun --hostfile "$LSB_DJOB_HOSTFILE" --map-by core --bind-to core \
  -x OMP_NUM_THREADS -x OPENBLAS_NUM_THREADS \
  "$program" "$input" --memory "$memory" || status=$?
exit "$status"
