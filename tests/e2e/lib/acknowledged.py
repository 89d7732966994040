"""Pushes to a registry until it goes away, and remembers what was acknowledged; or compares it with what is there.

Usage: acknowledged.py push HOST:PORT LEDGER SEED     until the registry is gone; appends to LEDGER what got a 201
       acknowledged.py check HOST:PORT LEDGER         everything in LEDGER is served, with the bytes that were pushed

A line of the ledger is: kind, repository, name, digest or - . Contents are derived from their names, so that the
checker can make them again.
"""

import hashlib
import http.client
import json
import os
import random
import sys
import threading

IMAGE = "application/vnd.oci.image.manifest.v1+json"
PUSHERS = 6


def blob_content(name):
    """Bytes of a size between nothing and half a MiB that only the name decides."""
    generator = random.Random(name)
    return generator.randbytes(generator.choice([0, 1, 4000, 70000, 500000]))


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def manifest_of(layers, note):
    def described(name):
        content = blob_content(name)
        return {"mediaType": "application/octet-stream", "digest": digest_of(content), "size": len(content)}

    return json.dumps(
        {"schemaVersion": 2, "mediaType": IMAGE, "config": described(layers[0]), "layers": [described(name) for name in layers], "annotations": {"note": note}}
    ).encode()


class Client:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=30)

    def ask(self, method, path, body=b"", kind="application/octet-stream"):
        self.connection.request(method, path, body, {"Content-Type": kind})
        answer = self.connection.getresponse()
        return answer, answer.read()


class Pusher(threading.Thread):
    """Pushes images of fresh and shared layers, moving tags, in one repository of its own."""

    def __init__(self, address, ledger, seed, index):
        super().__init__()
        self.address, self.ledger = address, ledger
        self.repository = f"kept/{index}"
        self.random = random.Random(f"{seed}/{index}")
        self.prefix = f"{seed}-{index}"
        self.complaint = None

    def run(self):
        client = Client(self.address)
        number = 0
        try:
            while True:
                number += 1
                self.push_image(client, number)
        except (OSError, http.client.HTTPException):
            pass  # the registry was killed: what this thread noted down is all that it was promised
        except AssertionError as error:
            self.complaint = str(error)

    def push_image(self, client, number):
        layers = [f"{self.prefix}-{number}-{layer}" for layer in range(self.random.randrange(1, 4))] + ["shared"]
        for name in layers:
            content = blob_content(name)
            self.push_blob(client, content, whole=self.random.random() < 0.5)
            self.note("blob", name, digest_of(content))
        tag = f"t{self.random.randrange(5)}"
        manifest = manifest_of(layers, str(number))
        # The tag counts from the moment of sending: without an answer nobody knows where it points.
        self.note("moving", tag, "-")
        answer, text = client.ask("PUT", f"/v2/{self.repository}/manifests/{tag}", manifest, IMAGE)
        assert answer.status == 201, f"manifest: {answer.status} {text!r}"
        self.note("tag", tag, digest_of(manifest))

    def push_blob(self, client, content, whole):
        start = f"/v2/{self.repository}/blobs/uploads/"
        if whole:
            answer, text = client.ask("POST", f"{start}?digest={digest_of(content)}", content)
        else:
            answer, _ = client.ask("POST", start)
            location = answer.getheader("Location")
            answer, _ = client.ask("PATCH", location, content)
            location = answer.getheader("Location")
            answer, text = client.ask("PUT", location + ("&" if "?" in location else "?") + f"digest={digest_of(content)}")
        assert answer.status == 201, f"blob: {answer.status} {text!r}"

    def note(self, kind, name, digest):
        self.ledger.write(f"{kind} {self.repository} {name} {digest}\n".encode())


def push(address, path, seed):
    ledger = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "wb", buffering=0)
    pushers = [Pusher(address, ledger, seed, index) for index in range(PUSHERS)]
    for pusher in pushers:
        pusher.start()
    for pusher in pushers:
        pusher.join()
    complaints = [pusher.complaint for pusher in pushers if pusher.complaint]
    print(*complaints, sep="\n")
    sys.exit(bool(complaints))


def check(address, path):
    client = Client(address)
    blobs, tags, manifests = {}, {}, set()
    with open(path, encoding="ascii") as ledger:
        for kind, repository, name, digest in map(str.split, ledger):
            if kind == "blob":
                blobs[repository, digest] = name
            elif kind == "tag":
                tags[repository, name] = digest
                manifests.add((repository, digest))
            else:
                tags[repository, name] = None

    wrong = []
    for (repository, digest), name in blobs.items():
        answer, content = client.ask("GET", f"/v2/{repository}/blobs/{digest}")
        if answer.status != 200 or content != blob_content(name):
            wrong.append(f"blob {digest} of {repository}: {answer.status}, {len(content)} bytes")
    for repository, digest in manifests:
        answer, content = client.ask("GET", f"/v2/{repository}/manifests/{digest}")
        if answer.status != 200 or digest_of(content) != digest:
            wrong.append(f"manifest {digest} of {repository}: {answer.status}")
    for (repository, tag), digest in tags.items():
        answer, content = client.ask("GET", f"/v2/{repository}/manifests/{tag}")
        if digest is None:
            # Sent, but not acknowledged: the old image or the new one, whole, or nothing if it was the first.
            if answer.status == 404:
                continue
            listed = [layer["digest"] for layer in json.loads(content)["layers"]]
            missing = [layer for layer in listed if client.ask("HEAD", f"/v2/{repository}/blobs/{layer}")[0].status != 200]
            if missing:
                wrong.append(f"tag {tag} of {repository} points to an image without {missing}")
        elif digest_of(content) != digest:
            wrong.append(f"tag {tag} of {repository}: {answer.status}, not {digest}")

    for line in wrong:
        print(f"LOST: {line}")
    print(f"        {len(blobs)} blobs, {len(manifests)} manifests, {len(tags)} tags; {len(wrong)} wrong")
    assert blobs and manifests, "nothing had been pushed"
    sys.exit(bool(wrong))


if sys.argv[1] == "push":
    push(*sys.argv[2:])
else:
    check(*sys.argv[2:])
