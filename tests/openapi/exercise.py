"""Asks a running registry for everything that is in the contract, and says what is not as written there.

Usage: exercise.py guarded|open HOST:PORT CONTRACT SEEN CONFIG
       exercise.py report CONTRACT SEEN

`guarded` is a registry with the users, rules and quotas of contract_test.sh, `open` one without users that has deletion
switched off and no space left. What was seen is added to the file SEEN; `report` fails when an operation, a status or a
parameter of the contract is not in there. CONFIG is the configuration that the registry reads again.
"""

import hashlib
import json
import pathlib
import sys
import time
from urllib.parse import parse_qsl, urlencode

from asking import Registry, basic
from contract import Contract

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCTETS = "application/octet-stream"
FORM = "application/x-www-form-urlencoded"
SIGNATURE = "application/vnd.example.signature"
APP = "team/app"
NOWHERE = "sha256:" + "0" * 64
V2 = "/v2/{name}"
MANIFEST = V2 + "/manifests/{reference}"
BLOB = V2 + "/blobs/{digest}"
UPLOADS = V2 + "/blobs/uploads/"
UPLOAD = V2 + "/blobs/uploads/{upload}"
ADMIN = "/api/v1"
OURS = ADMIN + "/repositories/{name}"
# Something for each name in braces.
NAMES = {
    "name": APP,
    "reference": "v1",
    "digest": NOWHERE,
    "tag": "v1",
    "upload": "00000000-0000-4000-8000-000000000000",
    "robot": "none",
}


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


def as_user(registry, user, prefix="", **names):
    """Asks as somebody, below some path and with some names, unless the request has others."""

    def ask(expected, method, path, **request):
        return registry.ask(expected, method, prefix + path, **{"user": user, **names, **request})

    return ask


def names_of(path):
    return {name: value for name, value in NAMES.items() if "{" + name + "}" in path}


# ---- a registry with users -----------------------------------------------------------------------------------------


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


def weigh(registry):
    def both(expected, path, **request):
        return registry.both(expected, path, user="chief", **request)

    both(200, ADMIN + "/usage", query=[("top", "3")])
    both(200, ADMIN + "/usage", query=[("namespace", "team")])
    both(400, ADMIN + "/usage", query=[("namespace", "Team")])
    both(200, OURS + "/usage", name=APP)
    both(200, ADMIN + "/layers", query=[("top", "3")])
    both(400, ADMIN + "/layers", query=[("top", "none")])
    both(200, ADMIN + "/images", query=[("layer", digest(LAYER))])
    both(200, ADMIN + "/images", query=[("base", APP + ":v1")])
    both(400, ADMIN + "/images")
    both(404, ADMIN + "/images", query=[("base", APP + ":never")])
    registry.expect(len(both(200, ADMIN + "/quotas").json["quotas"]) == 2, "there are not two quotas")


def keep_up(registry):
    chief = as_user(registry, "chief", ADMIN)
    registry.both(200, ADMIN + "/gc", user="chief")
    chief(200, "POST", "/gc/run", body={"now": True})
    chief(200, "POST", "/gc/run")
    chief(400, "POST", "/gc/run", body={"then": True})
    registry.both(200, ADMIN + "/scrub", user="chief")
    chief(400, "POST", "/scrub", body={"rate": "fast"})
    chief(202, "POST", "/scrub", body={"rate": 1})
    chief(409, "POST", "/scrub", body={})
    while "found" not in registry.both(200, ADMIN + "/scrub", user="chief").json:
        time.sleep(0.01)
    rules = registry.both(200, ADMIN + "/rules", user="chief").json["rules"]
    registry.expect(len(rules) == 2, "there are not two rules")
    run = chief(200, "POST", "/retention/run", body={"repository": "team/**", "dry_run": True, "after": "aaa"}).json
    registry.expect(run["repositories"][0]["manifests"], "retention looked at no manifest")
    chief(200, "POST", "/retention/run", body={"repository": "team/**"})
    chief(400, "POST", "/retention/run", body={})


def employ(registry):
    chief = as_user(registry, "chief", ADMIN)
    permissions = [{"actions": ["pull"], "repositories": ["team/**"]}]
    wish = {"name": "builder", "description": "builds", "permissions": permissions, "expires_in": 3600}
    chief(201, "POST", "/robots", body=wish)
    chief(409, "POST", "/robots", body=wish)
    chief(400, "POST", "/robots", body={**wish, "permissions": []})
    registry.both(200, ADMIN + "/robots", user="chief")
    registry.both(200, ADMIN + "/robots/{robot}", user="chief", robot="builder")
    chief(200, "POST", "/robots/{robot}/secret", robot="builder", body={"keep_former": 60})
    chief(200, "POST", "/robots/{robot}/secret", robot="builder")
    chief(400, "POST", "/robots/{robot}/secret", robot="builder", body={"keep_former": -1})
    chief(204, "POST", "/tokens/revoke", body={"robot": "builder"})
    chief(204, "POST", "/tokens/revoke", body={"user": "dev"})
    chief(400, "POST", "/tokens/revoke", body={"user": 1})
    chief(204, "DELETE", "/robots/{robot}", robot="builder")


def ask_for_tokens(registry):
    scope = f"repository:{APP}:pull"
    asked = {"scope": scope, "service": "shale", "account": "dev", "client_id": "docker", "offline_token": "true"}
    token = registry.both(200, "/auth/token", user="dev", query=list(asked.items())).json
    bearer = {"Authorization": "Bearer " + token["token"]}
    registry.both(200, V2 + "/tags/list", headers=bearer, name=APP)
    registry.both(401, V2 + "/tags/list", headers=bearer, name="team/other")
    registry.both(401, ADMIN + "/gc", headers=bearer)

    def post(expected, path, **fields):
        return registry.ask(expected, "POST", path, body=urlencode(fields), content_type=FORM)

    password = {"grant_type": "password", "username": "dev", "password": "dev-secret"}
    post(200, "/auth/token", scope=scope, access_type="offline", service="shale", client_id="x", **password)
    post(200, "/auth/token", grant_type="refresh_token", refresh_token=token["refresh_token"], scope=scope)
    post(401, "/auth/token", **{**password, "password": "guess"})
    post(400, "/auth/token", grant_type="wish")
    registry.both(200, "/auth/keys")
    post(200, "/auth/revoke", token=token["token"])
    post(400, "/auth/revoke", token="")
    registry.both(401, V2 + "/tags/list", headers=bearer, name=APP)


def operate(registry, config):
    chief = as_user(registry, "chief", ADMIN)
    registry.both(200, ADMIN + "/status", user="chief")
    good = config.read_text()
    config.write_text(good.replace("page_size: 500", "page_size: 400").replace("lease: 1h", "lease: 2h"))
    report = chief(200, "POST", "/reload", body={}).json
    done = (report["changed"], report["restart"])
    registry.expect(done == (["limits.page_size"], ["storage.lease"]), f"the reload did something else: {report}")
    config.write_text(good.replace("page_size: 500", "page_size: many"))
    chief(409, "POST", "/reload", body={})
    config.write_text(good)
    chief(400, "POST", "/reload", body={"what": "all"})
    registry.both(200, ADMIN + "/read-only", user="chief")
    chief(400, "POST", "/read-only", body={})
    chief(200, "POST", "/read-only", body={"on": True})
    registry.ask(403, "POST", UPLOADS, user="dev", name=APP)
    chief(200, "POST", "/read-only", body={"on": False})
    registry.both(200, ADMIN + "/log-level", user="chief")
    chief(400, "POST", "/log-level", body={"level": "loud"})
    chief(200, "POST", "/log-level", body={"level": "debug"})


def look_after(registry):
    for path in ("/livez", "/readyz", "/startupz"):
        registry.both(200, path)
    registry.both(200, "/metrics", user="chief")
    etag = registry.both(200, "/openapi.yaml")["ETag"]
    registry.both(304, "/openapi.yaml", headers={"If-None-Match": etag})
    registry.both(200, "/v2/", user="dev")


# What the refusals below cannot do without.
SENT = {
    ("PUT", MANIFEST): {"body": b"{}", "content_type": IMAGE},
    ("PUT", UPLOAD): {"query": [("digest", NOWHERE)]},
    ("POST", "/auth/token"): {"body": "grant_type=wish", "content_type": FORM},
    ("POST", "/auth/revoke"): {"body": "token=x", "content_type": FORM},
}
# Where a repository that is not there is no mistake.
FOR_ANY_NAME = {OURS + "/deleted/drop"}


def sent_with(method, path):
    return SENT.get((method, path), {"body": {}} if method == "POST" and path.startswith(ADMIN) else {})


def refuse(registry):
    """What the contract says of refusals is said of many operations alike, so it is tried with each."""
    for (method, path), operation in registry.contract.operations.items():
        told, names, sent = operation.told_statuses(), names_of(path), sent_with(method, path)
        registry.ask(401, method, path, headers={"Authorization": "nonsense"}, **sent, **names)
        if "403" in told:
            registry.ask(403, method, path, user="nobody", **sent, **names)
        if "400" in told and "name" in names:
            registry.ask(400, method, path, user="chief", **sent, **{**names, "name": "UPPER"})
        if "404" in told and names and path not in FOR_ANY_NAME:
            elsewhere = {**names, "name": "team/none"} if "name" in names else names
            registry.ask(404, method, path, user="chief", **sent, **elsewhere)
        if "415" in told:
            registry.ask(415, method, path, user="chief", body=b"{}", content_type="text/plain", **names)


def error_faults(contract, answer):
    return contract.faults(answer.json, {"$ref": "#/components/schemas/Errors"})


def misuse(registry):
    """What is no request, or one for something that is not there."""
    contract = registry.contract
    for path in contract.document["paths"]:
        told = sorted(method for method, other in contract.operations if other == path)
        answer = registry.send("OPTIONS", path.format(**NAMES))
        allowed = sorted((answer["Allow"] or "").split(", "))
        fine = answer.status == 405 and allowed == told and not error_faults(contract, answer)
        registry.expect(fine, f"OPTIONS {path}: {answer.status}, {allowed} are allowed, and {told} in the contract")
    answer = registry.send("GET", "/nothing")
    registry.expect(answer.status == 404 and not error_faults(contract, answer), f"/nothing: {answer.status}")

    base = b"GET /v2/ HTTP/1.1\r\nHost: x\r\n"
    registry.raw(400, "GET", "/livez", b"GET /livez HTTP/1.1\r\nHost: x\r\nbad header: x\r\n\r\n")
    registry.raw(414, "GET", "/v2/", b"GET /v2/?" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    registry.raw(417, "GET", "/v2/", base + b"Expect: wonders\r\nContent-Length: 1\r\n\r\n")
    registry.raw(431, "GET", "/v2/", base + b"X: " + b"a" * 40000 + b"\r\n\r\n")
    registry.raw(501, "GET", "/v2/", base + b"Transfer-Encoding: gzip\r\n\r\n")
    registry.raw(505, "GET", "/v2/", b"GET /v2/ HTTP/2.0\r\nHost: x\r\n\r\n")
    registry.ask(413, "POST", "/auth/revoke", body=b"a" * 70000, content_type=FORM)


def guess(registry):
    """Last, since it slows everybody at this address down."""
    for _ in range(20):
        answer = registry.send("GET", "/v2/", headers={"Authorization": basic("guess")})
        registry.judge(registry.contract.operations["GET", "/v2/"], answer.status, answer)
        if answer.status == 429:
            return
    registry.expect(False, "nobody is slowed down")


def guarded(registry, config):
    upload(registry)
    first, second = push(registry)
    pull(registry, first, second)
    turn_back(registry, first, second)
    weigh(registry)
    remove(registry, first)
    keep_up(registry)
    employ(registry)
    ask_for_tokens(registry)
    operate(registry, config)
    look_after(registry)
    refuse(registry)
    misuse(registry)
    guess(registry)


# ---- a registry without users, without deletion and without space --------------------------------------------------


WHERE_SOMEBODY_LOGS_IN = ("/auth/", ADMIN + "/robots", ADMIN + "/tokens")


def open_to_all(registry, _):
    for (method, path), operation in registry.contract.operations.items():
        names, sent = names_of(path), sent_with(method, path)
        if "404" in operation.told_statuses() and path.startswith(WHERE_SOMEBODY_LOGS_IN):
            registry.ask(404, method, path, **sent, **names)
        if method == "DELETE" and "405" in operation.told_statuses():
            registry.ask(405, method, path, **names)
    registry.both(503, "/readyz")
    registry.ask(507, "POST", UPLOADS, name=APP, query=[("digest", digest(LAYER))], body=LAYER, content_type=OCTETS)


# ---- all of it -----------------------------------------------------------------------------------------------------


def report(contract, seen):
    told = {
        (operation.method, operation.path, what)
        for operation in contract.operations.values()
        for what in operation.told_statuses() | operation.told_parameters()
    }
    missing = [" ".join(each) for each in sorted(told - seen)]
    missing += [f"any answer behind {key}" for key in ("4XX", "5XX") if key not in {what for _, _, what in seen}]
    print("\n".join(f"never seen: {each}" for each in missing), end="\n" if missing else "")
    print(f"{len(contract.operations)} operations, with {len(told)} statuses and parameters")
    return not missing


def main(arguments):
    what = arguments[0]
    contract = Contract(pathlib.Path(arguments[1 if what == "report" else 2]).read_text())
    record = pathlib.Path(arguments[2 if what == "report" else 3])
    seen = {tuple(entry) for entry in json.loads(record.read_text())} if record.exists() else set()
    if what == "report":
        return report(contract, seen)
    registry = Registry(contract, arguments[1], seen)
    try:
        {"guarded": guarded, "open": open_to_all}[what](registry, pathlib.Path(arguments[4]))
    finally:
        print("\n".join(f"not as the contract says: {each}" for each in registry.wrong), end="\n" if registry.wrong else "")
    record.write_text(json.dumps(sorted(seen)))
    return not registry.wrong


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
