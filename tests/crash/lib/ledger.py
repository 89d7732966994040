"""What a repository has to hold: what was acknowledged, and at most one request of which nobody knows.

A request changes a repository as a whole or not at all. While one is unanswered, because the server died or failed under
it, two states are possible; the look after the restart decides, and anything between the two, or beside them, is a loss
or a half-done thing. All requests to one repository come from one client, so there is never more than one in doubt.
"""

import copy
import hashlib
import http.client
import json

IMAGE = "application/vnd.oci.image.manifest.v1+json"
PAGE = 1000


def digest_of(content, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


class Connection:
    """One keep-alive connection."""

    def __init__(self, address):
        self.http = http.client.HTTPConnection(address, timeout=30)

    def ask(self, method, path, body=b"", kind="application/octet-stream"):
        """The answer and its body. OSError or HTTPException when the server is gone."""
        self.http.request(method, path, body, {"Content-Type": kind})
        answer = self.http.getresponse()
        return answer, answer.read()


class State:
    def __init__(self):
        self.blobs = set()
        self.manifests = set()
        self.tags = {}  # name -> digest

    def __eq__(self, other):
        return (self.blobs, self.manifests, self.tags) == (other.blobs, other.manifests, other.tags)

    def difference(self, other):
        """In words: what this has and the other has not, and the other way round."""
        words = []
        for kind in ("blobs", "manifests"):
            mine, others = getattr(self, kind), getattr(other, kind)
            words += [f"{kind} without {digest}" for digest in mine - others] + [f"{kind} with {digest}" for digest in others - mine]
        for tag in sorted(self.tags.keys() | other.tags.keys()):
            if self.tags.get(tag) != other.tags.get(tag):
                words.append(f"tag {tag} at {other.tags.get(tag)} instead of {self.tags.get(tag)}")
        return "; ".join(words)


class Repository:
    def __init__(self, name):
        self.name = name
        self.state = State()
        self.after = None  # what it is when the request in doubt has happened
        self.known_blobs = set()  # all that anybody ever tried to bring here, also with wrong digests
        self.known_manifests = {}  # digest -> the manifest as pushed

    def changed(self):
        """A copy of the state, to be changed by a request."""
        return copy.deepcopy(self.state)

    def observed(self, connection, wrong):
        """The state that the server shows. What is served has to be what its digest says."""
        seen = State()
        for digest in self.known_blobs:
            answer, content = connection.ask("GET", f"/v2/{self.name}/blobs/{digest}")
            if answer.status == 200:
                seen.blobs.add(digest)
                if digest_of(content, digest.split(":")[0]) != digest:
                    wrong.append(f"{self.name}: blob {digest} is served with other bytes")
            elif answer.status != 404:
                wrong.append(f"{self.name}: blob {digest}: {answer.status} {content[:300]!r}")
        for digest in self.known_manifests:
            answer, content = connection.ask("GET", f"/v2/{self.name}/manifests/{digest}")
            if answer.status == 200:
                seen.manifests.add(digest)
                if digest_of(content, digest.split(":")[0]) != digest:
                    wrong.append(f"{self.name}: manifest {digest} is served with other bytes")
            elif answer.status != 404:
                wrong.append(f"{self.name}: manifest {digest}: {answer.status} {content[:300]!r}")
        for tag in self.listed_tags(connection, wrong):
            answer, content = connection.ask("GET", f"/v2/{self.name}/manifests/{tag}")
            seen.tags[tag] = digest_of(content)
            if answer.status != 200 or digest_of(content) != answer.getheader("Docker-Content-Digest"):
                wrong.append(f"{self.name}: tag {tag} is listed, but: {answer.status}")
        return seen

    def listed_tags(self, connection, wrong):
        answer, text = connection.ask("GET", f"/v2/{self.name}/tags/list?n={PAGE}")
        if answer.status == 200:
            return json.loads(text)["tags"]
        if answer.status != 404:
            wrong.append(f"{self.name}: its tags: {answer.status}")
        return []

    def settle(self, connection):
        """Compares with what the server shows, and takes that over. Returns what is wrong."""
        wrong = []
        seen = self.observed(connection, wrong)
        possible = [self.state] + ([self.after] if self.after else [])
        if seen not in possible:
            wrong.append(f"{self.name} has " + ", or else has ".join(state.difference(seen) for state in possible))
        self.state, self.after = seen, None
        return wrong + self.check_edges(connection)

    def check_edges(self, connection):
        """Every manifest has all that it names, and every subject lists its referrers."""
        wrong = []
        referrers = {}
        for digest in self.known_manifests:
            manifest = json.loads(self.known_manifests[digest])
            subject = manifest.get("subject", {}).get("digest")
            if subject:
                referrers.setdefault(subject, set())
            if digest not in self.state.manifests:
                continue
            if subject:
                referrers[subject].add(digest)
            missing = {part["digest"] for part in [manifest["config"], *manifest["layers"]]} - self.state.blobs
            if missing:
                wrong.append(f"{self.name}: manifest {digest} is there without {missing}")
        for subject, expected in referrers.items():
            answer, text = connection.ask("GET", f"/v2/{self.name}/referrers/{subject}")
            listed = {entry["digest"] for entry in json.loads(text)["manifests"]} if answer.status == 200 else {answer.status}
            if listed != expected:
                wrong.append(f"{self.name}: {subject} has the referrers {listed}, not {expected}")
        return wrong


def check_catalog(connection, repositories):
    """Every repository that holds something is listed, and no other."""
    answer, text = connection.ask("GET", f"/v2/_catalog?n={PAGE}")
    listed = set(json.loads(text)["repositories"]) if answer.status == 200 else {answer.status}
    expected = {repository.name for repository in repositories if repository.state.blobs or repository.state.manifests}
    return [] if listed == expected else [f"the catalog lists {listed}, not {expected}"]
