#!/usr/bin/env bash
# mpirun.sh MPIEXEC RANKS PROGRAM [ARGUMENT…]: runs a test on more ranks than there may be cores.
# One rank runs without a launcher, as a user would start it.
set -euo pipefail
mpiexec=$1 ranks=$2
shift 2

export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export OMP_WAIT_POLICY=passive
export OMPI_MCA_mpi_yield_when_idle=1        # ranks share cores: do not spin
export OMPI_MCA_pml="${OMPI_MCA_pml-ob1}"    # starts faster than looking for a fabric
export OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none

[ "$ranks" -gt 1 ] || exec "$@"
options=()
case "$("$mpiexec" --version 2>/dev/null || true)" in
*"Open MPI"* | *OpenRTE* | *open-mpi*)
    options+=(--oversubscribe)
    [ "$(id -u)" -ne 0 ] || options+=(--allow-run-as-root)
    ;;
esac
exec "$mpiexec" "${options[@]}" -n "$ranks" "$@"
