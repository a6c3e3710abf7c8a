#!/usr/bin/env bash
# Installs what is missing of Debian's packages that Gyre is built from, by name.
#   launch/setup.sh           to build and run
#   launch/setup.sh tests     also to test
#   launch/setup.sh cluster   also SLURM and what else tests/cluster makes its hosts with
# Says what it does; does nothing, and needs no root, where everything is there already.
set -euo pipefail

build=(build-essential cmake ninja-build pkg-config openmpi-bin libopenmpi-dev
       libopenblas-openmp-dev libhdf5-dev libyaml-dev libjansson-dev libpcre2-dev libxxhash-dev zlib1g-dev
       librandom123-dev)
tests=(libcunit1-dev gfortran hdf5-tools python3-h5py python3-netcdf4 python3-numpy procps clang clang-format
       libomp-dev codespell git python3-jsonschema python3-yaml groff-base zsh gnuplot-nox)

# a browser without windows, which looks at pages of reports
grep -qs '^ID=debian' /etc/os-release && tests+=(chromium-headless-shell)

cluster=(slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge iproute2 procps python3-h5py)

wanted=("${build[@]}")
case ${1:-} in
tests) wanted+=("${tests[@]}") ;;
cluster) wanted+=("${cluster[@]}") ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian or Ubuntu; install what corresponds to: ${wanted[*]}" >&2
    exit 0
fi
missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "setup: installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: run as root, or install: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
