"""Many clients that read or send at a crawl, and then finish: what backpressure has to bear.

Usage: slow_clients.py read URL SHA256 CLIENTS
       slow_clients.py send URL FILE CLIENTS     (URL of the registry; each client begins an upload in slow/sent)

Each client crawls until this process gets SIGUSR1; then one of them goes on at full speed to the end, and the bytes have
to be right. Says "crawling" once all of them do. Exit code 0 when no client was cut off and the one that finished has
its content.
"""

import hashlib
import http.client
import os
import signal
import socket
import sys
import threading
from urllib.parse import urlsplit

STEP = 16 * 1024  # bytes a crawling client moves at once ...
PAUSE = 0.05  # ... and how long it then rests

enough = threading.Event()


def connect(url):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    connection.connect()
    set_buffers(connection, STEP)  # small ones in the kernel, so that it is the server that has to wait
    return connection


def set_buffers(connection, size):
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        connection.sock.setsockopt(socket.SOL_SOCKET, option, size)


def target(url):
    return url.path + (f"?{url.query}" if url.query else "")


def read(url, digest, crawling, finish):
    connection = connect(url)
    connection.request("GET", target(url))
    answer = connection.getresponse()
    assert answer.status == 200, f"GET answered {answer.status}"
    hasher = hashlib.sha256()
    crawling.release()
    while not enough.wait(PAUSE):
        piece = answer.read(STEP)
        assert piece, "the download ended before it was complete"
        hasher.update(piece)
    if finish:
        set_buffers(connection, 1 << 20)
        while piece := answer.read(1 << 20):
            hasher.update(piece)
        assert hasher.hexdigest() == digest, "the slow reader got other bytes"
    connection.close()


def begin_upload(url):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    connection.request("POST", "/v2/slow/sent/blobs/uploads/", headers={"Content-Length": "0"})
    answer = connection.getresponse()
    assert answer.status == 202, f"POST answered {answer.status}"
    location = answer.getheader("Location")
    connection.close()
    return location if location.startswith("http") else f"http://{url.netloc}{location}"


def send(url, path, crawling, finish):
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        upload = begin_upload(url)
        upload += ("&" if "?" in upload else "?") + f"digest=sha256:{digest}"
        connection = connect(urlsplit(upload))
        connection.putrequest("PUT", target(urlsplit(upload)))
        connection.putheader("Content-Type", "application/octet-stream")
        connection.putheader("Content-Length", str(os.path.getsize(path)))
        connection.endheaders()
        crawling.release()
        while not enough.wait(PAUSE):
            connection.send(file.read(STEP))
        if finish:
            set_buffers(connection, 1 << 20)
            while piece := file.read(1 << 20):
                connection.send(piece)
            answer = connection.getresponse()
            assert answer.status == 201, f"PUT answered {answer.status}: {answer.read(400)!r}"
    connection.close()


def main():
    what, url, argument, clients = sys.argv[1:]
    signal.signal(signal.SIGUSR1, lambda *_: enough.set())
    failures = []
    crawling = threading.Semaphore(0)

    def run(index):
        try:
            (read if what == "read" else send)(urlsplit(url), argument, crawling, finish=index == 0)
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the report
            failures.append(f"client {index}: {type(error).__name__}: {error}")
            crawling.release()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(int(clients))]
    for thread in threads:
        thread.start()
    for _ in threads:
        crawling.acquire()
    print("crawling", flush=True)
    for thread in threads:
        thread.join()
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(bool(failures))


main()
