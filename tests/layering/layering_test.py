#!/usr/bin/env python3
"""Fails when a directory includes what its layer may not know."""
import pathlib
import re
import sys

BASE = {"blobstore"}
OURS = {  # directory -> our directories it may include, itself aside
    "blobstore": set(),
    "auth": set(),
    "metrics": set(),
    "openapi": set(),
    "server/config": set(),
    "server/log": set(),
    "server/http": set(),
    "server/index": BASE,
    "server/registry": BASE | {"server/index"},
    "server/api": BASE | {"server/http", "server/registry", "server/index", "server/log", "auth", "metrics", "openapi"},
    "server/net": {"server/http", "server/log"},
}
FENCED = {  # third-party prefix -> the only places that may include it
    "pistache/": {"server/net"},
    "rocksdb/": {"server/index/rocks"},
    "prometheus/": {"metrics"},
    "boost/": {"server/http", "server/cli"},
    "openssl/": {"blobstore", "auth", "server/net"},
    "yaml-cpp/": {"server/config"},
    "CLI/": {"server/config", "server/cli"},
}
HEADERS_WITHOUT = ("nlohmann/", "rocksdb/", "yaml-cpp/", "boost/")  # heavy: only in .cc files
LIGHT = {"nlohmann/json_fwd.hpp"}  # declares, and no more
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)


def violations(root: pathlib.Path):
    for layer, allowed in OURS.items():
        for source in sorted((root / layer).rglob("*.[ch]*")):
            place = source.relative_to(root).parent.as_posix()
            for header in INCLUDE.findall(source.read_text()):
                target = next((name for name in OURS if header.startswith(name + "/")), None)
                if target and target != layer and target not in allowed:
                    yield f"{source}: {layer} may not include {header}"
                for prefix, homes in FENCED.items():
                    if header.startswith(prefix) and not any(place.startswith(h) for h in homes):
                        yield f"{source}: {header} is fenced to {sorted(homes)}"
                private = place.endswith("/rocks")
                if source.suffix == ".h" and not private and header not in LIGHT and header.startswith(HEADERS_WITHOUT):
                    yield f"{source}: {header} belongs into a .cc file"


if __name__ == "__main__":
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every include follows the layers")
    sys.exit(bool(found))
