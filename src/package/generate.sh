#!/bin/sh
# generate.sh GYRE PLACE: writes what is made from the setting rows, laid out as below share/: manual
# pages, completion for bash and zsh, the schema of configurations.
set -eu
gyre=$1 place=$2
export COLUMNS=80
mkdir -p "$place/man/man1" "$place/bash-completion/completions" "$place/zsh/site-functions" "$place/gyre"
"$gyre" help --completion bash >"$place/bash-completion/completions/gyre"
"$gyre" help --completion zsh >"$place/zsh/site-functions/_gyre"
"$gyre" help --man >"$place/man/man1/gyre.1"
for command in $("$gyre" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    "$gyre" help --man "$command" >"$place/man/man1/gyre-$command.1"
done
"$gyre" help --schema >"$place/gyre/gyre.schema.json"
