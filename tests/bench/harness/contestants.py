"""Those who are compared: how each is started on an empty or a filled folder."""

import json
import pathlib

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
  server {{ listen {address}; root "{data}"; }}
}}
"""


PEER = "docker-registry"
VARIANT = "docker-registry GOGC=1000"
LIMITS = ("nginx", "sink")


class Contestant:
    """`command` makes what starts it on a data folder; `work` is for whatever else it needs."""

    def __init__(self, name, command, environment=None):
        self.name, self.command, self.environment = name, command, environment or {}


def shale(binary, flags):
    def command(address, data, _work):
        workers = str(len(SERVER_CORES))
        return [binary, "serve", "--listen", address, "--data-dir", str(data), "--server.workers", workers, *flags]

    return Contestant("shale", command)


def docker_registry(name, environment):
    def command(address, data, work):
        config = json.loads(json.dumps(REGISTRY_CONFIG))
        config["storage"]["filesystem"] = {"rootdirectory": str(data)}
        config["http"]["addr"] = address
        path = pathlib.Path(work) / "registry.yml"
        path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        return ["docker-registry", "serve", str(path)]

    return Contestant(name, command, environment)


def nginx():
    def command(address, data, work):
        path = pathlib.Path(work) / "nginx.conf"
        path.write_text(NGINX_CONFIG.format(address=address, data=data, work=work, workers=len(SERVER_CORES)), "utf-8")
        return ["nginx", "-e", "stderr", "-p", str(work), "-c", str(path)]

    return Contestant("nginx", command)


def sink(binary):
    return Contestant("sink", lambda address, data, _work: [binary, address, str(data)])


def all_of(shale_binary, shale_flags, programs):
    found = [
        shale(shale_binary, shale_flags),
        docker_registry(PEER, {}),
        docker_registry(VARIANT, {"GOGC": "1000"}),
        nginx(),
        sink(str(programs / "sink")),
    ]
    return {contestant.name: contestant for contestant in found}
