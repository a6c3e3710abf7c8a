#!/usr/bin/env bash
# run.sh SOURCE CC MODULE: builds the kernels on another BLAS, by its name in pkg-config, and runs the
# tests of those that call it.
set -euo pipefail
source=$1 cc=$2 module=$3
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cmake -S "$source" -B "$place" -DCMAKE_C_COMPILER="$cc" -DGYRE_BLAS="$module" >/dev/null
cmake --build "$place" --target test_kernel_gemm test_kernel_conv -- -j2 >/dev/null
"$place/tests/test_kernel_gemm"
"$place/tests/test_kernel_conv"
