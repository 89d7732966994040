"""From measurements to medians, ratios, bars and a table."""

import statistics

from contestants import LIMITS, PEER, VARIANT
from figure import METRICS

HEADINGS = {
    "small": "Small requests",
    "big": "Small requests, with much stored",
    "pages": "Pages of tags and of the catalog",
    "download": "Downloads",
    "upload": "Uploads",
    "images": "Small images",
    "memory": "Memory",
    "start": "Start",
    "tls": "TLS",
    "auth": "Small requests with authentication, beside an open Shale",
    "life": "Deletion and collection",
}


class Results:
    """Values by figure, contestant and metric, one for each round."""

    def __init__(self, figures):
        self.figures = figures
        self.values = {figure.name: {name: {} for name in figure.contestants} for figure in figures}

    def add(self, figure, contestant, metrics):
        for metric, value in metrics.items():
            self.values[figure.name][contestant].setdefault(metric, []).append(value)

    def median(self, figure, contestant, metric):
        values = self.values.get(figure, {}).get(contestant, {}).get(metric)
        return statistics.median(values) if values else None

    def ratio(self, figure, metric, other):
        """Shale's value to that of a contestant, or to its own in `figure NAME`: the median over the rounds."""
        own = self.values[figure]["shale"].get(metric, [])
        there = self.values.get(other.removeprefix("figure "), {}).get("shale", {}) if other.startswith("figure ") else (
            self.values[figure].get(other, {})
        )
        pairs = [(a, b) for a, b in zip(own, there.get(metric, [])) if b > 0]
        return statistics.median(a / b for a, b in pairs) if pairs else None

    def verdict(self, figure, bar):
        """(what is asked, whether it is met), the latter none when there is nothing to compare with."""
        found = self.ratio(figure.name, bar.metric, bar.other) if bar.other else (
            self.median(figure.name, "shale", bar.metric)
        )
        asked = f"≥ {bar.at_least:g}" if bar.at_least is not None else f"≤ {bar.at_most:g}"
        if bar.other.startswith("figure "):
            other = bar.other.removeprefix("figure ")
            asked += f" × {other}" + (f" (is {found:.2f})" if found is not None else "")
        else:
            asked += f" × {bar.other}" if bar.other else f" {METRICS[bar.metric].split()[0]}"
        if found is None:
            return asked, None
        return asked, found >= bar.at_least if bar.at_least is not None else found <= bar.at_most

    def as_json(self):
        rows = []
        for figure in self.figures:
            bars = [self.verdict(figure, bar) for bar in figure.bars]
            rows.append({
                "figure": figure.name,
                "title": figure.title,
                "rounds": self.values[figure.name],
                "medians": {
                    name: {metric: statistics.median(values) for metric, values in metrics.items()}
                    for name, metrics in self.values[figure.name].items()
                },
                "ratios": {
                    metric: {o: self.ratio(figure.name, metric, o) for o in figure.contestants if o != "shale"}
                    for metric in figure.metrics
                },
                "bars": [{"bar": asked, "met": met} for asked, met in bars],
            })  # fmt: skip
        return rows


def shown(value, metric):
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {METRICS[metric]}"


def shown_ratio(value):
    if value is None:
        return ""
    if value < 0.1:
        return f"{value:.1g}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(results, figure, metric):
    limit = next((name for name in LIMITS if name in figure.contestants), "")
    judged = [results.verdict(figure, bar) for bar in figure.bars if bar.metric == metric]
    word = {True: "met", False: "**missed**", None: "not measured"}
    return [
        figure.title,
        *(shown(results.median(figure.name, name, metric), metric) for name in ("shale", PEER, VARIANT, limit)),
        shown_ratio(results.ratio(figure.name, metric, PEER)),
        shown_ratio(results.ratio(figure.name, metric, limit)) if limit else "",
        "; ".join(asked for asked, _ in judged),
        "; ".join(word[met] for _, met in judged),
    ]


def tables(results):
    """The figures of each group, and in Markdown its heading and its table: a line for each figure and metric."""
    for group in dict.fromkeys(figure.group for figure in results.figures):
        figures = [figure for figure in results.figures if figure.group == group]
        limit = next((name for name in LIMITS if name in figures[0].contestants), "limit")
        there = {name for figure in figures for name in figure.contestants}
        head = ["figure", "Shale", PEER, "GOGC=1000", limit, "× peer", f"× {limit}", "bar", ""]
        needs = {2: PEER, 3: VARIANT, 4: limit, 5: PEER, 6: limit}  # the other columns are always there
        keep = [i for i in range(len(head)) if i not in needs or needs[i] in there]
        lines = [line(head, keep), "|" + "---|" * len(keep)]
        for figure in figures:
            lines += [line(row(results, figure, metric), keep) for metric in figure.metrics]
        yield figures, f"## {HEADINGS[group]}", "\n".join(lines)


def line(cells, keep):
    return "| " + " | ".join(cells[i] for i in keep) + " |"


def busy_clients(results):
    """A client that used all the CPU time it could have may have been the bottleneck."""
    for figure in results.figures:
        for name in figure.contestants:
            busy = results.median(figure.name, name, "client busy")
            if busy is not None and busy > 0.95:
                yield f"{figure.title}, {name}: the client took {busy:.0%} of the CPU time that its threads can have, and may bound the figure"


def verdicts(results, figures):
    judged = [results.verdict(figure, bar)[1] for figure in figures for bar in figure.bars]
    judged = [met for met in judged if met is not None]
    return f"Of {len(judged)} bars that could be judged, {sum(judged)} are met."


def document(machine, options, results, notes):
    """The whole of RESULTS.md but what people write below it."""
    lines = ["# What was measured", "", f"By `tests/bench/run {options}`; how, is in [README.md](README.md)."]
    lines += ["The peer is Debian's docker-registry 2.8.2, built with Go 1.19, which hashes without SHA-NI."]
    lines += [verdicts(results, results.figures), ""]
    lines += ["| machine | |", "|---|---|", *(f"| {what} | {value} |" for what, value in machine)]
    for _, heading, table in tables(results):
        lines += ["", heading, "", table]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def sections(machine, options, results, notes):
    """The same for groups that were measured by themselves: a section for each, which tells so."""
    there = dict(machine)
    apart = f"Measured apart from the others by `tests/bench/run {options}`: {there['shale']}; rounds: {there['rounds']}."
    for figures, heading, table in tables(results):
        lines = [heading, "", apart, verdicts(results, figures), "", table]
        if notes:
            lines += ["", *(f"- {note}" for note in notes)]
        yield "\n".join(lines)
