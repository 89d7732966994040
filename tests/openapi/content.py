"""What is in repositories, from its upload to its end and back."""

import hashlib
import json
import time
from urllib.parse import parse_qsl

from asking import ADMIN, as_user, basic

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCTETS = "application/octet-stream"
SIGNATURE = "application/vnd.example.signature"
APP = "team/app"
NOWHERE = "sha256:" + "0" * 64
V2 = "/v2/{name}"
MANIFEST = V2 + "/manifests/{reference}"
BLOB = V2 + "/blobs/{digest}"
UPLOADS = V2 + "/blobs/uploads/"
UPLOAD = V2 + "/blobs/uploads/{upload}"
OURS = ADMIN + "/repositories/{name}"


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(content, media_type=OCTETS):
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


LAYER = b"layer " * 200
CONFIG = b"{}"


def image(media_type=IMAGE, **more):
    parts = {"config": descriptor(CONFIG), "layers": [descriptor(LAYER)], **more}
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, **parts}).encode()


def index(media_type, *images):
    content = {"schemaVersion": 2, "mediaType": media_type, "manifests": [descriptor(each, IMAGE) for each in images]}
    return json.dumps(content).encode()


def hence(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def upload(registry):
    dev = as_user(registry, "dev", name=APP)

    def begin(**request):
        return dev(202, "POST", UPLOADS, **request)["Docker-Upload-UUID"]

    for content in (CONFIG, LAYER):
        dev(201, "POST", UPLOADS, query=[("digest", digest(content))], body=content, content_type=OCTETS)
    mount = [("mount", digest(LAYER)), ("from", APP)]
    dev(201, "POST", UPLOADS, name="team/other", query=mount)
    dev(400, "POST", UPLOADS, query=[("digest", "sha256:short")])
    dev(400, "POST", UPLOADS, query=[("digest", NOWHERE)], body=b"other", content_type=OCTETS)

    open_one = begin(query=[("digest-algorithm", "sha512")])
    dev(204, "DELETE", UPLOAD, upload=open_one)
    dev(404, "DELETE", UPLOAD, upload=open_one)

    open_one = begin()
    for method in ("GET", "HEAD"):
        dev(204, method, UPLOAD, upload=open_one)
    chunk = {"body": b"0123456789", "content_type": OCTETS, "upload": open_one}
    dev(202, "PATCH", UPLOAD, headers={"Content-Range": "0-9"}, **chunk)
    dev(416, "PATCH", UPLOAD, headers={"Content-Range": "0-9"}, **chunk)
    dev(400, "PATCH", UPLOAD, headers={"Content-Range": "bytes"}, **chunk)
    dev(400, "PATCH", UPLOAD, headers={"Content-Range": "10-12"}, **chunk)
    whole = [("digest", digest(b"0123456789" * 2))]
    dev(416, "PUT", UPLOAD, query=whole, headers={"Content-Range": "0-9"}, **chunk)
    dev(400, "PUT", UPLOAD, upload=open_one)
    dev(201, "PUT", UPLOAD, query=whole, headers={"Content-Range": "10-19"}, **chunk)
    write_to_busy_upload(registry, dev, begin())


def write_to_busy_upload(registry, dev, busy):
    head = [
        f"PATCH /v2/{APP}/blobs/uploads/{busy} HTTP/1.1",
        "Host: registry",
        "Authorization: " + basic("dev"),
        "Transfer-Encoding: chunked",
    ]
    with registry.connect() as connection:
        connection.sendall("\r\n".join([*head, "", "3", "abc", ""]).encode())
        while dev(204, "GET", UPLOAD, upload=busy)["Range"] != "0-2":
            time.sleep(0.01)
        dev(409, "PATCH", UPLOAD, upload=busy, body=b"d", content_type=OCTETS)
        dev(409, "PUT", UPLOAD, upload=busy, query=[("digest", NOWHERE)])
        connection.sendall(b"0\r\n\r\n")
        connection.recv(65536)
    dev(204, "DELETE", UPLOAD, upload=busy)


def push(registry):
    dev = as_user(registry, "dev", name=APP)

    def put(expected, reference, content, content_type=IMAGE, **request):
        return dev(expected, "PUT", MANIFEST, reference=reference, body=content, content_type=content_type, **request)

    first, second = image(), image(annotations={"org.example": "second"})
    put(201, "v1", first)
    put(412, "v1", second, headers={"If-Match": f'"{NOWHERE}"'})
    put(412, "v1", second, headers={"If-None-Match": "*"})
    put(201, "v1", second, headers={"If-Match": f'"{digest(first)}"'})
    put(201, "v2", first, headers={"If-None-Match": "*"})
    put(201, digest(second), second, query=[("tag", "v3"), ("tag", "v4")])
    put(201, "docker", image(DOCKER), DOCKER)
    put(201, "index", index(INDEX, first, second), INDEX)
    put(201, "list", index(DOCKER_LIST, first), DOCKER_LIST)
    for number in (1, 2):
        signature = image(artifactType=SIGNATURE, subject=descriptor(first, IMAGE), annotations={"n": str(number)})
        told = put(201, digest(signature), signature)["OCI-Subject"]
        registry.expect(told == digest(first), f"the subject is told as {told}")
    early = image(subject={**descriptor(first, IMAGE), "digest": NOWHERE})
    warning = put(201, digest(early), early)["Warning"]
    registry.expect(warning is not None, "there is no warning of a subject that is not there")

    put(400, "v1", b"no manifest")
    put(400, "v1", image(config={**descriptor(CONFIG), "digest": NOWHERE}))
    put(400, ".bad", first)
    put(413, "v1", b" " * 20000)
    put(414, digest(first), first, query=[("tag", f"t{i}") for i in range(4)])
    return first, second


def pull(registry, first, second):
    def both(expected, path, **request):
        return registry.both(expected, path, user="dev", **{"name": APP, **request})

    for reference in ("v1", "docker", "index", "list", digest(first)):
        both(200, MANIFEST, reference=reference)
    both(304, MANIFEST, reference="v1", headers={"If-None-Match": f'"{digest(second)}"'})
    both(200, MANIFEST, reference="v1", headers={"Shale-As-Of": hence(60)})
    both(404, MANIFEST, reference="v1", headers={"Shale-As-Of": "2001-01-01T00:00:00Z"})
    both(400, MANIFEST, reference="v1", headers={"Shale-As-Of": "yesterday"})

    here = {"digest": digest(LAYER)}
    both(200, BLOB, **here)
    both(304, BLOB, headers={"If-None-Match": f'"{digest(LAYER)}"'}, **here)
    dev = as_user(registry, "dev", name=APP)
    for ranges in ("bytes=0-9", "bytes=0-1,5-9"):
        dev(206, "GET", BLOB, headers={"Range": ranges, "If-Range": f'"{digest(LAYER)}"'}, **here)
    dev(416, "GET", BLOB, headers={"Range": "bytes=5000-"}, **here)

    turn_pages(registry, "/v2/_catalog")
    turn_pages(registry, V2 + "/tags/list", name=APP)
    turn_pages(registry, V2 + "/referrers/{digest}", [("artifactType", SIGNATURE)], name=APP, digest=digest(first))


def turn_pages(registry, path, query=(), **names):
    link = registry.both(200, path, user="chief", query=[("n", "1"), *query], **names)["Link"]
    following = parse_qsl(link[link.index("?") + 1 : link.index(">")])
    registry.both(200, path, user="chief", query=following, **names)
    registry.both(400, path, user="chief", query=[("n", "many")], **names)


def turn_back(registry, first, second):
    """The past of tags."""
    dev = as_user(registry, "dev", name=APP)
    ago = "2001-01-01T00:00:00Z"

    def both(expected, path, **request):
        return registry.both(expected, OURS + path, user="dev", name=APP, **request)

    def post(expected, path, body, **request):
        return dev(expected, "POST", OURS + path, body=body, **request)

    both(200, "/tags", query=[("n", "1"), ("last", "v1"), ("deleted", "true")])
    both(200, "/tags/{tag}", tag="v1")
    both(200, "/tags/{tag}", tag="v1", query=[("at", hence(60))])
    both(404, "/tags/{tag}", tag="v1", query=[("at", ago)])
    both(400, "/tags/{tag}", tag="v1", query=[("at", "yesterday")])
    history = both(200, "/tags/{tag}/history", tag="v1", query=[("limit", "1")]).json
    registry.expect(history["more"], "the tag v1 has no more than one move")
    both(400, "/tags/{tag}/history", tag="v1", query=[("limit", "0")])
    post(200, "/tags/{tag}/rollback", {}, tag="v1")
    post(200, "/tags/{tag}/rollback", {"to": digest(second)}, tag="v1")
    post(404, "/tags/{tag}/rollback", {"at": ago}, tag="v1")
    post(400, "/tags/{tag}/rollback", {"to": "sha256:short"}, tag="v1")
    dev(202, "DELETE", MANIFEST, reference="v2", headers={"If-Match": "*"})
    dev(404, "DELETE", MANIFEST, reference="v2")
    dev(412, "DELETE", MANIFEST, reference="v1", headers={"If-Match": f'"{NOWHERE}"'})
    post(200, "/tags/{tag}/restore", {}, tag="v2")
    post(404, "/tags/{tag}/restore", {}, tag="never")


def remove(registry, first):
    dev = as_user(registry, "dev", name=APP)

    def post(expected, path, body, **request):
        return dev(expected, "POST", OURS + path, body=body, **request)

    dev(405, "DELETE", BLOB, digest=digest(LAYER))
    dev(202, "DELETE", BLOB, digest=digest(b"0123456789" * 2))
    dev(404, "DELETE", BLOB, digest=digest(b"0123456789" * 2))
    post(200, "/remove", {"dry_run": True})
    post(200, "/remove", {"reference": digest(first)})
    post(400, "/remove", {"reference": ".bad"})
    post(404, "/remove", {"reference": "never"})
    post(403, "/remove", {"for_good": True})
    registry.both(200, OURS + "/deleted", user="dev", name=APP, query=[("n", "1"), ("last", NOWHERE)])
    registry.both(400, OURS + "/deleted", user="dev", name=APP, query=[("last", "v1")])
    post(200, "/restore", {})
    post(404, "/restore", {"digest": NOWHERE})
    post(200, "/remove", {"reference": "docker"})
    post(200, "/restore", None)
    post(200, "/remove", {"reference": "docker"})
    post(403, "/deleted/drop", {})
    post(200, "/deleted/drop", {}, user="chief")
    post(404, "/deleted/drop", {"digest": NOWHERE}, user="chief")
    post(200, "/remove", {"reference": "list", "for_good": True}, user="chief")
