"""The server under test as a process of its own."""

import json
import os
import pathlib
import signal
import subprocess
import time

STARTS = 60  # seconds


class Refused(AssertionError):
    """The server ended instead of serving, with this status and these words."""

    def __init__(self, status, words):
        super().__init__(f"the server ended with {status} instead of serving:\n{words}")
        self.status, self.words = status, words


class Server:
    """Serves `data` until it is killed or stopped. Its log goes to `log`, a file for all of its lives."""

    def __init__(self, binary, data, log, flags=(), environment=None):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.begins = out.tell()
            command = ["setpriv", "--pdeathsig", "KILL", "--", str(binary), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data), *flags]
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        self.address = self.find_address()

    def lines(self):
        """What this life has logged so far."""
        with open(self.log, "rb") as log:
            log.seek(self.begins)
            return log.read().decode(errors="replace")

    def find_address(self):
        end = time.monotonic() + STARTS
        while time.monotonic() < end:
            for line in self.lines().splitlines(keepends=True):
                if '"listening"' in line and line.endswith("\n"):
                    return json.loads(line)["address"]
            if self.process.poll() is not None:
                raise Refused(self.process.returncode, self.lines())
            time.sleep(0.002)
        self.kill()
        raise AssertionError(f"the server does not serve:\n{self.lines()}")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds):
        """The exit status; None when it still runs after so long."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        self.process.kill()
        return self.process.wait()

    def stop(self):
        """As an operator does; returns what was not well about it."""
        self.signal(signal.SIGTERM)
        status = self.wait(60)
        if status is None:
            self.kill()
            return ["the server did not stop within a minute of SIGTERM"]
        return [] if status == 0 else [f"the server ended with {status} after SIGTERM:\n{self.lines()[-4000:]}"]

    def complaints(self):
        """What a sanitizer said in this life."""
        marks = ("Sanitizer", "runtime error:")
        return [line for line in self.lines().splitlines() if any(mark in line for mark in marks)]
