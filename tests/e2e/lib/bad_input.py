"""Sends a running registry what no honest client sends, and compares each answer with the documented one.

Usage: bad_input.py HOST:PORT      Prints a sentence per case; exit code 1 when any answer was another.
After every case the server has to answer /v2/ as before, on the same connection if it kept that open.
"""

import hashlib
import http.client
import json
import sys

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
REPO = "/v2/bad/input"
EMPTY = "sha256:" + hashlib.sha256(b"{}").hexdigest()
MIB = 1 << 20


def descriptor(**changes):
    return {"mediaType": "application/vnd.oci.empty.v1+json", "digest": EMPTY, "size": 2, **changes}


def manifest(**changes):
    image = {"schemaVersion": 2, "mediaType": IMAGE, "config": descriptor(), "layers": [descriptor()]}
    return json.dumps({**image, **changes}).encode()


def put(body, content_type=IMAGE, reference="t", **headers):
    return ("PUT", f"{REPO}/manifests/{reference}", body, {"Content-Type": content_type, **headers})


def get(path):
    return ("GET", path, None, {})


def upload(query, body=b"content", **headers):
    return ("POST", f"{REPO}/blobs/uploads/{query}", body, {"Content-Type": "application/octet-stream", **headers})


LONG = "a" * 300
NAMES = {
    "in upper case": "Bad/Input",
    "with dots that climb": "bad/../../etc",
    "with escaped dots that climb": "bad/%2e%2e/%2e%2e/etc",
    "with an escaped slash": "bad%2finput",
    "with a backslash": "bad%5cinput",
    "with a NUL": "bad%00input",
    "in broken UTF-8": "bad%ffinput",
    "with an empty part": "bad//input",
    "with a part that begins with an underscore": "_bad/input",
    "over 255 characters": "/".join([LONG, LONG]),
}
BAD_DIGESTS = ["sha256:short", "sha256:" + "G" * 64, "md5:" + "0" * 32, "sha256:../../../../etc/passwd", "sha256"]

# What is asked, the statuses that are right, and the code of the error where one is fixed.
CASES = [
    *(
        (f"a {what} of a repository name {why}", (method, f"/v2/{name}/{path}", body, {"Content-Type": IMAGE}), statuses, None)
        for why, name in NAMES.items()
        for what, method, path, body, statuses in [
            ("push to", "PUT", "manifests/t", manifest(), (400, 404)),
            ("pull", "GET", "manifests/t", None, (400, 404)),
            ("list", "GET", "tags/list", None, (400, 404)),
            ("start of an upload", "POST", "blobs/uploads/", b"", (400, 404)),
        ]
    ),
    ("a push to a tag of 129 characters", put(manifest(), reference="t" * 129), (400,), None),
    ("a push to a tag that begins with a dot", put(manifest(), reference=".t"), (400,), None),
    ("a pull of such a tag", get(f"{REPO}/manifests/.t"), (404,), "MANIFEST_UNKNOWN"),
    *((f"a pull of the blob {bad}", get(f"{REPO}/blobs/{bad}"), (400, 404), None) for bad in BAD_DIGESTS),
    *((f"a pull of the manifest {bad}", get(f"{REPO}/manifests/{bad}"), (400, 404), None) for bad in BAD_DIGESTS),
    *((f"referrers of {bad}", get(f"{REPO}/referrers/{bad}"), (404 if "/" in bad else 400,), None) for bad in BAD_DIGESTS),
    *((f"an upload under {bad}", upload(f"?digest={bad}"), (400,), "DIGEST_INVALID") for bad in BAD_DIGESTS),
    ("an upload under another digest", upload(f"?digest={EMPTY}"), (400,), "DIGEST_INVALID"),
    ("an upload for an unknown algorithm", upload("?digest-algorithm=md5", b""), (400,), "DIGEST_INVALID"),
    ("a mount of what is no digest", upload("?mount=sha256:short&from=bad/input", b""), (400, 202), None),
    ("an upload session that climbs", get(f"{REPO}/blobs/uploads/..%2f..%2fmeta"), (400, 404), None),
    ("an upload session that climbs in plain sight", get(f"{REPO}/blobs/uploads/../../meta"), (400, 404), None),
    ("a manifest that is empty", put(b""), (400,), "MANIFEST_INVALID"),
    ("a manifest that is no JSON", put(b"\x7fELF"), (400,), "MANIFEST_INVALID"),
    ("a manifest that is a list", put(b"[]"), (400,), "MANIFEST_INVALID"),
    ("a manifest cut short", put(manifest()[:-1]), (400,), "MANIFEST_INVALID"),
    ("a manifest with something behind it", put(manifest() + b"{}"), (400,), "MANIFEST_INVALID"),
    ("a manifest with a million brackets", put(b'{"layers":' + b"[" * MIB), (400,), "MANIFEST_INVALID"),
    ("a manifest with a deep unknown field", put(manifest()[:-1] + b',"x":' + b"[" * 100000 + b"]" * 100000 + b"}"), (400,), "MANIFEST_INVALID"),
    ("a manifest with a million layers", put(b'{"schemaVersion":2,"layers":[' + b"{}," * MIB + b"{}]}"), (400,), "MANIFEST_INVALID"),
    ("a manifest with a key twice", put(manifest()[:-1] + b',"config":{"digest":"x"}}'), (400,), "MANIFEST_INVALID"),
    ("a manifest in broken UTF-8", put(manifest(annotations={"a": "X"}).replace(b"X", b"\xff\xfe")), (400,), "MANIFEST_INVALID"),
    ("a manifest of another type than it says", put(manifest(), INDEX), (400,), "MANIFEST_INVALID"),
    ("a manifest of schema 1", put(b'{"schemaVersion":1,"name":"a","tag":"b"}', "application/vnd.docker.distribution.manifest.v1+json"), (400,), "MANIFEST_INVALID"),
    ("a manifest of a type that is none", put(manifest(mediaType=None), "text/plain"), (400, 415), None),
    ("a manifest over the limit", put(manifest(annotations={"a": "x" * 5 * MIB})), (413,), None),
    ("a manifest whose layers are no list", put(manifest(layers={})), (400,), "MANIFEST_INVALID"),
    ("a manifest whose layer has no digest", put(manifest(layers=[{"size": 2}])), (400,), "MANIFEST_INVALID"),
    *(
        (f"a manifest whose layer has size {size}", put(manifest(layers=[descriptor(size=0)]).replace(b'"size": 0', b'"size": ' + size.encode())), (400,), "MANIFEST_INVALID")
        for size in ["-1", "1.5", "1e400", "99999999999999999999", '"2"', "null"]
    ),
    ("a manifest that names a file", put(manifest(layers=[descriptor(digest="sha256:../../../../etc/passwd")])), (400,), "MANIFEST_INVALID"),
    ("a manifest whose layer is not here", put(manifest(layers=[descriptor(digest="sha256:" + "0" * 64)])), (400, 404), "MANIFEST_BLOB_UNKNOWN"),
    ("a manifest under another digest", put(manifest(), reference="sha256:" + "0" * 64), (400,), "DIGEST_INVALID"),
    ("a push that sets six hundred tags", put(manifest(), reference=EMPTY + "?" + "&".join(f"tag=t{n}" for n in range(600))), (414, 431), None),
    *((f"a page of {n} tags", get(f"{REPO}/tags/list?n={n}"), (400,), None) for n in ["-1", "x", "1.5", "%00"]),
    ("a page of more tags than there are numbers", get(f"{REPO}/tags/list?n=99999999999999999999999"), (200, 400), None),
    ("a page after what is no tag", get(f"{REPO}/tags/list?last=%ff%00..%2f"), (200, 400), None),
    ("a page of the catalogue after nonsense", get("/v2/_catalog?last=%ff%00&n=2"), (200, 400), None),
    ("a method that no resource has", ("BREW", f"{REPO}/manifests/t", None, {}), (405,), "UNSUPPORTED"),
    ("a method that this resource has not", ("PATCH", f"{REPO}/manifests/t", b"x", {}), (405,), "UNSUPPORTED"),
    ("a path that is nothing", get("/v3/"), (404,), None),
    ("a path of eight thousand parts", get("/v2/" + "a/" * 3900 + "tags/list"), (400, 404), None),
    ("a path over the limit", get("/v2/" + "a" * 9000 + "/tags/list"), (414,), None),
    ("a header over the limit", ("GET", "/v2/", None, {"X-Long": "x" * 40000}), (431,), None),
    ("too many headers", ("GET", "/v2/", None, {f"X-{n}": "x" for n in range(200)}), (431,), None),
]


class Registry:
    def __init__(self, address):
        self.address = address
        self.connection = None

    def ask(self, method, path, body, headers):
        """One request on the connection that the last one left open, if it did."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=30)
        connection = self.connection
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        try:
            if body:
                connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent; the answer is there to be read
        answer = connection.getresponse()
        text = answer.read()
        if answer.will_close:
            connection.close()
            self.connection = None
        return answer, text


def complaint(answer, text, statuses, code):
    """What is wrong with an answer, or None."""
    if answer.status not in statuses:
        return f"answered {answer.status} instead of {' or '.join(map(str, statuses))}: {text[:200]!r}"
    if answer.status < 400:
        return None
    if not answer.getheader("X-Request-Id"):
        return "has no request id"
    if answer.getheader("Content-Type") != "application/json":
        return f"has the content type {answer.getheader('Content-Type')}"
    errors = json.loads(text)["errors"]
    if not errors or (code and errors[0]["code"] != code):
        return f"has the code {errors and errors[0]['code']} instead of {code}"
    return None


def main():
    registry = Registry(sys.argv[1])
    answer, text = registry.ask(*upload(f"?digest={EMPTY}", b"{}"))
    assert answer.status == 201, f"the empty blob was not taken: {answer.status} {text!r}"

    wrong = 0
    for what, request, statuses, code in CASES:
        try:
            answer, text = registry.ask(*request)
            problem = complaint(answer, text, statuses, code)
            after, _ = registry.ask(*get("/v2/"))
            if after.status != 200:
                problem = f"was followed by {after.status} for /v2/"
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            problem = f"ended in {type(error).__name__}: {error}"
            registry.connection = None
        if problem:
            wrong += 1
            print(f"WRONG: {what} {problem}")
    print(f"        {len(CASES)} cases, {wrong} wrong answers")
    sys.exit(bool(wrong))


main()
