"""The contract as a program sees it: its operations, and what is wrong with an answer to one of them."""

import jsonschema
import yaml

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
# What any answer may carry, since it is HTTP's own.
PROTOCOL_FIELDS = {"connection", "content-length", "content-type", "date", "transfer-encoding"}
# Told of in answers that may be given for other reasons, too.
SELDOM = {"Retry-After"}
# Statuses that stand behind 4XX: all others have to be told by name.
ANYWHERE = {400, 408, 413, 414, 417, 429, 431}


def closed(schema):
    """The same schema, but an object may have no member that it does not name: clients may meet new ones, tests not."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: closed(part) for key, part in schema.items()}
    if parts.get("type") == "object" and "properties" in parts:
        parts.setdefault("additionalProperties", False)
    return parts


class Contract:
    def __init__(self, text):
        self.document = yaml.safe_load(text)
        schemas = self.document["components"]["schemas"]
        strict = {"components": {"schemas": closed(schemas)}}
        self._resolver = jsonschema.RefResolver("", strict)
        self.operations = {
            (method.upper(), path): Operation(self, method.upper(), path, item)
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        }

    def resolved(self, node):
        """Of a node that may be a reference into the components, what it means."""
        while isinstance(node, dict) and set(node) == {"$ref"}:
            found = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node

    def faults(self, value, schema):
        """What is wrong with a value."""
        validator = jsonschema.Draft202012Validator(closed(schema), resolver=self._resolver)
        return [
            f"{'/'.join(map(str, error.absolute_path)) or 'all of it'}: {error.message[:300]}"
            for error in validator.iter_errors(value)
        ]


class Operation:
    def __init__(self, contract, method, path, item):
        self.contract, self.method, self.path = contract, method, path
        node = item[method.lower()]
        self.id, self.body = node["operationId"], node.get("requestBody")
        self.responses = {str(status): contract.resolved(each) for status, each in node["responses"].items()}
        parameters = map(contract.resolved, item.get("parameters", []) + node.get("parameters", []))
        self.parameters = {(each["in"], each["name"].lower()): each for each in parameters}

    def __str__(self):
        return f"{self.method} {self.path}"

    def told_statuses(self):
        """The statuses that the contract tells by name."""
        return {status for status in self.responses if status.isdigit()}

    def told(self):
        """All that has to be seen: statuses, with the fields and types of content that an answer may have, and
        parameters, but those of the path, which cannot be left out."""
        found = {f"{name} in {kind}" for kind, name in self.parameters if kind != "path"}
        for status in self.told_statuses():
            response = self.responses[status]
            found.add(status)
            found |= {f"{status} with {name.lower()}" for name in response.get("headers", {}) if name not in SELDOM}
            found |= {f"{status} with {media.split(';')[0]}" for media in response.get("content", {})}
        return found

    def shown_by(self, status, headers):
        """What of `told` an answer shows."""
        key = self.response_key(status)
        for name, value in headers:
            yield f"{key} with {name.lower()}"
            if name.lower() == "content-type":
                yield f"{key} with {value.split(';')[0]}"
        yield key

    def response_key(self, status):
        if str(status) in self.responses:
            return str(status)
        if 400 <= status < 500:
            return "4XX" if status in ANYWHERE else None
        return "5XX" if status >= 500 else None

    def request_faults(self, used, content_type, body):
        """What is wrong with a request that is to be fine. `used` are its parameters, as pairs of kind and name in
        lower case; `body` is JSON that was read, or none."""
        for kind, name in sorted(used - self.parameters.keys()):
            yield f"the parameter {name} in {kind} is not in the contract"
        if content_type is None:
            return
        media = (self.body or {}).get("content", {}).get(content_type.split(";")[0])
        if media is None:
            yield f"a body of type {content_type} is not in the contract"
        elif body is not None:
            yield from self.contract.faults(body, media.get("schema", {}))

    def answer_faults(self, status, headers, body):
        """What is wrong with an answer. `headers` are pairs; `body` is JSON that was read, or none."""
        response = self.responses.get(self.response_key(status) or "")
        if response is None:
            yield f"the status {status} is not in the contract"
            return
        yield from self._header_faults(response, headers)
        if status != 304:  # what it says of content is about that which the client has
            yield from self._content_faults(response, headers, body)

    def _header_faults(self, response, headers):
        told = {name.lower(): self.contract.resolved(node) for name, node in response.get("headers", {}).items()}
        for name, value in headers:
            if name.lower() in PROTOCOL_FIELDS:
                continue
            if name.lower() not in told:
                yield f"the field {name} is not in the contract"
                continue
            for fault in self.contract.faults(value, told[name.lower()]["schema"]):
                yield f"the field {name} is {value!r}: {fault}"
        there = {name.lower() for name, _ in headers}
        required = {name for name, node in told.items() if node.get("required")}
        yield from (f"the field {name} is missing" for name in sorted(required - there))

    def _content_faults(self, response, headers, body):
        content = response.get("content", {})
        content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
        if content_type is None:
            if content:
                yield "the type of the content is missing"
            return
        media = content.get(content_type, content.get(content_type.split(";")[0]))
        if media is None:
            yield f"content of type {content_type} is not in the contract"
        elif body is not None:
            yield from self.contract.faults(body, media.get("schema", {}))
