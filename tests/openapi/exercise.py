"""Asks a running registry for everything that is in the contract, and says what is not as written there.

Usage: exercise.py guarded|open HOST:PORT CONTRACT SEEN CONFIG
       exercise.py report CONTRACT SEEN

`guarded` is a registry with the users, rules and quotas of contract_test.sh, `open` one without users that has deletion
switched off and no space left. What was seen is added to the file SEEN; `report` fails when an operation, a status or a
parameter of the contract is not in there. CONFIG is the configuration that the registry reads again.
"""

import json
import pathlib
import sys
import time
from urllib.parse import urlencode

from asking import ADMIN, Registry, as_user, basic
from content import APP, IMAGE, LAYER, MANIFEST, NOWHERE, OCTETS, OURS, UPLOAD, UPLOADS, V2, digest
from content import pull, push, remove, turn_back, upload
from contract import Contract

FORM = "application/x-www-form-urlencoded"
# Something for each name in braces.
NAMES = {
    "name": APP,
    "reference": "v1",
    "digest": NOWHERE,
    "tag": "v1",
    "upload": "00000000-0000-4000-8000-000000000000",
    "robot": "none",
}


def names_of(path):
    return {name: value for name, value in NAMES.items() if "{" + name + "}" in path}


# ---- a registry with users -----------------------------------------------------------------------------------------


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
        if "401" in told:
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
        for what in operation.told()
    }
    missing = [" ".join(each) for each in sorted(told - seen)]
    kinds = {what for _, _, what in seen}
    missing += [f"any answer behind {key}" for key in ("4XX", "5XX") if key not in kinds]
    for each in missing:
        print(f"never seen: {each}")
    print(f"{len(contract.operations)} operations, with {len(told)} statuses, fields, types and parameters")
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
        for wrong in registry.wrong:
            print(f"not as the contract says: {wrong}")
    record.write_text(json.dumps(sorted(seen)))
    return not registry.wrong


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
