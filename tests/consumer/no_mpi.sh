#!/usr/bin/env bash
# no_mpi.sh BUILD SOURCE CC: built without MPI it trains the same numbers by itself, needs no MPI library, and
# refuses to be one of several. Only the room that knows MPI is compiled anew and linked with BUILD's others;
# GYRE_TEST_WHOLE=1 builds all of it.
set -euo pipefail
build=$1 source=$2 cc=$3
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export OMP_NUM_THREADS=1 PKG_CONFIG_PATH=$place:${PKG_CONFIG_PATH:-}
unset GYRE

cmake -S "$source" -B "$place" -DGYRE_MPI=OFF -DGYRE_WERROR=ON -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER="$cc" >"$place/log"
if [ -n "${GYRE_TEST_WHOLE:-}" ]; then
    cmake --build "$place" -- -j2 >>"$place/log"
else
    cmake --build "$place" --target gy_comm -- -j2 >>"$place/log"
    mapfile -t cli < <(find "$build/src/CMakeFiles/gyre-cli.dir" -name '*.o')
    # shellcheck disable=SC2046
    "$cc" "${cli[@]}" -Wl,--whole-archive "$place/src/libgy_comm.a" -Wl,--no-whole-archive "$build/src/libgyre.a" \
        $(pkg-config --libs gyre | sed 's/-L[^ ]* -lgyre//') -o "$place/gyre"
fi
cd "$place"
./gyre version | grep -qx 'mpi   none'
ldd ./gyre | grep -i 'libmpi\|open-rte' && exit 1

short=(train "$source/datasets/digits.yaml" --quiet --set train.epochs=1)
(cd "$source" && "$build/gyre" "${short[@]}" --run-dir "$place/with")
(cd "$source" && "$place/gyre" "${short[@]}" --run-dir "$place/without")
one=$(find with -name '*.h5' | sort | tail -1)
h5diff "$one" "without${one#with}"

code=0
OMPI_COMM_WORLD_SIZE=2 ./gyre eval with 2>error || code=$?
[ "$code" = 2 ]
grep -q 'several processes, each by itself (OMPI_COMM_WORLD_SIZE=2): ' error
echo "no_mpi: all of it works"
