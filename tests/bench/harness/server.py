"""A running contestant: started, asked for its CPU time and memory, stopped."""

import contextlib
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import time

import machine
from contestants import Place

sys.path.append(str(pathlib.Path(__file__).parents[2] / "support"))

from free_port import free_port  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """One contestant on one data folder. Its processes are all of its own children too."""

    def __init__(self, contestant, data, work):
        self.name, self.contestant = contestant.name, contestant
        self.data, self.work = pathlib.Path(data), pathlib.Path(work)
        self.data.mkdir(parents=True, exist_ok=True)
        self.work.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        self.certificate, self.flags, self.process = None, (), None

    @property
    def origin(self):
        return ("https://" if self.certificate else "http://") + self.address

    def start(self, path="/v2/"):
        """Returns the seconds until the first answer to a GET of the path."""
        place = Place(self.address, self.data, self.work, self.certificate)
        command = machine.on(machine.SERVER_CORES) + self.contestant.command(place, self.flags)
        with open(self.work / "log", "ab") as log:
            begin = time.monotonic()
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | self.contestant.environment
            )
        while not self.answers(path):
            if self.process.poll() is not None or time.monotonic() - begin > 60:
                raise RuntimeError(f"{self.name} does not answer; the end of its log:\n{self.end_of_log()}")
            time.sleep(0.0005)
        return time.monotonic() - begin

    def answers(self, path):
        try:
            self.get(path)
            return True
        except OSError:
            return False

    def get(self, path, headers=None):
        """Status, headers and body of an answer, each on a new connection."""
        if self.certificate:
            connection = http.client.HTTPSConnection(self.address, timeout=60, context=self.certificate.trusted())
        else:
            connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def restart(self, certificate=None, flags=()):
        """Goes on in TLS with the certificate, and where it is Shale with more flags."""
        self.stop()
        self.certificate, self.flags = certificate, flags
        self.start()

    def stop(self, sign=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sign)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def end_of_log(self):
        return (self.work / "log").read_text("utf-8", "replace")[-2000:]

    def trim_log(self):
        if (self.work / "log").stat().st_size > 64 << 20:
            os.truncate(self.work / "log", 0)

    # ---- what it takes ----

    def pids(self):
        """The process and what it started, as nginx does."""
        found = [self.process.pid]
        for pid in found:
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # of a thread that has just ended
                    found += [int(child) for child in children.read_text("ascii").split()]
        return found

    def cpu_seconds(self):
        fields = (pathlib.Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split() for pid in self.pids())
        return sum(int(stat[11]) + int(stat[12]) for stat in fields) / TICKS

    def memory(self, field):
        """MiB of VmRSS or VmHWM of all its processes; pages that they share count for each."""
        return sum(int(machine.first_field(f"/proc/{pid}/status", field).split()[0]) for pid in self.pids()) / 1024

    def reset_peak(self):
        for pid in self.pids():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
