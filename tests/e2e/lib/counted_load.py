"""Pushes and pulls small images for a while, and counts what it does, so that the server's counts can be compared.

Usage: counted_load.py URL,URL... USER:PASSWORD SECONDS [CA_FILE]      Prints what it did as one object of JSON.
One client for each URL. They share eight repositories, load/0 to load/7. Each image has a layer and a config of its own
and a layer that is mounted from load/0; every fifth upload is cancelled. All answers have to be as expected.
"""

import base64
import collections
import hashlib
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

REPOSITORIES = 8
TYPE = "application/vnd.oci.image.manifest.v1+json"
BASE = b"a layer that all images have" * 2000


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(content, kind="application/octet-stream"):
    return {"mediaType": kind, "digest": digest(content), "size": len(content)}


class Client:
    def __init__(self, url, login, trust):
        place = urllib.parse.urlsplit(url)
        if place.scheme == "https":
            context = ssl.create_default_context(cafile=trust)
            self.connection = http.client.HTTPSConnection(place.netloc, timeout=60, context=context)
        else:
            self.connection = http.client.HTTPConnection(place.netloc, timeout=60)
        self.headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
        self.did = collections.Counter()

    def ask(self, method, target, expected, body=None, kind="application/octet-stream"):
        headers = self.headers | ({} if body is None else {"Content-Type": kind})
        self.connection.request(method, target, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == expected, f"{method} {target}: {answer.status} {content[:300]}"
        self.did["requests"] += 1
        return answer, content

    def put_blob(self, repository, content):
        self.ask("HEAD", f"/v2/{repository}/blobs/{digest(content)}", 404)
        self.ask("POST", f"/v2/{repository}/blobs/uploads/?digest={digest(content)}", 201, content)
        self.did["unknown"] += 1
        self.did["blobs_pushed"] += 1

    def get_blob(self, repository, content):
        _, got = self.ask("GET", f"/v2/{repository}/blobs/{digest(content)}", 200)
        assert got == content
        self.did["blobs_pulled"] += 1
        self.did["blob_bytes_pulled"] += len(got)

    def mount(self, repository, content):
        self.ask("POST", f"/v2/{repository}/blobs/uploads/?mount={digest(content)}&from=load/0", 201, b"")
        self.did["mounted"] += 1

    def cancel_an_upload(self, repository):
        answer, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/", 202, b"")
        self.ask("DELETE", answer.getheader("Location"), 204)
        self.did["cancelled"] += 1

    def image(self, repository, tag, known):
        layer, config = os.urandom(40_000), json.dumps({"made": os.urandom(16).hex()}).encode()
        for content in (layer, config):
            self.put_blob(repository, content)
        if repository not in known:
            known.add(repository)
            self.mount(repository, BASE)
        layers = [descriptor(BASE), descriptor(layer)]
        manifest = json.dumps({"schemaVersion": 2, "mediaType": TYPE, "config": descriptor(config), "layers": layers}).encode()
        self.ask("PUT", f"/v2/{repository}/manifests/{tag}", 201, manifest, TYPE)
        self.did["manifests_pushed"] += 1
        for _ in range(2):
            _, got = self.ask("GET", f"/v2/{repository}/manifests/{tag}", 200)
            assert got == manifest
            self.did["manifests_pulled"] += 1
        self.get_blob(repository, layer)

    def work(self, number, until):
        known, count = {"load/0"}, 0
        while time.monotonic() < until:
            repository = f"load/{count % REPOSITORIES}"
            self.image(repository, f"of-{number}-{count // REPOSITORIES}", known)
            if count % 5 == 0:
                self.cancel_an_upload(repository)
            count += 1


def main():
    urls, login, seconds = sys.argv[1].split(","), sys.argv[2], float(sys.argv[3])
    clients = [Client(url, login, sys.argv[4] if len(sys.argv) > 4 else None) for url in urls]
    clients[0].put_blob("load/0", BASE)
    failures = []

    def run(number):
        try:
            clients[number].work(number, time.monotonic() + seconds)
        except Exception as failure:  # ends the script, below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"counted_load: {failures[0]!r}")
    print(json.dumps(dict(sum((client.did for client in clients), collections.Counter()))))


if __name__ == "__main__":
    main()
