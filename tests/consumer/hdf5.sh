#!/usr/bin/env bash
# hdf5.sh SOURCE CC: where pkg-config does not know HDF5 it is found by CMake's own module; what is
# built so reads and writes it.
set -euo pipefail
source=$1 cc=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/pkg-config" <<'END'
#!/bin/sh
case " $* " in *hdf5*) exit 1 ;; esac
exec pkg-config "$@"
END
chmod +x "$place/pkg-config"
cmake -S "$source" -B "$place/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Debug \
    -DPKG_CONFIG_EXECUTABLE="$place/pkg-config" >/dev/null
grep -q 'PKG_CONFIG_EXECUTABLE:.*'"$place" "$place/build/CMakeCache.txt"
sed -n 's/^Requires: //p' "$place/build/gyre.pc" | grep hdf5 && exit 1
cmake --build "$place/build" --target test_store_hdf5 -- -j2 >/dev/null
"$place/build/tests/test_store_hdf5"
