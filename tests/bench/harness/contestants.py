"""Those who are compared: how each is started on an empty or a filled folder."""

import dataclasses
import json
import pathlib

from keys import Certificate
from machine import SERVER_CORES

REGISTRY_CONFIG = {  # Debian's /etc/docker/registry/config.yml without its password file
    "version": 0.1,
    "log": {"fields": {"service": "registry"}},
    "storage": {"cache": {"blobdescriptor": "inmemory"}, "delete": {"enabled": True}},
    "http": {"headers": {"X-Content-Type-Options": ["nosniff"]}},
    "health": {"storagedriver": {"enabled": True, "interval": "10s", "threshold": 3}},
}

# Debian's nginx.conf without the parts for other sites, and without a log, which the limit need not write.
NGINX_CONFIG = """
daemon off;
user root;
pid "{work}/nginx.pid";
worker_processes {workers};
error_log stderr;
events {{ worker_connections 4096; }}
http {{
  sendfile on;
  tcp_nopush on;
  access_log off;
  keepalive_requests 1000000000;
  default_type application/octet-stream;
  client_body_temp_path "{work}/body";
  proxy_temp_path "{work}/proxy";
  fastcgi_temp_path "{work}/fastcgi";
  uwsgi_temp_path "{work}/uwsgi";
  scgi_temp_path "{work}/scgi";
  server {{ listen {listen}; root "{data}"; }}
}}
"""

# What the others do in TLS: the same cipher, one ticket for each handshake, the kernel's encryption where it has one.
NGINX_TLS = """ ssl;
    ssl_certificate "{certificate.path}";
    ssl_certificate_key "{certificate.key}";
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_conf_command NumTickets 1;
    ssl_conf_command Options KTLS"""


PEER = "docker-registry"
VARIANT = "docker-registry GOGC=1000"
OPEN = "open"
LIMITS = ("nginx", "sink", OPEN)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a contestant is to run: `work` is for whatever it needs besides its data. With a certificate it speaks TLS."""

    address: str
    data: pathlib.Path
    work: pathlib.Path
    certificate: Certificate | None = None


class Contestant:
    """`command(place, more)` makes what starts it, with more flags for Shale."""

    def __init__(self, name, command, environment=None):
        self.name, self.command, self.environment = name, command, environment or {}


def shale(name, binary, flags):
    def command(place, more):
        listen, tls = place.address, []
        if place.certificate:
            listen = "https://" + listen
            tls = ["--tls.certificates", place.certificate.path, "--tls.keys", place.certificate.key]
        workers = str(len(SERVER_CORES))
        basics = ["--listen", listen, "--data-dir", str(place.data), "--server.workers", workers]
        return [binary, "serve", *basics, *tls, *flags, *more]

    return Contestant(name, command)


def docker_registry(name, environment):
    def command(place, _more):
        config = json.loads(json.dumps(REGISTRY_CONFIG))
        config["storage"]["filesystem"] = {"rootdirectory": str(place.data)}
        config["http"]["addr"] = place.address
        if place.certificate:
            config["http"]["tls"] = {"certificate": place.certificate.path, "key": place.certificate.key}
        path = place.work / "registry.yml"
        path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        return ["docker-registry", "serve", str(path)]

    return Contestant(name, command, environment)


def nginx():
    def command(place, _more):
        tls = NGINX_TLS.format(certificate=place.certificate) if place.certificate else ""
        listen, workers = place.address + tls, len(SERVER_CORES)
        path = place.work / "nginx.conf"
        path.write_text(NGINX_CONFIG.format(listen=listen, data=place.data, work=place.work, workers=workers), "utf-8")
        return ["nginx", "-e", "stderr", "-p", str(place.work), "-c", str(path)]

    return Contestant("nginx", command)


def sink(binary):
    return Contestant("sink", lambda place, _more: [binary, place.address, str(place.data)])


def all_of(shale_binary, shale_flags, programs):
    found = [
        shale("shale", shale_binary, shale_flags),
        shale(OPEN, shale_binary, shale_flags),
        docker_registry(PEER, {}),
        docker_registry(VARIANT, {"GOGC": "1000"}),
        nginx(),
        sink(str(programs / "sink")),
    ]
    return {contestant.name: contestant for contestant in found}
