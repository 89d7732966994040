"""Images of which some stay and some go, over the same base: what is there whole, what is gone, which files that takes."""

import hashlib
import json

from ledger import IMAGE, digest_of

JSON = "application/json"
BASE = 100_000  # bytes; shared by all images
LAYER = 40_000  # and more: too long for the metadata, so a file each
STAY, GO = "shelf/stays", "shelf/goes"


def content(seed, length):
    """The same bytes for the same seed, and no two alike."""
    return hashlib.shake_128(seed.encode()).digest(length)


class Image:
    def __init__(self, repository, seed, base):
        self.repository, self.tag = repository, seed.rsplit("/", 1)[1]
        config, layer = content(f"{seed}/config", 300), content(f"{seed}/layer", LAYER + len(seed))
        self.blobs = {digest_of(blob): blob for blob in (config, base, layer)}
        config, *layers = ({"mediaType": "application/octet-stream", "digest": digest, "size": len(blob)} for digest, blob in self.blobs.items())
        self.manifest = json.dumps({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": layers}).encode()
        self.digest = digest_of(self.manifest)

    def path(self, kind, reference):
        return f"/v2/{self.repository}/{kind}/{reference}"


class Wrong(Exception):
    """What the server did, and may not do."""


def demand(connection, statuses, method, path, body=b"", kind="application/octet-stream"):
    """Asks, and returns the status and what was answered. Wrong, when the status is none of these."""
    answer, text = connection.ask(method, path, body, kind)
    if answer.status not in statuses:
        raise Wrong(f"{method} {path}: {answer.status} {text[:400]!r}")
    return answer.status, json.loads(text) if text and answer.getheader("Content-Type") == JSON else text


class Shelf:
    """The first half of a repository's images stays; the other repository goes, and so does the second half."""

    def __init__(self, seed, size):
        base = content(f"{seed}/base", BASE)
        stay = [Image(STAY, f"{seed}/stay{number}", base) for number in range(size)]
        go = [Image(GO, f"{seed}/go{number}", base) for number in range(size)]
        self.staying, self.going = stay[: size // 2], stay[size // 2 :] + go

    def push(self, connection, images):
        for image in images:
            for digest, blob in image.blobs.items():
                if demand(connection, (200, 404), "HEAD", image.path("blobs", digest))[0] == 404:
                    demand(connection, (201,), "POST", image.path("blobs", f"uploads/?digest={digest}"), blob)
            demand(connection, (201,), "PUT", image.path("manifests", image.tag), image.manifest, IMAGE)

    def delete(self, connection, images):
        for image in images:
            demand(connection, (202,), "DELETE", image.path("manifests", image.digest))

    def check_whole(self, connection, images):
        for image in images:
            for reference in (image.tag, image.digest):
                if demand(connection, (200,), "GET", image.path("manifests", reference))[1] != image.manifest:
                    raise Wrong(f"{image.path('manifests', reference)} is another one")
            for digest, blob in image.blobs.items():
                if demand(connection, (200,), "GET", image.path("blobs", digest))[1] != blob:
                    raise Wrong(f"{image.path('blobs', digest)} has other bytes")

    def check_deleted(self, connection, images):
        """No manifest is there; of its blobs nothing, or what their digests say."""
        for image in images:
            demand(connection, (404,), "GET", image.path("manifests", image.digest))
            for digest, blob in image.blobs.items():
                status, text = demand(connection, (200, 404), "GET", image.path("blobs", digest))
                if status == 200 and text != blob:
                    raise Wrong(f"{image.path('blobs', digest)} has other bytes")

    def check_freed(self, data, images):
        """The files are those of `images` and no others."""
        expected = {digest.split(":")[1] for image in images for digest, blob in image.blobs.items() if len(blob) >= LAYER}
        found = {file.name for file in (data / "blobs").rglob("*") if file.is_file()}
        if found != expected:
            raise Wrong(f"files that nobody needs: {sorted(found - expected)}; missing: {sorted(expected - found)}")


def collect(connection, now=True, statuses=(200,)):
    """A collection to its end. Returns its last status and report, of which `blobs` is the sum of all."""
    blobs = 0
    while True:
        status, report = demand(connection, statuses, "POST", "/api/v1/gc/run", json.dumps({"now": now}).encode(), JSON)
        if status != 200:
            return status, report
        blobs += report["blobs"]
        if not report["more"]:
            return status, report | {"blobs": blobs}
