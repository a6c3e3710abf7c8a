#!/usr/bin/env bash
# segments.sh: of Open MPI's shared segments launch/lib.sh takes away those that killed ranks left, and
# no others.
set -euo pipefail
. "$(dirname "$0")/../../launch/lib.sh"
[ "$(readlink /proc/self/ns/pid)" = "pid:[4026531836]" ] || { echo "skipped: in a container"; exit 77; }

name=/dev/shm/vader_segment.test.$$
trap 'kill $! 2>/dev/null; rm -f $name.*' EXIT
head -c 4096 /dev/zero | tee $name.young $name.mapped $name.left $name.left.2 >/dev/null
# stands for a rank
/usr/bin/python3 -c "import mmap, sys, time
with open('$name.mapped', 'r+b') as f: m = mmap.mmap(f.fileno(), 4096)
print('mapped', flush=True)
time.sleep(60)" >$name.said &
until grep -q mapped $name.said; do sleep 0.05; done
touch -d '2 minutes ago' $name.mapped $name.left $name.left.2

sweep_segments
left=$(cd /dev/shm && echo vader_segment.test.$$.*)
[ "$left" = "${name##*/}.mapped ${name##*/}.said ${name##*/}.young" ] || { echo "left are: $left"; exit 1; }
