"""Registries with content in them, the same in each, and nginx with the same answers as files."""

import dataclasses
import hashlib
import json
import pathlib
import subprocess

import keys
import load
from contestants import OPEN, PEER, VARIANT
from server import Server


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much there is to read and to send."""

    tags: int = 200
    many_tags: int = 20000
    repositories: int = 10000
    blob: int = 1 << 30  # one stream sends or gets one of these
    part: int = 128 << 20  # eight streams send one of these each
    life: int = 100000  # manifests, half of which are deleted

    @property
    def middle_tag(self):
        return f"t{self.many_tags // 2:05d}"

    @property
    def middle_repository(self):
        return f"bench/r{self.repositories // 2:05d}"

    def __str__(self):
        return (
            f"a repository of {self.tags:,} tags; where much is stored, one of {self.many_tags:,} tags and "
            f"{self.repositories:,} repositories too; blobs of {self.blob >> 20:,} MiB, eight uploads of {self.part >> 20:,} MiB"
        )


@dataclasses.dataclass(frozen=True)
class Tools:
    programs: pathlib.Path  # our own clients
    shale: str  # the binary, which also makes certificates and users


class World:
    """The contestants that serve one set of content. `targets` are what the figures ask for."""

    takes_part = ("shale", PEER, VARIANT, "nginx")

    def __init__(self, contestants, wanted, tools, folder, sizes, say):
        self.tools, self.folder, self.sizes, self.say = tools, pathlib.Path(folder), sizes, say
        self.contestants, self.wanted = contestants, wanted & set(self.takes_part)
        self.servers, self.targets = {}, {}

    def start(self):
        """Starts and fills them. The variant of docker-registry reads what the first one has stored."""
        wanted = self.wanted | ({PEER} if VARIANT in self.wanted else set())
        for name in (name for name in ("shale", OPEN, PEER) if name in wanted):
            server = self.add(name, self.folder / name)
            self.say(f"filling {name} in {self.folder.name}")
            targets = self.fill(server)
            if self.targets and targets != self.targets:
                raise RuntimeError(f"{name} was filled with other content: {targets} and {self.targets}")
            self.targets = targets
        if VARIANT in self.wanted:
            self.add(VARIANT, self.folder / PEER)
        if "nginx" in self.wanted:
            self.copy_to_files(self.servers["shale"], self.folder / "nginx")
            self.add("nginx", self.folder / "nginx")

    def add(self, name, data):
        server = self.servers[name] = Server(self.contestants[name], data, self.folder / f"{name}.work")
        server.start()
        return server

    def stop(self):
        for server in self.servers.values():
            server.stop()

    def copy_to_files(self, source, root):
        """What the registry answers becomes a file at the same path, once it is known to be what was asked for."""
        for target in sorted(set(self.targets.values())):
            path = root / target.split("?")[0].lstrip("/")
            if path.exists():
                continue
            status, _, body = source.get(target, {"Accept": load.ACCEPT})
            digest = target.rpartition("sha256:")[2]
            if status != 200 or ("sha256:" in target and hashlib.sha256(body).hexdigest() != digest):
                raise RuntimeError(f"{source.name} did not answer {target} with what it names")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)

    # ---- content ----

    def program(self, server, name, *arguments):
        command = [str(part) for part in (self.tools.programs / name, server.address, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{server.name}: {' '.join(command)}: {done.stderr}\n{server.end_of_log()}")
        return json.loads(done.stdout)

    def fill(self, server):
        raise NotImplementedError

    def fill_image(self, server, kind, name, count):
        """The targets of an image in the middle of what was filled."""
        made = self.program(server, "fill", kind, name, count)
        repository = f"/v2/{made['repository']}"
        return {
            "manifest by tag": f"{repository}/manifests/{made['tag']}",
            "manifest by digest": f"{repository}/manifests/{made['manifest']}",
            "blob": f"{repository}/blobs/{made['blob']}",
            "tags": f"{repository}/tags/list",
        }

    def fill_blob(self, server):
        made = self.program(server, "upload", "bench/large", "containerd", self.sizes.blob, 1, 1)
        return f"/v2/bench/large/blobs/{made['digest']}"


class Small(World):
    """One repository with a few hundred tags, and one large blob."""

    def fill(self, server):
        targets = self.fill_image(server, "tags", "bench/app", self.sizes.tags)
        return targets | {"large blob": self.fill_blob(server)}


class Big(World):
    """The same, beside a repository with very many tags, and very many repositories."""

    def fill(self, server):
        app = self.fill_image(server, "tags", "bench/app", self.sizes.tags)
        many = self.fill_image(server, "tags", "bench/many", self.sizes.many_tags)
        one = self.fill_image(server, "repositories", "bench/r", self.sizes.repositories)
        self.fill_blob(server)
        return many | {"tags": app["tags"], "blob": one["blob"]}


class Secure(Small):
    """What `Small` has, over TLS, with one certificate for everybody."""

    takes_part = ("shale", PEER, "nginx")

    def start(self):
        super().start()
        certificate = keys.make_certificate(self.tools.shale, self.folder / "certificate")
        for server in self.servers.values():
            server.restart(certificate)


class Guarded(World):
    """A repository in a Shale that asks who comes, and the same in an open one."""

    takes_part = ("shale", OPEN)

    def start(self):
        super().start()
        self.servers["shale"].restart(flags=keys.make_users(self.tools.shale, self.folder))

    def fill(self, server):
        return self.fill_image(server, "tags", "bench/app", self.sizes.tags)


class Life(World):
    """An empty Shale, which the figures fill themselves."""

    takes_part = ("shale",)

    def fill(self, server):
        return {}


WORLDS = {"small": Small, "big": Big, "secure": Secure, "guarded": Guarded, "life": Life}
