#!/usr/bin/env python3
"""Ranks that die at random moments, or stand still (alive.c): those that are left agree on who is left; and one that
stands still while the others end their watch is no reason to wait for ever.

    alive.py ALIVE MPIEXEC [SEEDS [FIRST]]
"""
import os
import random
import re
import subprocess
import sys

RANKS, SECONDS = 6, 1.2


def draw(seed):
    """Ranks on a host; who dies, and when (ms). Together, one while the others agree, or later."""
    numbers = random.Random(seed)
    hosts = numbers.choice((RANKS, 2, 1))
    victims = numbers.sample(range(RANKS), numbers.randint(1, 4))
    first = numbers.uniform(100, 300)
    return hosts, {v: first + numbers.choice((0, numbers.uniform(0, 5), numbers.uniform(0, 400)))
                   for v in victims}


def start(command, hosts):
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                   "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
                   "OMPI_MCA_hwloc_base_binding_policy": "none", "GYRE_HOST_RANKS": str(hosts)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def leave(program, mpiexec):
    done = start([mpiexec, "-n", "3", program, "0", "1:0:stop"], 1)
    assert done.returncode != 0 and "a rank is gone (rank 1 on" in done.stderr, done


def trial(program, mpiexec, seed):
    hosts, plan = draw(seed)
    words = [f"{rank}:{ms:.0f}" for rank, ms in plan.items()]
    stops = hosts == RANKS and len(plan) == 1  # one that stands still is ended by its neighbours
    if stops:
        words[0] += ":stop"
    command = [mpiexec, "--enable-recovery", "-n", str(RANKS), program, str(SECONDS + stops), *words]
    done = start(command, hosts)
    agreed, slowest, digests = {}, 0, {}
    for line in done.stdout.splitlines():
        rank, dead, words_said, ms = re.fullmatch(r"rank (\d+): dead ([\d ]+): (.*) \(([\d.]+) ms\)", line).groups()
        if not {int(r) for r in dead.split()} <= set(plan):
            continue  # others are at their end
        agreed.setdefault(int(rank), []).append(dead)
        slowest = max(slowest, float(ms))
        assert digests.setdefault(dead, words_said) == words_said, (seed, done.stdout)  # all decide alike
        left = [r for r in range(RANKS) if str(r) not in dead.split()]
        most = max(r % 3 for r in left)
        first = min(r for r in left if r % 3 == most)
        assert words_said == f"{min(r % 3 for r in left)} to {most}, most of {first}", (seed, line)
    everybody = " ".join(str(v) for v in sorted(plan))
    for rank in set(range(RANKS)) - set(plan):
        assert agreed.get(rank, [None])[-1] == everybody, (seed, hosts, plan, done.stdout, done.stderr)
    return slowest


def main():
    program, mpiexec = sys.argv[1:3]
    seeds, first = (int(word) for word in (sys.argv[3:] + ["2", "0"][len(sys.argv) - 3:]))
    leave(program, mpiexec)
    print(f"{seeds} seeds, agreed within",
          ", ".join(f"{trial(program, mpiexec, seed):.0f}" for seed in range(first, first + seeds)), "ms")


main()
