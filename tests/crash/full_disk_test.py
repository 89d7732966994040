#!/usr/bin/env python3
"""Fills the disk of a server up to every level in turn, and pushes: what is acknowledged then is there afterwards.

The data is on a small tmpfs, and no space is kept in reserve, so that the disk is full for blobs, uploads and the metadata's log
alike. A level is what is left in pages of 4 KiB: from none, where nothing can be begun, to enough for all of a client's work, so
that the disk fills up at each step of it. Every second time the server is started on the full disk, without the room that it had
set aside for its log. Refusals are 507, and 503 once the metadata could not be written, which a restart ends; a start that cannot
be made is refused in words. After each level there is room again, and every repository is in the state that was acknowledged, or in the one that a refused
request makes of it.
"""

import argparse
import itertools
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "lib"))

from given import verify  # noqa: E402
from ledger import Connection, Repository  # noqa: E402
from load import Client, Failed, Gate, Unexpected  # noqa: E402
from server import Refused, Server  # noqa: E402
from shelf import Shelf, Wrong, collect, demand  # noqa: E402

SKIPPED = 77
DISK = 64 << 20
PAGE = 4096
FULL, UNAVAILABLE = 507, 503
STEPS = 30  # of the client, at each level
# Closely where single requests stop, then further apart up to what all the steps take.
LEVELS = [*range(0, 24), *range(24, 96, 6), *range(96, 512, 52)]


def skip(why):
    print(f"LEFT OUT: {why}")
    sys.exit(SKIPPED)


class Disk:
    """A tmpfs that is there as long as this is entered."""

    def __init__(self, path):
        self.path, self.filler = path, path / "filler"

    def __enter__(self):
        self.path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)

    def fill(self, pages_left):
        """All but so many pages."""
        status = os.statvfs(self.path)
        with open(self.filler, "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, status.f_bavail * status.f_frsize - pages_left * PAGE)

    def make_room(self):
        self.filler.unlink()


class Level:
    """A store of its own that meets a disk with so many pages left."""

    def __init__(self, given, directory, disk, pages, start_on_full):
        self.given, self.disk, self.pages, self.start_on_full = given, disk, pages, start_on_full
        self.data, self.log = disk.path / "data", directory / "server.log"
        self.library = Repository("library")
        self.client = Client(f"level{pages}", given.seed, self.library, repositories=8, failures=(FULL, UNAVAILABLE))
        self.refused = {FULL: 0, UNAVAILABLE: 0}
        self.acknowledged = 0
        self.started = True
        self.wrong = []

    def run(self):
        self.start()
        self.stock_library()
        if self.start_on_full:
            self.stop()
        self.disk.fill(self.pages)
        self.started = not self.start_on_full or self.try_start()
        if self.started:
            self.work()
        self.disk.make_room()
        if not self.started:
            self.start()
        elif self.refused[UNAVAILABLE] or len(self.client.certain()) < len(self.client.repositories):
            # Only opening the metadata anew tells what became of a commit that failed.
            self.stop()
            self.start()
        self.settle()
        self.client.failures = ()  # there is room: it serves on
        self.work()
        self.settle()
        self.stop()
        self.verify()
        shutil.rmtree(self.data)

    def describe(self):
        if not self.started:
            return "no start"
        return f"{self.refused[FULL]} times 507, {self.refused[UNAVAILABLE]} times 503, {self.acknowledged} acknowledged"

    def start(self):
        self.server = Server(self.given.program, self.data, self.log, ["--log.access=false", "--storage.reserve=0"])

    def try_start(self):
        try:
            self.start()
            return True
        except Refused as refused:
            if refused.status != 1 or str(self.disk.path) not in refused.words:
                self.wrong.append(f"a start on a full disk ended with {refused.status} and says: {refused.words[-1000:]}")
            return False

    def stop(self):
        self.wrong += self.server.complaints() + self.server.stop()

    def stock_library(self):
        librarian = Client("librarian", "library", self.library)
        librarian.connection, librarian.gate = Connection(self.server.address), Gate(0)
        for _ in range(4):
            librarian.push_whole(self.library)

    def work(self):
        client = self.client
        client.connection, client.gate = Connection(self.server.address), Gate(0)
        for _ in range(STEPS):
            if not client.certain():
                break
            try:
                client.act()
            except Failed as failed:
                self.refused[failed.args[0]] += 1
                self.look_at_upload()
            except Unexpected as unexpected:
                self.wrong.append(str(unexpected))
        self.acknowledged += client.gate.acknowledged

    def look_at_upload(self):
        """A refused client asks how far its upload came. It goes on from there, or leaves it lying."""
        client = self.client
        if client.upload:
            self.wrong += client.upload.settle(Connection(self.server.address))
            if client.upload.location is None or client.random.random() < 0.5:
                client.upload = None

    def settle(self):
        connection = Connection(self.server.address)
        self.wrong += self.client.settle(connection) + self.library.settle(connection)

    def verify(self):
        done = verify(self.given.verify_store, self.data)
        if done.returncode != 0:
            self.wrong.append(done.stdout + done.stderr)


def sweep(given, directory, disk):
    """Returns whether something was wrong."""
    refused = {FULL: 0, UNAVAILABLE: 0}
    refused_starts = acknowledged = 0
    for pages, start_on_full in itertools.product(LEVELS, (False, True)):
        level = Level(given, directory, disk, pages, start_on_full)
        level.run()
        acknowledged += level.acknowledged
        refused_starts += not level.started
        for status, count in level.refused.items():
            refused[status] += count
        print(f"{pages} pages left {'at the start' if start_on_full else 'while running'}: {level.describe()}", flush=True)
        if level.wrong:
            print(*[f"WRONG: {line}" for line in level.wrong], sep="\n")
            print(f"---- the end of the server's log\n{level.log.read_text(errors='replace')[-4000:]}")
            print(f"Again with: --seed {given.seed}")
            return True
    print(f"in all: {refused_starts} refused starts, {refused[FULL]} times 507, {refused[UNAVAILABLE]} times 503, {acknowledged} acknowledged")
    assert refused_starts and all(refused.values()) and acknowledged, "the sweep did not come to every kind of refusal"
    return False


class Collecting:
    """Deleting and collecting on a disk that is full: `running` when it filled up, or started on it, without the room set aside for the log."""

    def __init__(self, given, directory, disk, pages, running):
        self.given, self.disk, self.pages, self.running = given, disk, pages, running
        self.data, self.log = disk.path / "data", directory / "server.log"
        self.shelf = Shelf(f"{given.seed}/{pages}", 8)

    def start(self):
        self.server = Server(self.given.program, self.data, self.log, ["--log.access=false", "--storage.reserve=0", "--storage.history=0s"])
        return Connection(self.server.address)

    def stop(self):
        for line in self.server.complaints() + self.server.stop():
            raise Wrong(line)

    def run(self):
        """Returns the statuses of the deletes and the collection; none when the start was refused."""
        shelf = self.shelf
        connection = self.start()
        shelf.push(connection, shelf.staying + shelf.going)
        if not self.running:
            self.stop()
        self.disk.fill(self.pages)
        statuses = []
        try:
            statuses = self.work(connection if self.running else self.start())
            if set(statuses) == {200, 202}:
                self.stop()
            else:
                self.server.kill()  # what failed on a full disk may not be able to end in order
        except Refused:
            pass
        self.disk.make_room()
        connection = self.start()
        for image in shelf.going:
            demand(connection, (202, 404), "DELETE", image.path("manifests", image.digest))
        collect(connection)
        shelf.check_whole(connection, shelf.staying)
        shelf.check_freed(self.data, shelf.staying)
        self.stop()
        done = verify(self.given.verify_store, self.data)
        if done.returncode != 0:
            raise Wrong(done.stdout + done.stderr)
        shutil.rmtree(self.data)
        return statuses

    def work(self, connection):
        shelf = self.shelf
        refused = () if self.running else (FULL, UNAVAILABLE)
        statuses = [demand(connection, (202, *refused), "DELETE", image.path("manifests", image.digest))[0] for image in shelf.going]
        statuses.append(collect(connection, statuses=(200, *refused))[0])
        if set(statuses) == {200, 202}:
            shelf.check_freed(self.data, shelf.staying)
            shelf.push(connection, shelf.going[:2])  # there is room again, and nobody had to start anew
            shelf.check_whole(connection, shelf.going[:2])
        shelf.check_whole(connection, shelf.staying)
        return statuses


def collect_at_all_levels(given, directory, disk):
    """Returns whether something was wrong."""
    counts = {"no start": 0, 200: 0, FULL: 0, UNAVAILABLE: 0}
    for pages, running in itertools.product([*range(0, 8), 16, 32], (True, False)):
        try:
            statuses = Collecting(given, directory, disk, pages, running).run()
        except Wrong as wrong:
            print(f"WRONG: collecting with {pages} pages left: {wrong}\nAgain with: --seed {given.seed}")
            return True
        counts[statuses[-1] if statuses else "no start"] += 1
    print(f"collections on a full disk: {counts}")
    return False


def read_only(given, directory, disk):
    """A disk that may not be written to: no start, in words; and with the right to write all is as it was."""
    level = Level(given, directory, disk, 0, True)
    level.start()
    level.stock_library()
    level.stop()
    subprocess.run(["mount", "-o", "remount,ro", disk.path], check=True)
    if level.try_start():
        level.wrong.append("the server serves on a disk that it may not write to")
        level.stop()
    subprocess.run(["mount", "-o", "remount,rw", disk.path], check=True)
    level.start()
    level.settle()
    level.stop()
    level.verify()
    print(*[f"WRONG: {line}" for line in level.wrong] or ["a read-only disk: refused in words"], sep="\n")
    return bool(level.wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the shale binary")
    parser.add_argument("verify_store", help="the tool that reads a whole store")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SHALE_CRASH_SEED", random.randrange(1 << 32))), help="also SHALE_CRASH_SEED")
    given = parser.parse_args()
    if os.geteuid() != 0:
        skip("mounting a small disk needs root")
    print(f"--seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="shale-full-") as name, Disk(pathlib.Path(name) / "disk") as disk:
        return int(collect_at_all_levels(given, pathlib.Path(name), disk) or sweep(given, pathlib.Path(name), disk) or read_only(given, pathlib.Path(name), disk))


if __name__ == "__main__":
    sys.exit(main())
