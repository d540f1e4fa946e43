#!/bin/bash
# Compresses a matrix under LSF. From the top of the repository, where jobs are submitted:
#
#   swift build -c release --product lplr-dist --static-swift-stdlib   # nodes then need no Swift
#   INPUT=/scratch/data.h5 bsub < jobs/lsf.sh                          # makes data.lplr.h5 there
#
# It asks for 4 hosts of 64 cores. Change that here, or on the line of bsub, which comes first:
# INPUT=... bsub -n 1024 -W 12:00 < jobs/lsf.sh

#BSUB -J lplr-dist
#BSUB -o lplr-dist-%J.out

# One rank for each core; a rank has one thread. One model of host: another kind of processor may
# round differently, and then the factors are not the same to the last bit from run to run.
#BSUB -n 256
#BSUB -R "span[ptile=64] same[model]"
#BSUB -x

# Memory for each rank: what the program may use (`memory`, below), and half a gigabyte for MPI,
# HDF5 and the program itself. The more of the matrix fits, the less often it is read. LSF before
# 10.1.0.9 knows no `/task`; there the figure is for a whole host unless the cluster says otherwise.
#BSUB -R "rusage[mem=2560MB/task]"

##BSUB -q ...

# At the time limit LSF ends the job. No half-written result is left: the file gets its name when it
# is complete.
#BSUB -W 4:00

# If a host is lost, LSF starts the job again, from the beginning.
#BSUB -r

set -euo pipefail

program=$PWD/.build/release/lplr-dist
input=${INPUT:-data.h5}
memory=2G

# Debian's settings of Open MPI switch InfiniBand off. Where a host has several adapters, add
# `-x UCX_NET_DEVICES=mlx5_0:1` to mpirun for the right one.
if compgen -G '/sys/class/infiniband/mlx*' >/dev/null; then
  export OMPI_MCA_pml=ucx
fi

# Debian's Open MPI does not know LSF. The file names each host as often as it has ranks; without
# it, every rank would land on the first host. mpirun reaches the other hosts by ssh; where that is
# not allowed, LSF has a stand-in for it: `--mca plm_rsh_agent blaunch`.
#
# At the time limit LSF may kill a parallel job without a warning; `-wa USR1 -wt 5` asks for one
# five minutes before. For a program that can save its state (this version cannot) the surer way is
# to put `timeout --foreground --preserve-status --signal=USR1 235m` before mpirun, which passes the
# signal on to every rank.
#
# `--map-by core` fills one host after the other, so that the ranks of a host read columns that lie
# side by side.
exec mpirun --hostfile "$LSB_DJOB_HOSTFILE" --map-by core --bind-to core \
  "$program" "$input" --memory "$memory"
