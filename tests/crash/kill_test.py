#!/usr/bin/env python3
"""Kills the server under a mixed load, again and again, and compares what it has afterwards with what it acknowledged.

Half of the rounds die at a named step of a commit (tests/crash/killed_server.cc), the others are the program itself, killed
at random. After each, everything acknowledged is there and readable by digest, nothing unacknowledged is visible, and
uploads go on where they were. After every twenty rounds, and at the end, the server is stopped in order and both halves of
its store are read in full and compared (verify_store).

What a seed decides: the steps and their order, the contents, and the choices of each client. How the clients' requests
meet in the server is up to the machine.
"""

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
from ledger import Connection, check_catalog  # noqa: E402
from load import Client, Gate, Repository  # noqa: E402
from server import Server  # noqa: E402

CLIENTS = 4
ROUNDS_PER_STORE = 20
REACHED = 120  # seconds; a step that is not reached by then is never passed
MOST_SENT = 150  # requests before a random kill
# Passed only while few blobs are there, so early in the life of a store.
EARLY = ("make-directory",)


class Store:
    """A data directory with the ledgers of all who push to it."""

    def __init__(self, directory, seed, program):
        self.data = directory / "data"
        self.log = directory / "server.log"
        self.library = Repository("library")
        self.clients = [Client(index, seed, self.library) for index in range(CLIENTS)]
        self.program = program
        self.server = None
        self.kills = 0

    def start(self, binary, step="", nth=1):
        self.server = Server(binary, self.data, self.log, ["--log.access=false"], {"SHALE_KILL_AT": step, "SHALE_KILL_NTH": str(nth)})

    def stock_library(self):
        """Blobs that nobody changes, for everybody to mount."""
        librarian = Client("librarian", "library", self.library)
        librarian.connection, librarian.gate = Connection(self.server.address), Gate(0)
        for _ in range(10):
            librarian.push_whole(self.library)

    def load(self, gate):
        threads = [threading.Thread(target=client.run, args=(self.server.address, gate)) for client in self.clients]
        for thread in threads:
            thread.start()
        return threads

    def settle(self):
        connection = Connection(self.server.address)
        wrong = [client.complaint for client in self.clients if client.complaint]
        wrong += self.library.settle(connection)
        for client in self.clients:
            wrong += client.settle(connection)
        repositories = [self.library] + [repository for client in self.clients for repository in client.repositories]
        return wrong + check_catalog(connection, repositories)

    def in_doubt(self):
        return sum(repository.after is not None for client in self.clients for repository in client.repositories)

    def close(self, verify_store):
        """An orderly end, after which the store has to be whole to the last byte and row. Returns what is wrong."""
        self.start(self.program)
        wrong = self.settle() + self.server.complaints() + self.server.stop()
        done = verify(verify_store, self.data)
        *found, summary = done.stdout.splitlines() or ["verify_store said nothing: " + done.stderr]
        wrong += [line.removeprefix("WRONG: ") for line in found]
        if done.returncode != 0 and not found:
            wrong.append(f"verify_store ended with {done.returncode}: {done.stdout} {done.stderr}")
        orphans = int(summary.split()[2]) if done.returncode == 0 else 0
        # At most one commit per client can be between the rename and the link when the server dies.
        if orphans > self.kills * CLIENTS:
            wrong.append(f"{orphans} orphans after {self.kills} kills")
        print(f"        a whole store after {self.kills} kills: {summary}", flush=True)
        return wrong


def plan(rounds, seed, names, only):
    """The step of each round, and at which time; an empty step is a random kill of the program."""
    generator = random.Random(seed)
    if only:
        return [(only, generator.randint(1, 12)) for _ in range(rounds)]
    named = names if rounds >= 2 * len(names) else generator.sample(names, rounds // 2)
    steps = [(name, 1 if name.endswith(EARLY) else generator.randint(1, 12)) for name in named]
    steps += [("", generator.randint(1, MOST_SENT)) for _ in range(rounds - len(named))]
    generator.shuffle(steps)
    return steps


def kill_at_step(store, step, nth):
    gate = Gate(0)
    threads = store.load(gate)
    store.server.signal(signal.SIGUSR1)
    status = store.server.wait(REACHED)
    if status is None:
        store.server.kill()
    finish(threads)
    if status is None:
        return gate, [f"the step {step} was not passed {nth} times under the load"]
    return gate, [] if status == -signal.SIGKILL else [f"the server ended by itself with {status}:\n{store.server.lines()[-4000:]}"]


def kill_at_random(store, sent, pause):
    gate = Gate(sent)
    threads = store.load(gate)
    reached = gate.reached.wait(REACHED)
    time.sleep(pause)  # part of the random moment, not a wait for anything
    store.server.kill()
    finish(threads)
    return gate, [] if reached else [f"{sent} requests were not sent within {REACHED} seconds"]


def finish(threads):
    for thread in threads:
        thread.join()


def run_round(store, binary, step, nth, pause):
    store.start(binary if step else store.program, step, nth)
    wrong = store.settle()
    if not store.library.state.blobs:
        store.stock_library()
    gate, ended = kill_at_step(store, step, nth) if step else kill_at_random(store, nth, pause)
    store.kills += 1
    return gate, wrong + ended + store.server.complaints()


def main():
    given, names = parse_killing(__doc__, "pushes", rounds=110)
    steps = plan(given.rounds, given.seed, names, given.step)
    print(f"{given.rounds} rounds with --seed {given.seed}; {sum(bool(step) for step, _ in steps)} of them at named steps", flush=True)

    generator = random.Random(f"{given.seed}/pauses")
    begun = time.monotonic()
    wrong = []
    for first in range(0, len(steps), ROUNDS_PER_STORE):
        group = steps[first : first + ROUNDS_PER_STORE]
        group.sort(key=lambda entry: not entry[0].endswith(EARLY))
        with tempfile.TemporaryDirectory(prefix="shale-crash-") as directory:
            store = Store(pathlib.Path(directory), f"{given.seed}/{first}", given.program)
            for number, (step, nth) in enumerate(group, first + 1):
                where = f"{step}, time {nth}" if step else f"at random, {nth} requests sent"
                gate, wrong = run_round(store, given.killed_server, step, nth, generator.uniform(0, 0.004))
                print(f"[{time.monotonic() - begun:6.1f}s] round {number}: {where}: {gate.acknowledged} acknowledged, {store.in_doubt()} in doubt", flush=True)
                if wrong:
                    break
            wrong = wrong or store.close(given.verify_store)
            if wrong:
                print(*[f"WRONG: {line}" for line in wrong], sep="\n")
                print(f"---- the end of the server's log\n{store.log.read_text(errors='replace')[-4000:]}")
                print(again(given))
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
