#!/usr/bin/env bash
# run.sh [SECONDS] [TARGET…]: builds the fuzzers (clang, sanitizers) and lets each run for so long (300),
# from its corpus on. What they find to be new stays in build-fuzz/found/TARGET, what breaks them beside
# it as TARGET-crash-…: mend the code, and put the file into corpus/TARGET under a name that tells why.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-300}
[ $# -eq 0 ] || shift
targets=("$@") code=0
[ $# -gt 0 ] || for corpus in tests/fuzz/corpus/*/; do targets+=("$(basename "$corpus")"); done

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"
# HDF5 asks for any memory that a broken file says, and takes no for an answer
export ASAN_OPTIONS=allocator_may_return_null=1 LSAN_OPTIONS=suppressions=$PWD/tests/fuzz/lsan.supp
for target in "${targets[@]}"; do
    found=build-fuzz/found/$target
    mkdir -p "$found"
    if build-fuzz/tests/fuzz/fuzz_"$target" -max_total_time="$seconds" -timeout=10 -verbosity=0 \
        -rss_limit_mb=1024 -artifact_prefix="$found-" "$found" tests/fuzz/corpus/"$target"; then
        echo "$target: nothing in $seconds s"
    else
        echo "$target: broken, see $found-*" >&2
        code=1
    fi
done
exit $code
