#!/usr/bin/env python3
"""Kills the server while it frees what was deleted, brings deleted images back or moves tags back, and looks at what is left.

Each round pushes images of which some go, and dies at a named step (tests/crash/killed_server.cc), or is killed or stopped at random while
two collections are asked for at once. After the restart the images that stay are whole; one that goes is gone, or whole again once it is pushed;
what was acknowledged has happened; a collection then leaves the files of what stays and no others. At the end both halves of the
store are read in full and compared (verify_store).
"""

import http.client
import json
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "lib"))

from given import again, parse_killing, verify  # noqa: E402
from ledger import IMAGE, Connection  # noqa: E402
from server import Server  # noqa: E402
from shelf import GO, JSON, Shelf, Wrong, collect, demand  # noqa: E402

REACHED = 60  # seconds
SIZE = 8  # images in each repository
MOST_TIMES = 5  # of a step: they are passed more often than that, but for
ONCE = "sync"  # of which there is one for a batch
RESTORES, MOVES = "restore-manifest", "move-tag"


class Round:
    """Pushes and deletes, dies at its work, and settles on the program itself. Steps of its subclasses raise `Wrong`."""

    flags = ()

    def __init__(self, given, directory, shelf, generator):
        self.given, self.data, self.log = given, directory / type(self).__name__, directory / "server.log"
        self.shelf, self.random = shelf, generator
        self.wrong = []  # what was noticed beside the main thread, too

    def start(self, binary, step="", nth=1):
        environment = {"SHALE_KILL_AT": step, "SHALE_KILL_NTH": str(nth)}
        self.server = Server(binary, self.data, self.log, ["--log.access=false", *self.flags], environment)
        self.connection = Connection(self.server.address)

    def run(self, step, nth):
        self.start(self.given.killed_server if step else self.given.program, step, nth)
        self.prepare()
        if step:
            self.server.signal(signal.SIGUSR1)
            self.until_gone(self.work_on)
            self.expect_killed(step)
        else:
            self.end_at_random()
        self.complain()
        self.start(self.given.program)
        self.settle()
        self.complain()
        for line in self.server.stop():
            raise Wrong(line)

    def work_on(self, connection):
        """Again until the step is passed: a signal may come late, and a sync may be shared."""
        end = time.monotonic() + REACHED
        self.work(connection)
        while time.monotonic() < end:
            self.prepare()
            self.work(connection)

    def until_gone(self, work):
        try:
            work(Connection(self.server.address))
        except (OSError, http.client.HTTPException):
            pass
        except Wrong as wrong:
            self.wrong.append(wrong)

    def expect_killed(self, step):
        status = self.server.wait(10)
        if status is None:
            self.server.kill()
            raise Wrong(f"the step {step} was not passed so often")
        if status != -signal.SIGKILL:
            raise Wrong(f"the server ended by itself with {status}:\n{self.server.lines()[-4000:]}")

    def end_at_random(self):
        """Two ask for the same, and the server is killed, or told to stop, when it may be at anything."""
        both = [threading.Thread(target=self.until_gone, args=(self.work,)) for _ in range(2)]
        for thread in both:
            thread.start()
        time.sleep(self.random.uniform(0, 0.05))  # the random moment, not a wait for anything
        if self.random.random() < 0.5:
            self.server.kill()
        else:
            self.wrong += map(Wrong, self.server.stop())
        for thread in both:
            thread.join()

    def complain(self):
        for line in [*self.wrong, *self.server.complaints()]:
            raise Wrong(line)


class Collects(Round):
    """What was deleted is freed."""

    flags = ("--storage.history=0s",)

    def prepare(self):
        self.shelf.push(self.connection, self.shelf.staying + self.shelf.going)
        self.shelf.delete(self.connection, self.shelf.going)

    def work(self, connection):
        collect(connection)

    def settle(self):
        for image in self.shelf.going:  # the end may have come before they all were
            demand(self.connection, (202, 404), "DELETE", image.path("manifests", image.digest))
        self.shelf.check_whole(self.connection, self.shelf.staying)
        self.shelf.check_deleted(self.connection, self.shelf.going)
        if self.random.random() < 0.5:  # what was freed by half comes again
            again = self.random.sample(self.shelf.going, 3)
            self.shelf.push(self.connection, again)
            self.shelf.check_whole(self.connection, again)
            self.shelf.delete(self.connection, again)
        left = collect(self.connection)[1]
        if left["waiting"] or left["failed"]:
            raise Wrong(f"a collection alone leaves {left}")
        self.shelf.check_freed(self.data, self.shelf.staying)
        self.shelf.check_whole(self.connection, self.shelf.staying)


class BringsBack(Round):
    """What was deleted is restored out of the history, one after the other."""

    def prepare(self):
        self.shelf.push(self.connection, self.shelf.staying + self.shelf.going)
        self.shelf.delete(self.connection, self.shelf.going)
        self.back = []

    def restore(self, connection, image):
        demand(connection, (200,), "POST", f"/api/v1/repositories/{image.repository}/restore", json.dumps({"digest": image.digest}).encode(), JSON)

    def work(self, connection):
        for image in self.shelf.going:
            self.restore(connection, image)
            self.back.append(image)

    def settle(self):
        self.shelf.check_whole(self.connection, self.shelf.staying + self.back)
        for image in self.shelf.going:
            if image not in self.back and demand(self.connection, (200, 404), "HEAD", image.path("manifests", image.digest))[0] == 404:
                self.restore(self.connection, image)
                self.back.append(image)
        collect(self.connection)
        self.shelf.check_whole(self.connection, self.shelf.staying + self.back)
        for image in self.shelf.going:
            demand(self.connection, (200,), "HEAD", image.path("manifests", image.digest))


class RollsBack(Round):
    """Tags that named one image and then the next are set back."""

    def prepare(self):
        self.shelf.push(self.connection, self.shelf.staying + self.shelf.going)
        self.images = [image for image in self.shelf.going if image.repository == GO]
        self.moved = []
        for image, following in zip(self.images, self.images[1:]):
            for named in (image, following):
                demand(self.connection, (201,), "PUT", image.path("manifests", f"moving-{image.tag}"), named.manifest, IMAGE)

    def roll_back(self, connection, image):
        path = f"/api/v1/repositories/{image.repository}/tags/moving-{image.tag}/rollback"
        demand(connection, (200,), "POST", path, json.dumps({"to": image.digest}).encode(), JSON)

    def work(self, connection):
        for image in self.images[:-1]:
            self.roll_back(connection, image)
            self.moved.append(image)

    def settle(self):
        self.shelf.check_whole(self.connection, self.shelf.staying + self.shelf.going)
        for image, following in zip(self.images, self.images[1:]):
            _, named = demand(self.connection, (200,), "GET", image.path("manifests", f"moving-{image.tag}"))
            if named != image.manifest and (image in self.moved or named != following.manifest):
                raise Wrong(f"moving-{image.tag} is neither where it was nor where it went")


def round_of(step):
    return BringsBack if step.endswith(RESTORES) else RollsBack if step.endswith(MOVES) else Collects


def plan(names, rounds, generator):
    """Each step once, and as often at random; of fewer rounds, a sample."""
    named = [(name, 1 if name.endswith(ONCE) else generator.randint(1, MOST_TIMES)) for name in names]
    steps = (named + [("", 1)] * len(named)) * (rounds // (2 * len(named)) + 1)
    return generator.sample(steps, rounds) if rounds < 2 * len(named) else steps[:rounds]


def main():
    given, names = parse_killing(__doc__, "life", rounds=40)
    generator = random.Random(given.seed)
    steps = plan([given.step] if given.step else names, given.rounds, generator)
    print(f"{len(steps)} rounds with --seed {given.seed}; {sum(bool(step) for step, _ in steps)} of them at named steps", flush=True)

    with tempfile.TemporaryDirectory(prefix="shale-life-") as name:
        directory = pathlib.Path(name)
        shelf = Shelf(str(given.seed), SIZE)
        try:
            for number, (step, nth) in enumerate(steps, 1):
                print(f"round {number}: {f'{step}, time {nth}' if step else 'at random'}", flush=True)
                round_of(step)(given, directory, shelf, generator).run(step, nth)
            for data in filter(pathlib.Path.is_dir, directory.iterdir()):
                done = verify(given.verify_store, data)
                print(f"{data.name}: {done.stdout.strip()}")
                if done.returncode != 0 or " 0 orphans" not in done.stdout:
                    raise Wrong(done.stdout + done.stderr)
        except Wrong as wrong:
            print(f"WRONG: {wrong}\n---- the end of the server's log\n{(directory / 'server.log').read_text(errors='replace')[-4000:]}")
            print(again(given))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
