"""What the tests of studies share: a directory, gyre in it, the study's ledger."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time


def session_of(leader):
    """Processes of a session that are not dead, with their states: a launcher's ranks have groups of their own."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rsplit(") ", 1)[1].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state != "Z":
            found[int(path.parent.name)] = state
    return found


def send(processes, number):
    for pid in processes:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Bench:
    def __init__(self, argv):
        self.gyre, *self.launcher = argv
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="gyre-study-")).resolve()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.base, ignore_errors=True)

    def argv(self, ranks, *words):
        return [*self.launcher, str(ranks), self.gyre, *words]

    def run(self, ranks, *words, code=0, env=None):
        done = subprocess.run(self.argv(ranks, *words), cwd=self.base, capture_output=True, text=True,
                              timeout=200, env={**os.environ, **(env or {})})
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def stand_still(self, ranks, lines, *words, stderr=subprocess.DEVNULL):
        """Starts it, and waits until who writes its ledger stands still (tests/disk), with so many lines more.
        @return the launcher, and who stands still: nobody where it came to its end."""
        ledger = self.base / words[words.index("--run-dir") + 1] / "study.jsonl"
        env = {"LD_PRELOAD": str(pathlib.Path(self.gyre).parent / "tests/disk/libdisk_preload.so"),
               "GYRE_DISK_BELOW": str(ledger), "GYRE_DISK_KIND": "words", "GYRE_DISK_WORDS": '"trial"',
               "GYRE_DISK_HOW": "stop", "GYRE_DISK_AT": str(lines)}
        process = subprocess.Popen(self.argv(ranks, *words), cwd=self.base, start_new_session=True, text=True,
                                   stdout=subprocess.DEVNULL, stderr=stderr, env={**os.environ, **env})
        still = []
        while process.poll() is None and not still:
            time.sleep(0.01)
            still = [pid for pid, state in session_of(process.pid).items() if state == "T"]
        return process, still

    def strike(self, ranks, how, lines, *words):
        """Starts it, and sends a signal to all its processes once its ledger has so many lines more."""
        process, still = self.stand_still(ranks, lines, *words)
        send(session_of(process.pid), how)
        send(still, signal.SIGCONT)
        code = process.wait(200)
        for _ in range(12000):  # a launcher's end is not its ranks'
            if not session_of(process.pid):
                break
            time.sleep(0.01)
        assert not session_of(process.pid), session_of(process.pid)
        return code

    def trials(self, place):
        """Trials of a ledger by number, without what differs from job to job; once it is finished it says so, last."""
        found = {}
        events = [json.loads(line) for line in (self.base / place / "study.jsonl").read_text().splitlines()]
        assert "end" not in [event["event"] for event in events[:-1]], place
        for event in events:
            if event["event"] == "end":
                continue
            number = event["trial"]
            assert number not in found, f"{place}: trial {number} is there twice"
            found[number] = {k: v for k, v in event.items()
                             if k not in ("time", "wall", "seconds", "group")}
        return found
