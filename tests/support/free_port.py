"""Prints a port of 127.0.0.1 that nobody has, for a server that is to get it now and again after a restart.

Not one of the ports that the kernel gives to clients: whoever connects to anything while the server is down could get
that, and the server would not start again.
"""

import random
import socket

LOWEST = 10000


def free_port():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as text:
        given_to_clients = int(text.read().split()[0])  # and upwards
    ports = range(LOWEST, given_to_clients) or range(LOWEST, 1 << 16)
    while True:
        port = random.choice(ports)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


if __name__ == "__main__":
    print(free_port())
