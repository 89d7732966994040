"""Every figure of the benchmark; those of TLS and of authentication are in access_figures, those
of deletion in life_figures."""

import os
import signal
import statistics

import access_figures
import life_figures
import load
import machine
from contestants import PEER, VARIANT
from figure import PEAK, Bar, Figure

READERS = ("shale", PEER, VARIANT, "nginx")
REGISTRIES = ("shale", PEER)
WRITERS = ("shale", PEER, "sink")


def small_requests():
    kinds = (
        ("manifest-get-tag", "manifest GET by tag", "get", "manifest by tag"),
        ("manifest-get-digest", "manifest GET by digest", "get", "manifest by digest"),
        ("manifest-head-tag", "manifest HEAD by tag", "head", "manifest by tag"),
        ("manifest-head-digest", "manifest HEAD by digest", "head", "manifest by digest"),
        ("blob-head", "blob HEAD", "head", "blob"),
        ("blob-get", "blob GET, 2 KiB", "get", "blob"),
        ("tags", "list of 200 tags", "get", "tags"),
    )
    limit = Bar("rate", "nginx", at_least=0.7)
    for kind, title, method, target in kinds:
        for connections in (16, 256):

            def measure(context, server, method=method, target=target, connections=connections):
                return getattr(context.load, method)(server, context.targets[target], connections)

            small, big = f"small/{kind}/{connections}", f"big/{kind}/{connections}"
            smoke = small in ("small/manifest-get-tag/16", "small/blob-head/16")
            of = f"{title}, {connections} connections"
            shared = (measure, ("rate", "cpu"))
            yield Figure(small, of, READERS, *shared, (limit,), "small", smoke)
            same = Bar("rate", f"figure {small}", at_least=0.9)
            yield Figure(big, of + ", much stored", READERS, *shared, (limit, same), "big")

    for connections in (16, 256):

        def spread(context, server, connections=connections):
            target = context.targets["manifest by tag"]
            pattern = target[: -len("00000")] + "%05d"
            return context.load.get(server, pattern, connections, context.sizes.many_tags)

        title = f"manifest GET by tag, all tags of the many, {connections} connections"
        yield Figure(f"big/manifest-get-any-tag/{connections}", title, REGISTRIES, spread, ("rate", "cpu"), (), "big")


def pages():
    tags, catalog = "/v2/bench/many/tags/list", "/v2/_catalog"

    def page(name, title, target, *bars, smoke=False):
        def measure(context, server):
            return context.load.page(server, target.format(sizes=context.sizes))

        return Figure(f"pages/{name}", title, REGISTRIES, measure, ("time", "cpu"), bars, "big", smoke)

    def walk(name, title, target, key, count):
        def measure(context, server):
            return context.load.walk(server, target, key, count(context.sizes))

        return Figure(f"pages/{name}", title, REGISTRIES, measure, ("time",), (), "big")

    def like(other, times=1.1):
        return Bar("time", f"figure pages/{other}", at_most=times)

    yield page("tags-few", "100 of a few tags", "/v2/bench/app/tags/list?n=100")
    yield page("tags-100", "100 of the many tags", tags + "?n=100", like("tags-few"), smoke=True)
    middle = "&last={sizes.middle_tag}"
    yield page("tags-100-middle", "100 in the middle of the many tags", tags + "?n=100" + middle, like("tags-100"))
    yield page("tags-1000", "1,000 of the many tags", tags + "?n=1000", like("tags-100", 10))
    yield walk("tags-all", "all of the many tags, page by page", tags + "?n=1000", "tags", lambda sizes: sizes.many_tags)

    yield page("catalog-100", "100 of the many repositories", catalog + "?n=100")
    middle = "&last={sizes.middle_repository}"
    yield page("catalog-100-middle", "100 in the middle of the catalog", catalog + "?n=100" + middle, like("catalog-100"))
    yield page("catalog-1000", "1,000 of the many repositories", catalog + "?n=1000", like("catalog-100", 10))
    whole = "the whole catalog, page by page"
    yield walk("catalog-all", whole, catalog + "?n=1000", "repositories", lambda sizes: sizes.repositories)

    def scrape(context, server):
        return context.load.page(server, "/metrics")

    title, bars = "the metrics, many repositories stored", (Bar("time", at_most=10),)
    yield Figure("pages/metrics", title, ("shale",), scrape, ("time", "cpu"), bars, "big")


def downloads():
    bars = (Bar("throughput", "nginx", at_least=0.95), Bar("cpu per GiB", "nginx", at_most=1.1), PEAK)
    metrics = ("throughput", "cpu per GiB", "peak")
    contestants = ("shale", PEER, "nginx")
    for streams in (1, 8):
        for state in ("warm", "cold"):

            def measure(context, server, streams=streams, state=state):
                times = 1 if state == "cold" else max(1, 4 // streams)
                target = context.targets["large blob"]
                if state == "warm":
                    context.load.download(server, target, context.sizes.blob, 1, 1)
                elif not machine.evict(server.data):
                    context.notes.add("cold: some of the file stayed in the page cache")
                return context.load.download(server, target, context.sizes.blob, streams, times)

            title = f"download, {streams} stream{'s' * (streams > 1)}, {state}"
            yield Figure(f"download/{streams}/{state}", title, contestants, measure, metrics, bars, "small", streams == 1)


def uploads():
    bars = (Bar("throughput", "sink", at_least=1.0), Bar("cpu per GiB", "sink", at_most=1.15), PEAK)
    metrics = ("throughput", "cpu per GiB", "peak")
    shapes = {"docker": "chunked PATCH, then PUT", "containerd": "one PUT"}
    for streams in (1, 8):
        for shape, what in shapes.items():

            def measure(context, server, streams=streams, shape=shape):
                size = context.sizes.blob if streams == 1 else context.sizes.part
                return context.load.upload(server, shape, size, streams)

            title = f"upload, {streams} stream{'s' * (streams > 1)}, {what}"
            yield Figure(f"upload/{streams}/{shape}", title, WRITERS, measure, metrics, bars, smoke=streams == 8)


def images():
    for clients, times in ((1, 8), (16, 15)):

        def measure(context, server, clients=clients):
            return context.load.images(server, clients)

        title = f"push of small images, {clients} client{'s' * (clients > 1)}"
        bars = (Bar("rate", PEER, at_least=times),)
        shared = (measure, ("rate", "cpu"))
        yield Figure(f"images/{clients}", title, WRITERS, *shared, bars, smoke=clients == 16)
        same = Bar("rate", f"figure images/{clients}", at_least=0.9)
        yield Figure(f"images/{clients}/big", title + ", much stored", REGISTRIES, *shared, (same,), "big")

    def scraped(context, server):
        with load.scrapes(server) as times:
            found = context.load.images(server, 16)
        return {**found, "time": statistics.median(times)}

    title = "push of small images, 16 clients, much stored, beside ten scrapes a second"
    bars = (Bar("rate", "figure images/16/big", at_least=0.9), Bar("time", at_most=10))
    yield Figure("images/16/scraped", title, ("shale",), scraped, ("rate", "cpu", "time"), bars, "big")


def memory():
    def idle(_, server):
        return {"resident": server.memory("VmRSS")}

    def connections(_, server):
        return load.hold_connections(server, 1000)

    everyone = ("shale", PEER, "nginx")
    bars = (Bar("resident", at_most=30),)
    yield Figure("memory/idle", "idle, nothing stored", everyone, idle, ("resident",), bars, smoke=True)
    bars = (Bar("grown", at_most=10),)
    metrics = ("grown", "resident")
    yield Figure("memory/connections", "1,000 idle connections", everyone, connections, metrics, bars, smoke=True)


def starts():
    for sign, title in ((signal.SIGTERM, "an orderly end"), (signal.SIGKILL, "kill -9")):

        def measure(context, server, sign=sign):
            server.stop(sign)
            os.sync()
            return {"time": server.start(context.targets["manifest by tag"]) * 1000}

        name = f"start/{sign.name.lower()}"
        bars = (Bar("time", at_most=100),)
        title = f"start to first answer after {title}, much stored"
        yield Figure(name, title, REGISTRIES, measure, ("time",), bars, "big")


FIGURES = [
    *small_requests(),
    *pages(),
    *downloads(),
    *uploads(),
    *images(),
    *memory(),
    *starts(),
    *access_figures.secure(),
    *access_figures.guarded(),
    *life_figures.figures(),
]
GROUPS = list(dict.fromkeys(figure.group for figure in FIGURES))
