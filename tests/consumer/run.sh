#!/usr/bin/env bash
# run.sh BUILD SOURCE CC MPIEXEC: installs into an empty prefix, moves that, and uses every installed thing: the
# executable, its launch scripts, examples and data; programs in C, C++ and Fortran built against the library
# by find_package and by pkg-config. A file that nothing here uses is an error.
set -euo pipefail
build=$1 source=$2 cc=$3 mpiexec=$4
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export PATH=/usr/bin:/bin OMPI_MCA_rmaps_base_oversubscribe=1 OMP_NUM_THREADS=1
unset GYRE

cmake --install "$build" --prefix "$place/first" >"$place/log"
mv "$place/first" "$place/prefix"
prefix=$place/prefix share=$place/prefix/share/gyre
cd "$place"

# the executable, data set, examples
"$prefix/bin/gyre" version
(cd "$share" && "$prefix/bin/gyre" train datasets/digits.yaml --dry-run --quiet)
for example in "$share"/launch/examples/*.yaml; do "$prefix/bin/gyre" inspect "$example" >/dev/null; done

for script in "$share"/launch/examples/*.py; do python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script"; done

# launch scripts find the executable beside them; lib.sh is their common part
short=(train datasets/digits.yaml --run-dir "$place/digits" --quiet --set train.epochs=1)
(cd "$share" && launch/local.sh "${short[@]}")
(cd "$share" && launch/mpirun.sh -n 1 "${short[@]}" --set train.epochs=2)
for script in "$share"/launch/slurm/*; do bash -n "$script"; done
grep -q '"finished"\|"end"' digits/metrics.jsonl

# the library
in_situ=$share/launch/examples/in_situ
cmake -S "$source" -B by-cmake -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" -DIN_SITU="$in_situ" >/dev/null
cmake --build by-cmake -- -j2 >/dev/null
(mkdir a && cd a && ../by-cmake/consumer && test -s run/metrics.jsonl)
pc=$(dirname "$(find "$prefix" -name gyre.pc)")
# shellcheck disable=SC2046
"$cc" "$source/consumer.c" $(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs gyre) -o by-pkg-config
(mkdir b && cd b && LD_LIBRARY_PATH=$pc/.. ../by-pkg-config && test -s run/metrics.jsonl)
by-cmake/consumer_cpp "$in_situ/closure.yaml" cpp

# a Fortran program with traps, by plain flags
fortran=$(PKG_CONFIG_PATH=$pc pkg-config --variable=fortran gyre)
# shellcheck disable=SC2046
"$cc" -c "$fortran/gyre_fortran.c" $(PKG_CONFIG_PATH=$pc pkg-config --cflags gyre)
# shellcheck disable=SC2046
gfortran -std=f2018 -Wall -Werror -fcheck=all -ffpe-trap=invalid,zero,overflow -fno-backtrace "$fortran/gyre.f90" \
    "$source/consumer.f90" gyre_fortran.o $(PKG_CONFIG_PATH=$pc pkg-config --libs gyre) -o consumer_fortran
LD_LIBRARY_PATH=$pc/.. ./consumer_fortran "$in_situ/closure.yaml" fortran
LD_LIBRARY_PATH=$pc/.. ./consumer_fortran nowhere fortran 2>error && exit 1
grep -q '^gyre: error: cannot read the configuration (nowhere): .*; ' error

# simulations that train on some of their ranks, or on all, and go on from what they saved
on() { "$source/../support/mpirun.sh" "$mpiexec" "$@"; }
for program in heat heat_f; do
    on 1 by-cmake/in_situ/$program "$in_situ/closure.yaml" none 2 0 2>error && exit 1
    grep -q '^usage: ' error
    on 3 by-cmake/in_situ/$program "$in_situ/closure.yaml" $program.run 240 2 >first
    on 2 by-cmake/in_situ/$program $program.run $program.run 80 >second
    grep -q '^begins with 120 updates' second
    cat first second | sed -n 's/^field .* off by *\(.*\) %/\1/p' | awk '$1 > 5 {print; exit 1}'
done
by-cmake/in_situ/ten_lines heat.run .1 .2 .3 | grep -q '^0\.'
by-cmake/in_situ/threads heat.run | grep -q ', 0 of them otherwise'
"$prefix/bin/gyre" verify heat_f.run
grep -rF -e "$place/first" -e "$build" "$pc" "$pc/../cmake" && exit 1

# what man, shells and editors take
for page in gyre gyre-train; do man -l "$prefix/share/man/man1/$page.1" 2>/dev/null | grep -q SYNOPSIS; done
bash -c '. "$0"; COMP_WORDS=(gyre ins) COMP_CWORD=1; _gyre 2>/dev/null; [ "${COMPREPLY[*]}" = inspect ]' \
    "$prefix/share/bash-completion/completions/gyre"
grep -q '^compdef _gyre gyre' "$prefix/share/zsh/site-functions/_gyre"
python3 -m json.tool "$share/gyre.schema.json" >/dev/null
grep -L 'schema=\.\./\.\./gyre\.schema\.json' "$share"/launch/examples/*.yaml | grep . && exit 1
grep -q 'schema=\.\./\.\./\.\./gyre\.schema\.json' "$in_situ/closure.yaml"

# the environment module, where Modules is installed
if command -v modulecmd >/dev/null; then
    (eval "$(MODULEPATH=$share/launch/modules modulecmd bash load gyre)" && [ "$(command -v gyre)" = "$prefix/bin/gyre" ])
fi

# nothing else is there
other=$(cd "$prefix" && find . -type f | grep -Ev '^\./(bin/gyre|include/gyre/([a-z]+\.hp?p?|fortran/gyre(\.f90|_fortran\.c))|lib[^ ]*/libgyre\.(a|so[.0-9]*)'`
      `'|lib[^ ]*/cmake/gyre/gyre-[a-z0-9-]+\.cmake|lib[^ ]*/pkgconfig/gyre\.pc'`
      `'|share/man/man1/gyre(-[a-z]+)?\.1|share/bash-completion/completions/gyre|share/zsh/site-functions/_gyre'`
      `'|share/gyre/gyre\.schema\.json|share/gyre/launch/(README\.md|[a-z]+\.sh|anatomy/[A-Za-z]+\.(md|svg|yaml)|overfitting/[A-Za-z]+\.(md|py|yaml)|slurm/[a-z.-]+|modules/gyre|examples/(README\.md|[a-z0-9_]+\.(yaml|py)|in_situ/([a-z_]+\.(c|f90|yaml)|CMakeLists\.txt|README\.md)))'`
      `'|share/gyre/datasets/[A-Za-z_]+\.(md|py|h5|yaml)|share/doc/gyre/(LICENSE|README\.md|CHANGELOG\.md))$' || true)
[ -z "$other" ] || { echo "installed, and used by nothing: $other" >&2; exit 1; }
test -s "$prefix/share/doc/gyre/LICENSE"
echo "consumer: all of it works"
