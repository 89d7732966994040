"""Takes every connection that a server gives, pushes meanwhile and afterwards.

Usage: descriptors.py HOST:PORT COUNT      COUNT has to be more than the server can have.
Meanwhile a push may be refused with 503; afterwards it has to succeed at once, so much at a time that the metadata
needs new files.
"""

import hashlib
import http.client
import json
import os
import socket
import sys

TYPE = "application/vnd.oci.image.manifest.v1+json"


def ask(connection, method, path, body=b"", kind="application/octet-stream"):
    connection.request(method, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def push_blob(connection, content):
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return digest, ask(connection, "POST", f"/v2/app/blobs/uploads/?digest={digest}", content)


def push_image(connection, tag):
    config, status = push_blob(connection, b"{}")
    assert status == 201, status
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": TYPE, "config": described, "layers": []}
    status = ask(connection, "PUT", f"/v2/app/manifests/{tag}", json.dumps(manifest).encode(), TYPE)
    assert status == 201, status


def take_all(address, count):
    """Idle connections until the server turns one away; how it did that."""
    host, port = address.rsplit(":", 1)
    held = []
    while len(held) < count:
        held.append(socket.create_connection((host, int(port)), timeout=30))
        held[-1].sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = held[-1].recv(4096)
        if not answer.startswith(b"HTTP/1.1 200 "):
            return held, answer
    return held, b""


def main():
    address, count = sys.argv[1], int(sys.argv[2])
    pusher = http.client.HTTPConnection(address, timeout=30)
    push_image(pusher, "before")

    held, refusal = take_all(address, count)
    assert refusal.startswith(b"HTTP/1.1 503 "), refusal
    print(f"        turned away after {len(held) - 1} connections")
    statuses = set()
    for size in [30_000] * 300 + [100_000] * 20:  # among the metadata, and as files
        _, status = push_blob(pusher, os.urandom(size))
        statuses.add(status)
    assert statuses <= {201, 503}, statuses
    print(f"        pushes meanwhile: {sorted(statuses)}")

    for connection in held:
        connection.close()
    push_image(pusher, "after")
    _, status = push_blob(pusher, os.urandom(100_000))
    assert status == 201, status


main()
