"""Holds many idle connections open while others are served, and looks for what they leave behind.

Usage: many_connections.py HOST:PORT PID COUNT      Prints the growth of the server's resident memory in KiB.
They come from several addresses of this machine, so that ports do not run out. A quarter never says a word, a quarter
stops within a head, a quarter within a body, and a quarter has had an answer. Meanwhile each request of others is
answered; afterwards the server has as many descriptors as before. Half of them go by a reset.
"""

import hashlib
import os
import resource
import socket
import struct
import sys

from idle_connections import ask, resident_kib

REQUEST = b"GET /v2/ HTTP/1.1\r\nHost: idle\r\n\r\n"
CONTENT = b"content"
PUSH = (
    b"POST /v2/idle/blobs/uploads/?digest=sha256:%s HTTP/1.1\r\nHost: idle\r\nContent-Length: %d\r\n\r\n"
    % (hashlib.sha256(CONTENT).hexdigest().encode(), len(CONTENT))
)
PER_ADDRESS = 2000


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def answer_status(connection):
    """The status of one whole answer."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(4096)
        assert piece, "the server closed a connection that it had to answer"
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(4096)
    return int(head.split(b" ")[1])


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    pid, count = sys.argv[2], int(sys.argv[3])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def connect(number=0):
        source = (f"127.0.0.{2 + number // PER_ADDRESS}", 0)
        return socket.create_connection((host, int(port)), timeout=30, source_address=source)

    def others_are_served(old):
        ask(old)
        with connect() as fresh:
            fresh.sendall(PUSH + CONTENT)
            assert answer_status(fresh) == 201

    old = connect()
    others_are_served(old)
    before, descriptors_before = resident_kib(pid), descriptors(pid)

    connections = []
    for number in range(count):
        connection = connect(number)
        connections.append(connection)
        kind = number % 4
        if kind == 1:
            connection.sendall(REQUEST[:-2])
        elif kind == 2:
            connection.sendall(PUSH + CONTENT[:3])
        elif kind == 3:
            ask(connection)
        if number % 500 == 0:
            others_are_served(old)
    others_are_served(old)
    print(resident_kib(pid) - before)

    # All of them are still alive: each goes on where it stopped, but for those that are to vanish.
    for number, connection in enumerate(connections):
        if number % 8 >= 4:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif number % 4 == 1:
            connection.sendall(REQUEST[-2:])
            assert answer_status(connection) == 200
        elif number % 4 == 2:
            connection.sendall(CONTENT[3:])
            assert answer_status(connection) == 201
        else:
            ask(connection)
        connection.close()

    while descriptors(pid) > descriptors_before:  # a bound on the time is the test's
        others_are_served(old)


main()
