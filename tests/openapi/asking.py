"""Asks a running registry, and holds each answer against the contract."""

import base64
import http.client
import json
import socket
from urllib.parse import quote, urlencode


class Wrong(Exception):
    """An answer that is not the expected one, or not in the contract."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __getitem__(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def names(self):
        return sorted({key.lower() for key, _ in self.headers})

    @property
    def json(self):
        return json.loads(self.body)


class Registry:
    """One server, and what of the contract was seen there or elsewhere: `seen` is a set that the caller keeps."""

    def __init__(self, contract, address, seen):
        self.contract, self.address, self.seen = contract, address, seen
        self._connection = None

    def ask(self, expected, method, path, *, user=None, query=(), headers=None, body=None, content_type=None, **names):
        """Asks for a path of the contract, with the names that it has in braces, and returns the answer."""
        operation = self.contract.operations[method, path]
        headers = dict(headers or {})
        content = body
        if isinstance(body, (dict, list)):
            content_type = content_type or "application/json"
            content = json.dumps(body).encode()
        if expected < 400:
            sent = body if isinstance(body, (dict, list)) else None
            own = {name for name in headers if name not in ("Authorization", "Content-Type")}
            self._expect_none(operation, operation.request_faults([name for name, _ in query], own, content_type, sent))
            self.seen.update((method, path, f"{name} in {kind}") for kind, name in operation.parameters if kind == "query" and name in {n.lower() for n, _ in query})
            self.seen.update((method, path, f"{name} in header") for name in map(str.lower, own))
        if content_type:
            headers["Content-Type"] = content_type
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{user}-secret".encode()).decode()
        target = path.format(**{name: quote(value) for name, value in names.items()})
        answer = self._send(method, target + ("?" + urlencode(query) if query else ""), content, headers)
        self.judge(operation, expected, answer)
        return answer

    def both(self, expected, path, **request):
        """GET and HEAD, which have to answer alike; returns the answer to GET."""
        got = self.ask(expected, "GET", path, **request)
        head = self.ask(expected, "HEAD", path, **request)
        if got.names() != head.names():
            raise Wrong(f"GET and HEAD of {path} have other fields: {got.names()} and {head.names()}")
        if head.body:
            raise Wrong(f"HEAD of {path} has a body")
        return got

    def judge(self, operation, expected, answer):
        if answer.status != expected:
            raise Wrong(f"{operation}: expected {expected}, got {answer.status}: {answer.body[:300]!r}")
        is_json = (answer["Content-Type"] or "").split(";")[0].endswith("json")
        body = answer.json if is_json and answer.body else None
        self._expect_none(operation, operation.answer_faults(answer.status, answer.headers, body))
        self.seen.add((operation.method, operation.path, operation.response_key(answer.status)))

    def raw(self, expected, method, path, message, body_follows=b""):
        """Sends bytes that no HTTP library would, and holds the answer against an operation of the contract."""
        with self.connect() as connection:
            connection.sendall(message + body_follows)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            answer = Answer(response.status, response.getheaders(), response.read())
        self.judge(self.contract.operations[method, path], expected, answer)

    def connect(self):
        host, port = self.address.split(":")
        return socket.create_connection((host, int(port)), timeout=30)

    def _send(self, method, target, body, headers):
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.address, timeout=60)
            try:
                self._connection.request(method, target, body, headers)
                response = self._connection.getresponse()
                answer = Answer(response.status, response.getheaders(), response.read())
                if response.will_close:
                    self._connection.close()
                    self._connection = None
                return answer
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self._connection = None
                if attempt == 2:
                    raise
        raise AssertionError

    @staticmethod
    def _expect_none(operation, faults):
        found = list(faults)
        if found:
            raise Wrong(f"{operation}: " + "; ".join(found))
