"""A mixed load: clients that push, mount, tag and delete until the server is gone, and note what was acknowledged."""

import http.client
import json
import random
import threading

from ledger import IMAGE, Connection, Repository, digest_of

SIZES = [0, 5, 3000, 20000, 70000, 300000]
SHARED = 6  # contents that all clients push, at the same time into different repositories
TAGS = 6


class Unexpected(Exception):
    """An answer that no server may give, whatever befalls it."""


class Gone(Exception):
    """The server does not answer any more."""


class Failed(Exception):
    """The server says that it failed (5xx). Whether the request has happened, the next look tells."""


class Gate:
    """Counts what was sent by all clients, and wakes whoever waits for a number of them."""

    def __init__(self, wanted):
        self.wanted, self.sent, self.acknowledged = wanted, 0, 0
        self.lock = threading.Lock()
        self.reached = threading.Event()

    def note_sent(self):
        with self.lock:
            self.sent += 1
            if self.sent == self.wanted:
                self.reached.set()

    def note_acknowledged(self):
        with self.lock:
            self.acknowledged += 1


class Upload:
    """A chunked upload on its way. Every byte of an acknowledged chunk has to be there again."""

    def __init__(self, repository, location, content, digest):
        self.repository, self.location, self.content, self.digest = repository, location, content, digest
        self.acknowledged = 0  # bytes
        self.sent = 0
        self.may_be_gone = False  # its end was sent

    def settle(self, connection):
        """Finds out how far it came. Returns what is wrong; `location` is None when it is gone."""
        answer, _ = connection.ask("GET", self.location)
        if self.may_be_gone and (answer.status == 404 or answer.getheader("Range") == "0-0"):
            # Its bytes are a blob, or were dropped, and of the upload there is the row or nothing.
            self.location = None
            return []
        if answer.status != 204:
            return [f"{self.repository.name}: an upload with {self.acknowledged} acknowledged bytes: {answer.status}"]
        last = int(answer.getheader("Range").split("-")[1])
        offset = last + 1 if last else 0  # "0-0" is no byte, as chunks are never so small that it could be one
        if not self.acknowledged <= offset <= max(self.sent, self.acknowledged):
            return [f"{self.repository.name}: an upload has {offset} bytes, acknowledged {self.acknowledged}, sent {self.sent}"]
        self.acknowledged = self.sent = offset
        self.may_be_gone = False
        return []


class Client:
    """Works on repositories of its own. `run` is for a thread, once per life of the server."""

    def __init__(self, index, seed, library, repositories=2, failures=()):
        self.index, self.library = index, library
        self.random = random.Random(f"{seed}/{index}")
        self.prefix = f"{seed}/{index}"
        self.repositories = [Repository(f"client{index}/{name}") for name in "abcdefgh"[:repositories]]
        self.failures = failures  # statuses by which the server may say that it failed
        self.upload = None
        self.number = 0
        self.complaint = None

    def run(self, address, gate):
        self.connection, self.gate = Connection(address), gate
        try:
            while True:
                self.act()
        except Gone:
            pass  # what was noted down is all that this client was promised
        except Unexpected as error:
            self.complaint = str(error)

    def settle(self, connection):
        wrong = [line for repository in self.repositories for line in repository.settle(connection)]
        if self.upload:
            wrong += self.upload.settle(connection)
            if self.upload.location is None:
                self.upload = None
        return wrong

    def act(self):
        """One step of work, of a few requests."""
        if self.upload:
            return self.go_on_with_upload()
        repository = self.random.choice(self.certain())
        actions = [
            (20, self.push_whole),
            (12, self.push_in_chunks),
            (12, self.push_after_post),
            (8, self.push_wrong),
            (4, self.cancel),
            (10, self.mount),
            (30, self.push_manifest),
            (5, self.delete_tag),
            (5, self.delete_manifest),
            (8, self.delete_blob),
        ]
        self.random.choices([action for _, action in actions], [weight for weight, _ in actions])[0](repository)

    def certain(self):
        """The repositories of which nothing is in doubt: what one request left open, a second one would cover up."""
        return [repository for repository in self.repositories if repository.after is None]

    # ---- requests ----------------------------------------------------------------------------------------------

    def ask(self, method, path, body=b"", kind="application/octet-stream"):
        try:
            self.gate.note_sent()
            answer, text = self.connection.ask(method, path, body, kind)
        except (OSError, http.client.HTTPException) as error:
            raise Gone from error
        if answer.status in self.failures:
            raise Failed(answer.status)
        return answer, text

    def request(self, expected, method, path, body=b"", kind="application/octet-stream"):
        """Asks for what has only this one good answer, and changes no repository."""
        answer, text = self.ask(method, path, body, kind)
        if answer.status != expected:
            raise Unexpected(f"{method} {path}: {answer.status}, not {expected}: {text[:300]!r}")
        self.gate.note_acknowledged()
        return answer

    def change(self, repository, after, expected, method, path, body=b"", kind="application/octet-stream"):
        """Asks for what makes `after` of the repository: from the moment of sending, it may be so."""
        repository.after = after
        answer = self.request(expected, method, path, body, kind)
        repository.state, repository.after = after, None
        return answer

    # ---- blobs -------------------------------------------------------------------------------------------------

    def fresh_content(self):
        self.number += 1
        name = f"shared {self.random.randrange(SHARED)}" if self.random.random() < 0.1 else f"{self.prefix}/{self.number}"
        generator = random.Random(name)
        content = generator.randbytes(generator.choice(SIZES))
        return content, digest_of(content, "sha512" if generator.random() < 0.15 else "sha256")

    def with_blob(self, repository, digest):
        repository.known_blobs.add(digest)
        after = repository.changed()
        after.blobs.add(digest)
        return after

    def push_whole(self, repository):
        content, digest = self.fresh_content()
        self.change(repository, self.with_blob(repository, digest), 201, "POST", f"/v2/{repository.name}/blobs/uploads/?digest={digest}", content)
        return digest

    def begin(self, repository, content, digest):
        location = self.request(202, "POST", f"/v2/{repository.name}/blobs/uploads/").getheader("Location")
        self.upload = Upload(repository, location, content, digest)

    def send_chunk(self):
        upload = self.upload
        rest = upload.content[upload.sent :]
        chunk = rest[: self.random.randint(min(4, len(rest)), len(rest))]
        upload.sent += len(chunk)
        upload.location = self.request(202, "PATCH", upload.location, chunk).getheader("Location")
        upload.acknowledged = upload.sent

    def finish(self, content=b""):
        upload = self.upload
        upload.may_be_gone = True
        upload.sent += len(content)
        path = upload.location + ("&" if "?" in upload.location else "?") + f"digest={upload.digest}"
        self.change(upload.repository, self.with_blob(upload.repository, upload.digest), 201, "PUT", path, content)
        self.upload = None

    def push_in_chunks(self, repository):
        self.begin(repository, *self.fresh_content())
        self.go_on_with_upload()

    def go_on_with_upload(self):
        while self.upload.sent < len(self.upload.content):
            self.send_chunk()
        self.finish()

    def push_after_post(self, repository):
        content, digest = self.fresh_content()
        self.begin(repository, content, digest)
        self.finish(content)

    def push_wrong(self, repository):
        """Bytes under another's digest: refused, and neither digest may show."""
        content, digest = self.fresh_content()
        wrong = digest_of(content + b"!")
        if digest not in repository.state.blobs:
            repository.known_blobs |= {wrong, digest}
        self.request(400, "POST", f"/v2/{repository.name}/blobs/uploads/?digest={wrong}", content)

    def cancel(self, repository):
        content, digest = self.fresh_content()
        self.begin(repository, content, digest)
        if content:
            self.send_chunk()
        self.upload.may_be_gone = True
        self.request(204, "DELETE", self.upload.location)
        self.upload = None

    def mount(self, repository):
        source = self.random.choice([self.library] + [other for other in self.certain() if other is not repository])
        if not source.state.blobs:
            return
        digest = self.random.choice(sorted(source.state.blobs))
        path = f"/v2/{repository.name}/blobs/uploads/?mount={digest}&from={source.name}"
        self.change(repository, self.with_blob(repository, digest), 201, "POST", path)

    def delete_blob(self, repository):
        if not repository.state.blobs:
            return
        digest = self.random.choice(sorted(repository.state.blobs))
        path = f"/v2/{repository.name}/blobs/{digest}"
        if any(digest.encode() in repository.known_manifests[manifest] for manifest in repository.state.manifests):
            self.request(405, "DELETE", path)
            return
        after = repository.changed()
        after.blobs.remove(digest)
        self.change(repository, after, 202, "DELETE", path)

    # ---- manifests and tags ------------------------------------------------------------------------------------

    def some_layers(self, repository):
        while len(repository.state.blobs) < 2:
            self.push_whole(repository)
        blobs = sorted(repository.state.blobs)
        return [self.random.choice(blobs) for _ in range(self.random.randrange(1, 4))]

    def manifest_of(self, repository, layers):
        def described(digest):
            answer = self.request(200, "HEAD", f"/v2/{repository.name}/blobs/{digest}")
            return {"mediaType": "application/octet-stream", "digest": digest, "size": int(answer.getheader("Content-Length"))}

        self.number += 1
        manifest = {"schemaVersion": 2, "mediaType": IMAGE, "config": described(layers[0]), "layers": [described(digest) for digest in layers]}
        manifest["annotations"] = {"note": f"{self.prefix}/{self.number}"}
        if repository.state.manifests and self.random.random() < 0.3:
            subject = self.random.choice(sorted(repository.state.manifests))
            manifest["subject"] = {"mediaType": IMAGE, "digest": subject, "size": len(repository.known_manifests[subject])}
        return json.dumps(manifest).encode()

    def push_manifest(self, repository):
        """A new manifest under a tag, or under its digest with none or several tags, all moved at once."""
        body = self.manifest_of(repository, self.some_layers(repository))
        digest = digest_of(body)
        repository.known_manifests[digest] = body
        tags = self.random.sample([f"t{number}" for number in range(TAGS)], self.random.randrange(0, 4))
        after = repository.changed()
        after.manifests.add(digest)
        after.tags.update({tag: digest for tag in tags})
        reference = tags[0] if len(tags) == 1 else digest + "".join(("&" if number else "?") + f"tag={tag}" for number, tag in enumerate(tags))
        self.change(repository, after, 201, "PUT", f"/v2/{repository.name}/manifests/{reference}", body, IMAGE)

    def delete_tag(self, repository):
        if not repository.state.tags:
            return
        tag = self.random.choice(sorted(repository.state.tags))
        after = repository.changed()
        del after.tags[tag]
        self.change(repository, after, 202, "DELETE", f"/v2/{repository.name}/manifests/{tag}")

    def delete_manifest(self, repository):
        if not repository.state.manifests:
            return
        digest = self.random.choice(sorted(repository.state.manifests))
        after = repository.changed()
        after.manifests.remove(digest)
        after.tags = {tag: target for tag, target in after.tags.items() if target != digest}
        self.change(repository, after, 202, "DELETE", f"/v2/{repository.name}/manifests/{digest}")
