"""What the documents say of metrics, compared with what a server shows and what Prometheus makes of it.

monitoring.py table README SCRAPE               the table has each metric of the scrape and no other, with type and labels;
                                                what the text calls a route is one
monitoring.py names SCRAPE RULES DASHBOARD      each metric that an alert or the dashboard names is in the scrape
monitoring.py dashboard DASHBOARD URL INSTANCE  each expression gives numbers, asked of the Prometheus at URL
monitoring.py layout DASHBOARD                  each panel has a title, targets, and a place of its own
monitoring.py runbooks RULES ROOT               each runbook of an alert is a heading that is there

SCRAPE is the text of /metrics, RULES what Prometheus says at /api/v1/rules. Prints what is wrong, line by line.
"""

import json
import math
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

PARTS_OF_HISTOGRAMS = re.compile(r"_(bucket|sum|count)$")
MAY_BE_IDLE = {"Cache hits"}  # none of none, as long as all rows are in memory
NAMED = re.compile(r"\b(?:shale|process)_[a-z0-9_]+\b")


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8")


def scraped(path):
    """Name to (type, names of labels)."""
    families = {}
    for line in read(path).splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            families[name] = (kind, set())
        elif line and not line.startswith("#"):
            name, labels = re.match(r"([a-z0-9_]+)(?:\{(.*)\})? ", line).groups()
            if name not in families:
                name = PARTS_OF_HISTOGRAMS.sub("", name)
            families[name][1].update(set(re.findall(r'([a-z_]+)="(?:[^"\\]|\\.)*"', labels or "")) - {"le"})
    return families


def table(readme, scrape):
    told = {}
    for name, kind, labels in re.findall(r"^\| `([a-z0-9_]+)` \| (\w+) \|([^|]*)\|", read(readme), re.MULTILINE):
        if name in told:
            yield f"{name}: told twice"
        told[name] = (kind, set(re.findall(r"`(\w+)`", labels)))
    shown = scraped(scrape)
    for name in sorted(told.keys() | shown.keys()):
        if name not in shown:
            yield f"{name}: in the table, and no server shows it"
        elif name not in told:
            yield f"{name}: shown, and missing in the table"
        elif told[name] != shown[name]:
            yield f"{name}: the table says {told[name]}, the server {shown[name]}"
    labels = read(scrape)
    for route in re.findall(r"`(/v2/[^`]+)`", read(readme)):
        if f'route="{route}"' not in labels:
            yield f"{route}: no server shows a route of that name"


def rules(path):
    return [rule for group in json.loads(read(path))["data"]["groups"] for rule in group["rules"]]


def panels(path):
    return [panel for panel in json.loads(read(path))["panels"] if panel["type"] != "row"]


def names(scrape, rules_path, dashboard_path):
    shown = scraped(scrape)
    used = [(f"alert {rule['name']}", rule["query"]) for rule in rules(rules_path)]
    used += [("dashboard", text) for text in re.findall(r'"(?:expr|query|definition)": "((?:[^"\\]|\\.)*)"', read(dashboard_path))]
    for where, expression in used:
        for name in NAMED.findall(expression):
            if name not in shown and PARTS_OF_HISTOGRAMS.sub("", name) not in shown:
                yield f"{where}: no server shows {name}"


def ask(url, expression):
    query = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=30) as answer:
            return json.load(answer)["data"]["result"], None
    except urllib.error.HTTPError as error:
        return [], json.load(error)["error"]


def dashboard(path, url, instance):
    instance = re.escape(instance).replace("\\", "\\\\")  # of an expression within a string
    for panel in panels(path):
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "30s").replace("$instance", instance)
            result, error = ask(url, expression)
            where = f"{panel['title']}: {expression}"
            if error:
                yield f"{where}: {error}"
            elif not result:
                yield f"{where}: no data"
            elif panel["title"] not in MAY_BE_IDLE and all(math.isnan(float(series["value"][1])) for series in result):
                yield f"{where}: no number"
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                if any(label not in series["metric"] for series in result):
                    yield f"{where}: no label {label}"


def layout(path):
    taken, seen = {}, set()
    for panel in json.loads(read(path))["panels"]:
        title, place = panel["title"], panel["gridPos"]
        if panel["id"] in seen:
            yield f"{title}: its id is that of another panel"
        seen.add(panel["id"])
        if panel["type"] != "row" and not [target for target in panel["targets"] if target["expr"]]:
            yield f"{title}: no targets"
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
            if cell in taken or cell[0] >= 24:
                yield f"{title}: lies over {taken.get(cell, 'the edge')}"
                break
            taken[cell] = title


def runbooks(rules_path, root):
    for rule in rules(rules_path):
        if "runbook" not in rule["annotations"]:
            continue
        file, _, heading = rule["annotations"]["runbook"].partition("#")
        found = re.findall(r"^#+ (.*)$", read(pathlib.Path(root, file)), re.MULTILINE)
        if heading not in {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in found}:
            yield f"{rule['name']}: {file} has no heading {heading}"


if __name__ == "__main__":
    wrong = list({f.__name__: f for f in (table, names, dashboard, layout, runbooks)}[sys.argv[1]](*sys.argv[2:]))
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(bool(wrong))
