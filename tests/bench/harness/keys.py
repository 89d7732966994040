"""What servers that speak TLS and know users are given, and what clients come to them with."""

import base64
import dataclasses
import json
import pathlib
import ssl
import subprocess

USER, PASSWORD = "alice", "open sesame"

# What decides is the last rule: all others are read before it.
POLICY = """
groups:
  team-a: [bob, carol]
  team-b: [dave]
rules:
  - {deny: [overwrite, delete], subjects: [authenticated], repositories: ['release/**']}
  - {allow: [pull, push, overwrite, delete], subjects: [group:team-a], repositories: ['team-a/**']}
  - {allow: [pull, push, overwrite, delete], subjects: [group:team-b], repositories: ['team-b/**']}
  - {allow: [pull, push], subjects: [user:alice], repositories: ['ci/**']}
  - {allow: [pull], subjects: [anonymous, authenticated], repositories: ['bench/**']}
"""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that vouches for itself, with an ECDSA key on P-256."""

    path: str
    key: str

    def trusted(self):
        return ssl.create_default_context(cafile=self.path)


def make_certificate(shale, folder):
    call(shale, "tls", "self-signed", "--host", "127.0.0.1", "--out", str(folder))
    return Certificate(str(folder / "shale.crt"), str(folder / "shale.key"))


def make_users(shale, folder):
    """The flags that make Shale ask who comes: one user, and a policy of a few rules."""
    users, policy = pathlib.Path(folder) / "users", pathlib.Path(folder) / "policy.yaml"
    call(shale, "user", "add", USER, "--file", str(users), given=PASSWORD + "\n")
    policy.write_text(POLICY, "utf-8")
    return ("--auth.htpasswd", str(users), "--auth.policy", str(policy))


def call(*command, given=None):
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")


# ---- the ways to come; each returns header fields for one server ----


def anonymously(_server, _repository):
    return {}


def with_password(_server, _repository):
    return {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode("ascii")}


def with_token(server, repository):
    login = with_password(server, repository)
    status, _, body = server.get(f"/auth/token?service=shale&scope=repository:{repository}:pull", login)
    if status != 200:
        raise RuntimeError(f"{server.name} gives no token: {status} {body}")
    return {"Authorization": "Bearer " + json.loads(body)["token"]}


WAYS = {"bearer": with_token, "basic": with_password, "anonymous": anonymously}
