"""The clients: each call loads one server and returns the metrics of one measurement."""

import contextlib
import http.client
import json
import pathlib
import resource
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import machine

GIB = 1 << 30
ACCEPT = "application/vnd.oci.image.manifest.v1+json"
SCRIPT = str(pathlib.Path(__file__).with_name("wrk.lua"))


class Load:
    """`programs` is where our own clients are, `seconds` how long what is measured by time goes on."""

    def __init__(self, programs, seconds, profiles=None):
        self.programs, self.seconds, self.profiles = pathlib.Path(programs), seconds, profiles
        self.figure = ""  # names the profile

    def run(self, server, threads, *command):
        """Runs a client to its end: what it printed as JSON, the server's CPU seconds, and how much of the CPU time
        that it could have used the client did use."""
        before, client_before = server.cpu_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN)
        arguments = machine.on(machine.CLIENT_CORES) + [str(part) for part in command]
        with self.profile(server):
            done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        client, cpu = resource.getrusage(resource.RUSAGE_CHILDREN), server.cpu_seconds() - before
        if done.returncode != 0:
            raise RuntimeError(f"{server.name}: {' '.join(arguments)}: {done.stdout}{done.stderr}\n{server.end_of_log()}")
        server.trim_log()
        found = json.loads(done.stdout.strip().splitlines()[-1])
        whole = client.ru_utime + client.ru_stime - client_before.ru_utime - client_before.ru_stime
        most = found["seconds"] * min(threads, len(machine.CLIENT_CORES))
        return found, cpu, found.get("cpu", whole) / most

    @contextlib.contextmanager
    def profile(self, server):
        """Records where Shale spends its time while the body runs, if that was asked for."""
        if not self.profiles or server.name != "shale":
            yield
            return
        pathlib.Path(self.profiles).mkdir(parents=True, exist_ok=True)
        path = pathlib.Path(self.profiles) / (self.figure.replace("/", "-") + ".perf")
        perf = ["perf", "record", "-q", "-g", "-F", "999", "-p", str(server.process.pid), "-o", str(path)]
        with subprocess.Popen(perf) as recorder:
            try:
                yield
            finally:
                recorder.send_signal(signal.SIGINT)

    def program(self, server, threads, name, *arguments):
        address = server.origin if server.certificate else server.address
        return self.run(server, threads, self.programs / name, address, *arguments)

    def fill_tags(self, server, count):
        """So many manifests of one image in bench/many, each with a tag."""
        command = [str(self.programs / "fill"), server.address, "tags", "bench/many", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{server.name}: {' '.join(command)}: {done.stderr}\n{server.end_of_log()}")

    # ---- small requests ----

    def get(self, server, target, connections, spread=0, fields=None):
        """GET from many connections. With `spread`, `%05d` in the target is a new number below it for each request."""
        threads = min(len(machine.CLIENT_CORES), connections)
        more = ["--", ACCEPT, target, spread] if spread else ["--", ACCEPT]
        url = server.origin + ("/" if spread else target)
        wrk = ["wrk", "-t", threads, "-c", connections, "-d", f"{self.seconds}s", "--timeout", "10s", "-s", SCRIPT]
        for line in lines(fields or {}):
            wrk += ["-H", line]
        return requests(server, *self.run(server, threads, *wrk, url, *more))

    def head(self, server, target, connections, fields=None):
        threads = min(len(machine.CLIENT_CORES), connections)
        shape = [threads, connections, self.seconds, *lines({"Accept": ACCEPT} | (fields or {}))]
        return requests(server, *self.program(server, threads, "heads", target, *shape))

    def handshakes(self, server, target, kind, clients):
        return requests(server, *self.program(server, clients, "handshakes", target, kind, clients, self.seconds))

    def page(self, server, target):
        """The time of one page, asked for again and again on one connection."""
        found = self.get(server, target, 1)
        return {"time": 1000 / found["rate"], "cpu": found["cpu"], "client busy": found["client busy"]}

    def walk(self, server, target, key, count):
        """The time to read a list to its end, from page to page, on one connection."""
        connection = http.client.HTTPConnection(server.address, timeout=60)
        begin, pages = time.monotonic(), []
        while target:
            connection.request("GET", target)
            answer = connection.getresponse()
            pages.append(answer.read())
            if answer.status != 200:
                raise RuntimeError(f"{server.name}: {target}: {answer.status}")
            target = next_page(answer.headers.get("Link"))
        took = time.monotonic() - begin
        connection.close()
        entries = sum(len(json.loads(page)[key]) for page in pages)
        if entries < count:
            raise RuntimeError(f"{server.name}: {entries} of {count} {key}")
        return {"time": took * 1000}

    # ---- bytes ----

    def download(self, server, target, size, streams, times):
        server.reset_peak()
        return transfer(server, *self.program(server, streams, "download", target, size, streams, times))

    def upload(self, server, shape, size, streams):
        return transfer(server, *self.program(server, streams, "upload", "bench/uploads", shape, size, streams))

    def images(self, server, clients):
        found, cpu, busy = self.program(server, clients, "images", clients, self.seconds)
        count = max(found["images"], 1)
        return {"rate": found["images"] / found["seconds"], "cpu": cpu / count * 1e6, "client busy": busy}


@contextlib.contextmanager
def scrapes(server, pause=0.1):
    """Asks for the metrics all the while, much more often than Prometheus does. Gives the times that took, in ms."""
    times, ended = [], threading.Event()

    def scrape():
        connection = http.client.HTTPConnection(server.address, timeout=60)
        while not ended.wait(pause):
            begin = time.monotonic()
            connection.request("GET", "/metrics")
            connection.getresponse().read()
            times.append((time.monotonic() - begin) * 1000)
        connection.close()

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        yield times
    finally:
        ended.set()
        scraper.join()


def lines(fields):
    return [f"{name}: {value}" for name, value in fields.items()]


def requests(server, found, cpu, busy):
    if found.get("errors"):
        raise RuntimeError(f"{server.name}: {found['errors']} of {found['requests']} answers were errors")
    return {"rate": found["requests"] / found["seconds"], "cpu": cpu / found["requests"] * 1e6, "client busy": busy}


def transfer(server, found, cpu, busy):
    return {
        "throughput": found["bytes"] / found["seconds"] / 1e6,
        "cpu per GiB": cpu / (found["bytes"] / GIB),
        "peak": server.memory("VmHWM"),
        "client busy": busy,
    }


def next_page(link):
    """The target of a Link field, or none."""
    if not link:
        return None
    parts = urllib.parse.urlsplit(link[link.index("<") + 1 : link.index(">")])
    return f"{parts.path}?{parts.query}"


def hold_connections(server, count):
    """By how many MiB the server grows with so many idle connections, half of which have asked something."""
    host, port = server.address.split(":")
    for _ in range(50):  # what the first requests cost once is not the connections' cost
        server.get("/v2/")
    before = server.memory("VmRSS")
    connections = [socket.create_connection((host, int(port)), timeout=30) for _ in range(count)]
    for connection in connections[: count // 2]:
        connection.sendall(b"HEAD /v2/ HTTP/1.1\r\nHost: idle\r\n\r\n")
        if not connection.recv(4096):
            raise RuntimeError(f"{server.name} closed an idle connection")
    server.get("/v2/")  # accepted after all the others
    grown = server.memory("VmRSS") - before
    for connection in connections:
        connection.close()
    return {"grown": grown, "resident": before + grown}
