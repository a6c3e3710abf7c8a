#!/usr/bin/env bash
# mpirun.sh MPIEXEC RANKS PROGRAM [ARGUMENT…]: runs a test on more ranks than there may be cores.
# One rank runs without a launcher, as a user would start it. Open MPI is told by its environment,
# which others pass over.
set -euo pipefail
mpiexec=$1 ranks=$2
shift 2

export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export OMP_WAIT_POLICY=passive
export OMPI_MCA_mpi_yield_when_idle=1        # ranks share cores: do not spin
export OMPI_MCA_pml="${OMPI_MCA_pml-ob1}"    # starts faster than looking for a fabric
export OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

[ "$ranks" -gt 1 ] || exec "$@"
exec "$mpiexec" -n "$ranks" "$@"
