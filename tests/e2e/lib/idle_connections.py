"""Opens connections, lets them idle, and prints by how many KiB the server's resident memory has grown.

Usage: idle_connections.py HOST:PORT PID COUNT      Every connection has to work before and after it idled.
"""

import resource
import socket
import sys

REQUEST = b"GET /v2/ HTTP/1.1\r\nHost: idle\r\n\r\n"


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def ask(connection):
    """Sends one request and reads its whole answer, so that nothing is left on either side."""
    connection.sendall(REQUEST)
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(4096)
        assert piece, "the server closed an idle connection"
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(4096)


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    pid, count = sys.argv[2], int(sys.argv[3])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    # What the first requests cost once (allocator arenas, lazy set-up) is not the connections' cost.
    for _ in range(50):
        with socket.create_connection((host, int(port)), timeout=30) as warm_up:
            ask(warm_up)

    before = resident_kib(pid)
    connections = [socket.create_connection((host, int(port)), timeout=30) for _ in range(count)]
    for connection in connections[: count // 2]:  # the other half never says a word while it idles
        ask(connection)
    # An answer on a later connection proves that the server has accepted all the earlier ones.
    with socket.create_connection((host, int(port)), timeout=30) as last:
        ask(last)
    print(resident_kib(pid) - before)
    for connection in connections:
        ask(connection)
        connection.close()


if __name__ == "__main__":
    main()
