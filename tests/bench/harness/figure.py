"""What a figure of the benchmark is: who is measured, how, and what is to be reached."""

import dataclasses
import typing

import load

METRICS = {  # name -> unit
    "rate": "/s",
    "throughput": "MB/s",
    "time": "ms",
    "cpu": "µs CPU",
    "cpu per GiB": "CPU s/GiB",
    "resident": "MiB",
    "grown": "MiB",
    "peak": "MiB peak",
    "client busy": "of 1",
    "push p50": "ms push p50",
    "push p99": "ms push p99",
    "pull p50": "ms pull p50",
    "pull p99": "ms pull p99",
    "deletions": "/s deleted",
    "delete p99": "ms deletion p99",
    "freed": "s until free",
}


@dataclasses.dataclass(frozen=True)
class Bar:
    """What Shale is to reach: a bound on its ratio to `other` (a contestant, or itself in another figure), or without
    one on the metric itself."""

    metric: str
    other: str = ""
    at_least: float | None = None
    at_most: float | None = None


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the benchmark. `world` names the content that has to be there; without one, every measurement has
    a server of its own on an empty folder. `measure(context, server)` returns metrics."""

    name: str  # GROUP/WHAT/…
    title: str
    contestants: tuple[str, ...]
    measure: typing.Callable
    metrics: tuple[str, ...]
    bars: tuple[Bar, ...] = ()
    world: str = ""
    smoke: bool = False

    @property
    def group(self):
        return self.name.split("/")[0]


@dataclasses.dataclass
class Context:
    """What measurements are made with. `targets` are those of the figure's world; notes go below the table."""

    load: load.Load
    sizes: typing.Any
    targets: dict
    notes: set


PEAK = Bar("peak", at_most=64)  # of a transfer, whatever its size
