"""Listens as systemd does: notified.py SOCKET FILE appends each message to the file, its lines joined with blanks."""

import os
import socket
import sys

path, out = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(path)
os.chmod(path, 0o666)
with open(out, "w", buffering=1) as told:
    while True:
        told.write(listener.recv(4096).decode().replace("\n", " ") + "\n")
