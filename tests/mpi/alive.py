#!/usr/bin/env python3
"""Ranks that die at random moments, or stand still (alive.c): those that are left agree on who is left; and one that
stands still while the others end their watch is no reason to wait for ever.

    alive.py ALIVE MPIEXEC [SEEDS [FIRST]]
"""
import os
import random
import re
import signal
import subprocess
import sys
import threading

RANKS, SECONDS = 6, 150  # at most: they are ended once all have agreed


def draw(seed):
    """Ranks on a host; who dies, and when (ms). Together, one while the others agree, or later."""
    numbers = random.Random(seed)
    hosts = numbers.choice((RANKS, 2, 1))
    victims = numbers.sample(range(RANKS), numbers.randint(1, 4))
    first = numbers.uniform(100, 300)
    return hosts, {v: first + numbers.choice((0, numbers.uniform(0, 5), numbers.uniform(0, 400)))
                   for v in victims}


def environment(hosts):
    return {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
            "OMPI_MCA_hwloc_base_binding_policy": "none", "GYRE_HOST_RANKS": str(hosts)}


def leave(program, mpiexec):
    done = subprocess.run([mpiexec, "-n", "3", program, "0", "1:0:stop"], env=environment(1), capture_output=True,
                          text=True, timeout=200)
    assert done.returncode != 0 and "a rank is gone (rank 1 on" in done.stderr, done


def trial(program, mpiexec, seed):
    hosts, plan = draw(seed)
    words = [f"{rank}:{ms:.0f}" for rank, ms in plan.items()]
    if hosts == RANKS and len(plan) == 1:  # one that stands still is ended by its neighbours
        words[0] += ":stop"
    waiting, said = set(range(RANKS)) - set(plan), []
    job = subprocess.Popen([mpiexec, "--enable-recovery", "-n", str(RANKS), program, str(SECONDS), *words],
                           env=environment(hosts), stdout=subprocess.PIPE, text=True)
    hangs = threading.Timer(SECONDS + 50, job.kill)
    hangs.start()
    try:
        slowest = listen(job, seed, plan, waiting, said)
        job.send_signal(signal.SIGTERM)
        job.communicate(timeout=200)
    finally:
        hangs.cancel()
        job.kill()
    assert not waiting, (seed, hosts, plan, said)
    return slowest


def listen(job, seed, plan, waiting, said):
    """Until nobody is waited for: ranks that have not agreed yet that all of the plan are dead; the slowest, in ms."""
    everybody = " ".join(str(v) for v in sorted(plan))
    slowest, digests = 0, {}
    for line in job.stdout:
        said.append(line)
        rank, dead, words_said, ms = re.fullmatch(r"rank (\d+): dead ([\d ]+): (.*) \(([\d.]+) ms\)\n", line).groups()
        slowest = max(slowest, float(ms))
        assert digests.setdefault(dead, words_said) == words_said, (seed, said)  # all decide alike
        left = [r for r in range(RANKS) if str(r) not in dead.split()]
        most = max(r % 3 for r in left)
        first = min(r for r in left if r % 3 == most)
        assert words_said == f"{min(r % 3 for r in left)} to {most}, most of {first}", (seed, line)
        assert set(dead.split()) <= set(everybody.split()), (seed, plan, said)
        if dead == everybody:
            waiting.discard(int(rank))
        if not waiting:
            break
    return slowest


def main():
    program, mpiexec = sys.argv[1:3]
    seeds, first = (int(word) for word in (sys.argv[3:] + ["2", "0"][len(sys.argv) - 3:]))
    leave(program, mpiexec)
    print(f"{seeds} seeds, agreed within",
          ", ".join(f"{trial(program, mpiexec, seed):.0f}" for seed in range(first, first + seeds)), "ms")


main()
