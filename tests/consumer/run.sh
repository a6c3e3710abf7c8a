#!/usr/bin/env bash
# run.sh BUILD SOURCE CC: installs into a fresh place and builds a consumer against it, by
# find_package and by pkg-config, and runs both.
set -euo pipefail
build=$1 source=$2 cc=$3
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cmake --install "$build" --prefix "$place/installed" >/dev/null
"$place/installed/bin/gyre" version

cmake -S "$source" -B "$place/by-cmake" -DCMAKE_PREFIX_PATH="$place/installed" \
    -DCMAKE_C_COMPILER="$cc" >/dev/null
cmake --build "$place/by-cmake" >/dev/null
(mkdir "$place/a" && cd "$place/a" && "$place/by-cmake/consumer" && test -s run/metrics.jsonl)

pc=$(dirname "$(find "$place/installed" -name gyre.pc)")
# the .pc names the prefix of configuration; this place is another
flags=$(PKG_CONFIG_PATH=$pc pkg-config --define-variable=prefix="$place/installed" --cflags --libs \
    --static gyre)
# shellcheck disable=SC2086
"$cc" "$source/consumer.c" $flags -o "$place/by-pkg-config"
(mkdir "$place/b" && cd "$place/b" &&
    LD_LIBRARY_PATH=$(dirname "$pc") "$place/by-pkg-config" && test -s run/metrics.jsonl)
echo "consumer: both work"
