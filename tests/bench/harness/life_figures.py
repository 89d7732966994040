"""The figures of deletion and collection: what they cost those who push and pull meanwhile, and how soon room is free."""

import contextlib
import http.client
import json
import shutil
import statistics
import subprocess
import time

import machine
from contestants import PEER
from figure import Bar, Figure
from load import ACCEPT

REPOSITORY = "bench/life"
SHARERS, LAYER = 100, 40960  # manifests of one layer, and its size: as in programs/life.cc
KEPT = "--storage.history=0s"  # for a deleted manifest that can be had back frees nothing, and this is about freeing
WAITING = (KEPT, "--storage.lease=24h")  # nothing that is deleted falls due while it is measured
PROMPT = (KEPT, "--storage.lease=5s")
RATE = 2000  # deletions a second
PATIENCE = 120  # seconds for the peer's collector
LOADED = ("push p50", "push p99", "pull p50", "pull p99")


def life(context, server, what, first, count, *more, wait=True):
    command = [context.load.programs / "life", server.address, what, REPOSITORY, first, count, *more]
    arguments = machine.on(machine.CLIENT_CORES) + [str(part) for part in command]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen(arguments, **pipes)
    return end(running, server) if wait else running


def end(running, server):
    """Ends the program's input, and waits for what it has found."""
    out, err = running.communicate()
    if running.returncode != 0:
        raise RuntimeError(f"{server.name}: {running.args}: {err}\n{server.end_of_log()}")
    return json.loads(out)


@contextlib.contextmanager
def under_load(context, server, first, count, found):
    """Pushes, and pulls of these manifests, while the body runs; what they took goes into `found`."""
    with context.load.profile(server):
        running = life(context, server, "load", first, count, wait=False)
        try:
            time.sleep(1)
            yield
        finally:
            told = end(running, server)
    found.update({metric: told[metric] for metric in LOADED})


def freed(server):
    return json.loads(server.get("/api/v1/gc")[2])["since_start"]["blobs"]


def shared_files(server):
    return sum(path.stat().st_size == LAYER for path in server.data.rglob("*") if path.is_file())


def wait_until_freed(server, blobs):
    """Seconds until so many blobs have been freed since the server's start."""
    begin = time.monotonic()
    while (there := freed(server)) < blobs:
        if time.monotonic() - begin > 600:
            raise RuntimeError(f"only {there} of {blobs} blobs were freed in ten minutes")
        time.sleep(0.05)
    return time.monotonic() - begin


def rounds():
    """Four lines that belong together: each round of them fills up what the one before has deleted."""
    turn = {"first": 0, "filled": 0}

    def fill(context, server):
        server.restart(flags=WAITING)
        up_to = turn["first"] + context.sizes.life
        count = up_to - turn["filled"]
        told = life(context, server, "fill", turn["filled"], count)
        turn["filled"] = up_to
        return {"rate": count / told["seconds"]}

    def kept(context):
        """Those that stay when all of a round is deleted."""
        quarter = context.sizes.life // 4
        return turn["filled"] - quarter, quarter

    def alone(context, server):
        found = {}
        with under_load(context, server, *kept(context), found):
            time.sleep(context.load.seconds * 4)
        return found

    def delete(context, server, count, found):
        told = life(context, server, "delete", turn["first"], count, RATE)
        turn["first"] += count
        found.update({"deletions": count / told["seconds"], "delete p99": told["delete p99"]})

    def deletes(context, server):
        found = {}
        with under_load(context, server, *kept(context), found):
            delete(context, server, context.sizes.life // 4, found)
        return found

    def collection(context, server):
        server.restart(flags=PROMPT)
        found, count = {}, context.sizes.life // 2
        blobs, files = freed(server) + count + count // SHARERS, shared_files(server)
        with under_load(context, server, *kept(context), found):
            delete(context, server, count, found)
            found["freed"] = max(wait_until_freed(server, blobs) - 5, 0)
        if shared_files(server) != files - count // SHARERS:
            raise RuntimeError("files are left of what was freed")
        return found

    shale, more = ("shale",), ("deletions", "delete p99")
    gentle = tuple(Bar(metric, "figure life/deletes", at_most=1.3) for metric in ("push p99", "pull p99"))
    soon = Bar("freed", at_most=60)
    yield Figure("life/fill", "pushes of manifests with a config each, 64 clients", shale, fill, ("rate",), (), "life", True)
    yield Figure("life/alone", "pushes and pulls alone", shale, alone, LOADED, (), "life", True)
    title = "pushes and pulls beside deletions"
    yield Figure("life/deletes", title, shale, deletes, (*LOADED, *more), (), "life", True)
    title = "pushes and pulls beside deletions of half and their collection"
    metrics = (*LOADED, *more, "freed")
    yield Figure("life/collection", title, shale, collection, metrics, (*gentle, soon), "life", True)


def delete_some(server, count):
    """The median time of deleting one manifest by its digest, on one connection."""
    connection = http.client.HTTPConnection(server.address, timeout=60)
    times = []
    for number in range(count):
        connection.request("HEAD", f"/v2/bench/many/manifests/t{number:05d}", headers={"Accept": ACCEPT})
        answer = connection.getresponse()
        answer.read()
        begin = time.monotonic()
        connection.request("DELETE", f"/v2/bench/many/manifests/{answer.headers['Docker-Content-Digest']}")
        answer = connection.getresponse()
        answer.read()
        times.append(time.monotonic() - begin)
        if answer.status != 202:
            raise RuntimeError(f"{server.name}: a deletion was answered with {answer.status}")
    connection.close()
    return {"time": statistics.median(times) * 1000}


def single(name, count_of, contestants, bars):
    def measure(context, server):
        server.restart(flags=WAITING)
        context.load.fill_tags(server, count_of(context.sizes))
        return delete_some(server, 5 if server.name == PEER else 50)

    title = f"deletion of one manifest in a repository of {name} tags"
    return Figure(f"life/one/{name}", title, contestants, measure, ("time",), bars, smoke=True)


def collect(context, server):
    """Shale frees half of these manifests with their configs, a lease included. The peer knows no way to take a tag away,
    so half of them lose theirs on its disk; its collector then removes them, while nobody may push."""
    count = context.sizes.many_tags * 7 // 20
    if server.name == PEER:
        context.load.fill_tags(server, count)
        server.stop()
        for tag in sorted(server.data.glob("docker/registry/v2/repositories/bench/many/_manifests/tags/*"))[: count // 2]:
            shutil.rmtree(tag)
        command = ["docker-registry", "garbage-collect", "--delete-untagged", str(server.work / "registry.yml")]
        begin = time.monotonic()
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        except subprocess.TimeoutExpired:
            context.notes.add(f"docker-registry's garbage-collect was ended after {PATIENCE} s, unfinished")
        return {"freed": time.monotonic() - begin}
    server.restart(flags=WAITING)
    life(context, server, "fill", 0, count)
    server.restart(flags=PROMPT)
    begin = time.monotonic()
    life(context, server, "delete", 0, count // 2, 1000000)
    wait_until_freed(server, count // 2 + count // 2 // SHARERS)
    return {"freed": time.monotonic() - begin}


def figures():
    yield from rounds()
    bars = (Bar("time", at_most=5),)
    yield single("20,000", lambda sizes: sizes.many_tags, ("shale",), bars)
    yield single("5,000", lambda sizes: sizes.many_tags // 4, ("shale", PEER), bars)
    title = "half of 7,000 manifests deleted and freed after 5 s; the peer's collector on as many"
    yield Figure("life/collect/7,000", title, ("shale", PEER), collect, ("freed",), ())
