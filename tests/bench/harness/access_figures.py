"""The figures of TLS and of authentication."""

import keys
import load
from contestants import OPEN, PEER
from figure import PEAK, Bar, Figure


def secure():
    everyone = ("shale", PEER, "nginx")
    level = Bar("rate", "nginx", at_least=0.9)
    cheap = Bar("cpu", "nginx", at_most=1.1)

    for streams in (1, 8):

        def download(context, server, streams=streams):
            target = context.targets["large blob"]
            context.load.download(server, target, context.sizes.blob, 1, 1)
            return context.load.download(server, target, context.sizes.blob, streams, max(1, 4 // streams))

        bars = (Bar("throughput", "nginx", at_least=0.9), Bar("cpu per GiB", "nginx", at_most=1.1), PEAK)
        metrics = ("throughput", "cpu per GiB", "peak")
        title = f"download over TLS, {streams} stream{'s' * (streams > 1)}"
        yield Figure(f"tls/download/{streams}", title, everyone, download, metrics, bars, "secure", streams == 1)

    for kind in ("full", "resumed"):

        def shake_hands(context, server, kind=kind):
            return context.load.handshakes(server, context.targets["blob"], kind, 16)

        title = f"{kind} handshakes, each with one HEAD, 16 clients"
        bars = (level, cheap)
        yield Figure(f"tls/handshake/{kind}", title, everyone, shake_hands, ("rate", "cpu"), bars, "secure", smoke=True)

    kinds = (
        ("manifest-get-tag", "manifest GET by tag", "get", "manifest by tag"),
        ("blob-head", "blob HEAD", "head", "blob"),
        ("blob-get", "blob GET, 2 KiB", "get", "blob"),
    )
    for kind, title, method, target in kinds:
        for connections in (16, 256):

            def read(context, server, method=method, target=target, connections=connections):
                return getattr(context.load, method)(server, context.targets[target], connections)

            name, of = f"tls/{kind}/{connections}", f"{title} over TLS, {connections} connections"
            limit = Bar("rate", "nginx", at_least=0.7)
            smoke = name in ("tls/manifest-get-tag/16", "tls/blob-head/16")
            yield Figure(name, of, everyone, read, ("rate", "cpu"), (limit,), "secure", smoke)


def guarded():
    kinds = (
        ("manifest-get-tag", "manifest GET by tag", "get", "manifest by tag"),
        ("manifest-get-digest", "manifest GET by digest", "get", "manifest by digest"),
        ("blob-head", "blob HEAD", "head", "blob"),
    )
    words = {"bearer": "bearer token", "basic": "basic login", "anonymous": "anonymous"}
    for way, fields_for in keys.WAYS.items():
        bars = (Bar("rate", OPEN, at_least=0.8),) if way == "bearer" else ()
        for kind, title, method, target in kinds:
            for connections in (16, 256) if way == "bearer" else (16,):

                def ask(context, server, fields_for=fields_for, method=method, target=target, connections=connections):
                    path = context.targets[target]
                    fields = fields_for(server, "bench/app") if server.name == "shale" else {}
                    status = server.get(path, {"Accept": load.ACCEPT} | fields)[0]  # from now on the login is remembered
                    if status != 200:
                        raise RuntimeError(f"{server.name}: {path}: {status}")
                    return getattr(context.load, method)(server, path, connections, fields=fields)

                name, of = f"auth/{way}/{kind}/{connections}", f"{words[way]}: {title}, {connections} connections"
                smoke = name == "auth/bearer/manifest-get-tag/16" or kind == "blob-head" and connections == 16
                yield Figure(name, of, ("shale", OPEN), ask, ("rate", "cpu"), bars, "guarded", smoke)
