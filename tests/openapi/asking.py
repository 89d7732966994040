"""Asks a running registry, and holds each answer against the contract."""

import base64
import http.client
import json
import socket
from urllib.parse import quote, urlencode


ADMIN = "/api/v1"


def basic(user):
    return "Basic " + base64.b64encode(f"{user}:{user}-secret".encode()).decode()


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
    """One server, and what of the contract was seen there or elsewhere: `seen` is a set that the caller keeps.

    What is not as written is gathered in `wrong`, so that one run tells all of it.
    """

    def __init__(self, contract, address, seen):
        self.contract, self.address, self.seen = contract, address, seen
        self.wrong = []
        self._connection = None

    def expect(self, fine, words):
        if not fine:
            self.wrong.append(words)

    def ask(self, expected, method, path, *, user=None, query=(), headers=None, body=None, content_type=None, **names):
        """Asks for a path of the contract, with the names that it has in braces, and returns the answer.

        A request that is to be fine has to be one of the contract, too. A dict as `body` goes as JSON.
        """
        operation = self.contract.operations[method, path]
        headers = dict(headers or {})
        content = body
        if isinstance(body, dict):
            content_type = "application/json"
            content = json.dumps(body)
        if expected < 400:
            used = {("query", name.lower()) for name, _ in query}
            used |= {("header", name.lower()) for name in headers if name != "Authorization"}
            read = body if isinstance(body, dict) else None
            self._note(operation, operation.request_faults(used, content_type, read))
            self.seen.update((method, path, f"{name} in {kind}") for kind, name in used)
        if content_type:
            headers["Content-Type"] = content_type
        if user:
            headers["Authorization"] = basic(user)
        target = path.format(**{name: quote(value) for name, value in names.items()})
        answer = self.send(method, target + ("?" + urlencode(query) if query else ""), content, headers)
        self.judge(operation, expected, answer)
        return answer

    def both(self, expected, path, **request):
        """GET and HEAD, which have to answer alike; returns the answer to GET."""
        got = self.ask(expected, "GET", path, **request)
        head = self.ask(expected, "HEAD", path, **request)
        other = set(got.names()) ^ set(head.names())
        self.expect(not other, f"only one of GET and HEAD of {path} has {other}")
        self.expect(not head.body, f"HEAD of {path} has a body")
        return got

    def judge(self, operation, expected, answer):
        words = f"{operation}: expected {expected}, got {answer.status}: {answer.body[:300]!r}"
        self.expect(answer.status == expected, words)
        is_json = (answer["Content-Type"] or "").split(";")[0].endswith("json")
        body = answer.json if is_json and answer.body else None
        self._note(operation, operation.answer_faults(answer.status, answer.headers, body))
        shown = operation.shown_by(answer.status, answer.headers)
        self.seen.update((operation.method, operation.path, what) for what in shown)

    def raw(self, expected, method, path, message):
        """Sends bytes that no HTTP library would, and holds the answer against an operation of the contract."""
        with self.connect() as connection:
            connection.sendall(message)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            answer = Answer(response.status, response.getheaders(), response.read())
        self.judge(self.contract.operations[method, path], expected, answer)

    def connect(self):
        host, port = self.address.split(":")
        return socket.create_connection((host, int(port)), timeout=30)

    def send(self, method, target, body=None, headers=None):
        """What comes back, unjudged. A connection that has ended meanwhile is opened again, once."""
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.address, timeout=60)
            try:
                self._connection.request(method, target, body, headers or {})
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

    def _note(self, operation, faults):
        self.wrong += [f"{operation}: {fault}" for fault in faults]


def as_user(registry, user, prefix="", **names):
    """Asks as somebody, below some path and with some names, unless the request has others."""

    def ask(expected, method, path, **request):
        return registry.ask(expected, method, prefix + path, **{"user": user, **names, **request})

    return ask
