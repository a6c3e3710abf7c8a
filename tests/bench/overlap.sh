#!/usr/bin/env bash
# overlap.sh GYRE CONFIG [--hosts N] [--rate 1gbit] [--turns N] [--steps N] [--set KEY=VALUE]…: how much
# of the communication that could hide behind computation does, with one rank a host on a real wire.
#
#     alone     as many ranks, each by itself with its part    computation
#     apart     all ranks, comm.overlap: false                 computation + communication
#     together  all ranks, comm.overlap: true
#
# measured in turns; medians. What can hide is what a wire as fast as it was found to be (gradients in
# apart − alone) would hide if it started each layer's gradients the moment they are complete: those of the
# first layer are when the backward pass ends, and nothing covers them.
#
#     hidden = (apart − together) / (apart − alone − what is left of the ideal after the backward pass)
#
# Needs root (see tests/cluster/hosts.sh); each rank computes with one thread.
set -euo pipefail
. "$(dirname "$0")/../cluster/hosts.sh"
lab_enter "$0" "$@"
gyre=$1 config=$2
shift 2
hosts=2 rate=1gbit turns=3 options=(--threads 1) steps=10
while [ $# -gt 0 ]; do
    case $1 in
    --hosts) hosts=$2 ;;
    --rate) rate=$2 ;;
    --turns) turns=$2 ;;
    --steps) steps=$2 ;;
    --set) options+=(--set "$2") ;;
    *) sed -n 's/^# \(overlap.sh [^:]*\).*/\1/p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
hosts_up "$hosts"
for ((i = 0; i < hosts; i++)); do # both directions
    ip netns exec host$i tc qdisc replace dev eth0 root tbf rate "$rate" burst 128kb latency 20ms
    ip netns exec switch tc qdisc replace dev host$i root tbf rate "$rate" burst 128kb latency 20ms
done
batch=$(sed -n 's/.*batch_size: *\([0-9]*\).*/\1/p' "$config" | head -1)
step() { "$gyre" bench step "$config" --json --steps "$steps" "${options[@]}" "$@"; }
alone() { # at once, as the ranks compute at once
    for ((h = 1; h < hosts; h++)); do step --set "train.batch_size=$((batch / hosts))" >/dev/null & done
    step --set "train.batch_size=$((batch / hosts))"
    wait
}
together() {
    on host0 mpirun --hostfile $LAB/hostfile -np "$hosts" --mca btl tcp,self --mca btl_tcp_if_include eth0 \
        "$gyre" bench step "$config" --json --steps "$steps" "${options[@]}" --set "comm.overlap=$1"
}
for ((i = 0; i < turns; i++)); do
    alone | sed 's/^/alone /'
    together false | sed 's/^/apart /'
    together true | sed 's/^/together /'
done | cat - <("$gyre" inspect "$config" --json | sed 's/^/inspect /') | "${GYRE_PYTHON:-/usr/bin/python3}" -c '
import json, statistics, sys
ms, phases, backward = {}, {}, {}
for line in sys.stdin:
    how, text = line.split(" ", 1)
    if not text.startswith("{"): continue
    event = json.loads(text)
    if how == "inspect":
        layers = event["layers"]
    elif event["event"] == "layer" and how == "alone":
        backward.setdefault(event["name"], []).append(event["backward_ms"])
    elif event["event"] == "bench":
        ms.setdefault(how, []).append(event["step_ms"])
        phases.setdefault(how, []).append({k: v["mean"] for k, v in event["phases"].items()})
alone, apart, together = (statistics.median(ms[how]) for how in ("alone", "apart", "together"))
wire = apart - alone
parameters = sum(l["parameters"] for l in layers)
now = home = 0  # ms since the backward pass began: of it, of the wire
for l in reversed(layers):
    now += statistics.median(backward[l["name"]])
    home = max(home, now) + wire * l["parameters"] / parameters
can = wire - (home - now)
print(f"alone {alone:.1f} ms, apart {apart:.1f}, together {together:.1f}, at best {apart - can:.1f}")
print(f"of {wire:.1f} ms of communication {can:.1f} can hide, {apart - together:.1f} do:"
      f" {100 * (apart - together) / can:.0f} %")
for how in ms:
    print(f"  {how:9}", {k: round(statistics.median(p[k] for p in phases[how]), 1) for k in phases[how][0]})
'
