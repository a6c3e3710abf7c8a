"""What the tests of studies share: a directory, gyre in it, the study's ledger."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time


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
        """Starts it, and sends a signal to the whole session once its ledger has so many lines."""
        ledger = self.base / words[words.index("--run-dir") + 1] / "study.jsonl"
        process = subprocess.Popen(self.argv(ranks, *words), cwd=self.base, start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3000):
            if process.poll() is not None:
                break
            if ledger.exists() and ledger.read_text().count("\n") >= lines:
                break
            time.sleep(0.01)
        try:
            if how == signal.SIGKILL:
                os.killpg(process.pid, how)
            else:
                process.send_signal(how)
        except ProcessLookupError:
            pass
        return process.wait(60)

    def trials(self, place):
        """Lines of a ledger by number, without what differs from job to job."""
        found = {}
        for line in (self.base / place / "study.jsonl").read_text().splitlines():
            event = json.loads(line)
            number = event["trial"]
            assert number not in found, f"{place}: trial {number} is there twice"
            found[number] = {k: v for k, v in event.items()
                             if k not in ("time", "wall", "seconds", "group")}
        return found
