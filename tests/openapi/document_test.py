#!/usr/bin/env python3
"""Judges openapi.yaml by itself and beside the sources, without a server. Usage: document_test.py ROOT"""

import pathlib
import re
import sys

try:
    from contract import Contract
except ImportError as missing:
    print(f"LEFT OUT: {missing} (tests/packages names its Debian package)")
    sys.exit(77)

# An error of the sources: `{404, "NAME_UNKNOWN", ...`, or the code of a refusal, whose status stands elsewhere.
ERROR = re.compile(r'\{\s*(\d{3}),\s*"([A-Z_]+)"')
CODE = re.compile(r'return "([A-Z_]+)";')


def nodes(node, place="#"):
    """Every object of the document, with its place."""
    if isinstance(node, dict):
        yield place, node
        for key, value in node.items():
            yield from nodes(value, f"{place}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from nodes(value, f"{place}/{number}")


def examples(contract):
    """Every example, with its place and its schema."""
    for place, node in nodes(contract.document):
        if re.search(r"/(example|examples/[^/]+/value)(/|$)", place) or "/examples/" in place and "/schemas/" in place:
            continue
        if place.startswith("#/components/schemas/"):
            listed = node.get("examples")
            for number, value in enumerate(listed if isinstance(listed, list) else []):
                yield f"{place}/examples/{number}", value, node
        elif "schema" in node:
            if "example" in node:
                yield place, node["example"], node["schema"]
            for name, each in node.get("examples", {}).items():
                yield f"{place}/examples/{name}", contract.resolved(each)["value"], node["schema"]


def without_example(contract):
    """Content of a known form that shows none; two Docker types look like those of OCI."""
    for place, node in nodes(contract.document):
        media = re.search(r"/content/([^/]+/[^/]*)$", place)
        readable = media and re.search("json|form-urlencoded|plain", media[1]) and "vnd.docker" not in media[1]
        if readable and "example" not in node and "examples" not in node:
            yield f"{place}: there is no example"


def unused(contract):
    used = {node["$ref"] for _, node in nodes(contract.document) if isinstance(node.get("$ref"), str)}
    for kind, members in contract.document["components"].items():
        for name in members if kind != "securitySchemes" else []:
            if f"#/components/{kind}/{name}" not in used:
                yield f"#/components/{kind}/{name}: nothing refers to it"


def dangling(contract):
    for place, node in nodes(contract.document):
        if isinstance(node.get("$ref"), str):
            try:
                contract.resolved({"$ref": node["$ref"]})
            except KeyError:
                yield f"{place}: there is no {node['$ref']}"


def codes_of(contract, response):
    """The codes that an answer may have, as its schema narrows them."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    try:
        return set(schema["properties"]["errors"]["items"]["properties"]["code"]["enum"])
    except KeyError:
        return set()


def code_faults(contract, root):
    """Errors of the sources that are not in the contract, and the other way round."""
    told = set(contract.document["components"]["schemas"]["ErrorCode"]["enum"])
    where = {}
    for operation in contract.operations.values():
        for status, response in operation.responses.items():
            where.setdefault(status, set()).update(codes_of(contract, response))
    made = set()
    for source in sorted((root / "server/api").glob("*.[ch]*")):
        text = source.read_text()
        made.update(CODE.findall(text))
        for status, code in ERROR.findall(text):
            made.add(code)
            answers = where.get(status, set()) | where.get(status[0] + "XX", set())
            if code not in answers:
                yield f"{source.name}: no operation answers {status} {code}"
    yield from (f"the code {code} is not in the contract" for code in sorted(made - told))
    yield from (f"nothing in the sources makes the code {code}" for code in sorted(told - made))
    narrowed = set().union(*where.values())
    yield from (f"no answer has the code {code}" for code in sorted(told - narrowed))


def operation_faults(contract):
    ids = [operation.id for operation in contract.operations.values()]
    yield from (f"two operations are called {each}" for each in {name for name in ids if ids.count(name) > 1})
    for operation in contract.operations.values():
        in_path = set(re.findall(r"\{(\w+)\}", operation.path))
        told = {name for kind, name in operation.parameters if kind == "path"}
        if in_path != told:
            yield f"{operation}: the path has {sorted(in_path)}, the parameters {sorted(told)}"
    for method, path in contract.operations:
        if method == "GET" and ("HEAD", path) not in contract.operations:
            yield f"{path} has GET and no HEAD"


def main(root):
    contract = Contract((root / "openapi/openapi.yaml").read_text())
    found = list(dangling(contract))
    if not found:
        tried = list(examples(contract))
        found = [f"{place}: {fault}" for place, value, schema in tried for fault in contract.faults(value, schema)]
        found += without_example(contract)
        found += unused(contract)
        found += code_faults(contract, root)
        found += operation_faults(contract)
    print("\n".join(found) or f"{len(contract.operations)} operations, {len(tried)} examples")
    return not found


if __name__ == "__main__":
    sys.exit(not main(pathlib.Path(sys.argv[1])))
