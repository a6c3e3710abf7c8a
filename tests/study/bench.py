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
    """Processes of a session that are not dead: a launcher's ranks have groups of their own."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rsplit(") ", 1)[1].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


class Bench:
    def __init__(self, argv):
        self.gyre, *self.launcher = argv
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="gyre-study-"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.base, ignore_errors=True)

    def argv(self, ranks, *words):
        return [*self.launcher, str(ranks), self.gyre, *words]

    def run(self, ranks, *words, code=0, env=None):
        done = subprocess.run(self.argv(ranks, *words), cwd=self.base, capture_output=True, text=True,
                              timeout=150, env={**os.environ, **(env or {})})
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def strike(self, ranks, how, lines, *words):
        """Starts it, and sends a signal, KILL to the whole session, once its ledger has so many lines more."""
        ledger = self.base / words[words.index("--run-dir") + 1] / "study.jsonl"
        lines += ledger.read_text().count("\n") if ledger.exists() else 0
        process = subprocess.Popen(self.argv(ranks, *words), cwd=self.base, start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3000):
            if process.poll() is not None:
                break
            if ledger.exists() and ledger.read_text().count("\n") >= lines:
                break
            time.sleep(0.01)
        if how != signal.SIGKILL:
            process.send_signal(how)
            return process.wait(60)
        while found := session_of(process.pid):
            for pid in found:
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            process.poll()
            time.sleep(0.01)
        return process.wait(60)

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
