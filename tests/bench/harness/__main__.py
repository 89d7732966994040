"""Runs the benchmark: see ../README.md. Started by ../run, which builds what it needs."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import contestants
import figures
import load
import machine
import page
import report
import worlds
from figure import Context
from server import Server

BENCH = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCH.parent.parent


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measures Shale beside its peer and the limits.")
    parser.add_argument("--quick", action="store_true", help="one round of a second per figure, with a tenth of the content")
    parser.add_argument("--smoke", action="store_true", help="shows that the benchmark runs: a few figures, tiny content")
    parser.add_argument("--only", metavar="NAME", action="append", default=[],
                        help="figures whose name begins so: " + ", ".join(figures.GROUPS) + ", small/blob-head, …")
    parser.add_argument("--contestants", metavar="NAMES", help="only these, with commas; shale is always there")
    parser.add_argument("--rounds", type=int, metavar="N", help="default 5")
    parser.add_argument("--minutes", type=int, metavar="N", help="begin no round that would probably last beyond this")
    parser.add_argument("--seconds", type=int, metavar="N", help="how long each rate is measured; default 3")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured")
    parser.add_argument("--results", action="store_true",
                        help="write tests/bench/RESULTS.md; with --only, the tables of these groups")
    parser.add_argument("--list", action="store_true", help="the names of the figures")
    parser.add_argument("--data", metavar="DIR", default=ROOT / "build/bench", help="where all data goes; default build/bench")
    parser.add_argument("--shale", metavar="FILE", default=ROOT / "build/release/shale", help="measure this binary")
    parser.add_argument("--shale-flag", metavar="FLAG", action="append", default=[],
                        help="another flag for shale serve, such as --shale-flag=--log.access=false")
    parser.add_argument("--profile", metavar="DIR", help="also record Shale with perf, one file per figure; costs some speed")
    parser.add_argument("--no-install", action="store_true", help="end with 77 when a package is missing")
    return parser.parse_args()  # fmt: skip


def sizes(options):
    if options.smoke:
        return worlds.Sizes(tags=20, many_tags=200, repositories=20, blob=1 << 20, part=1 << 20, life=2000)
    if options.quick:
        return worlds.Sizes(many_tags=2000, repositories=1000, blob=256 << 20, part=64 << 20, life=10000)
    return worlds.Sizes()


def chosen(options):
    return [
        figure
        for figure in figures.FIGURES
        if (not options.only or any(figure.name.startswith(name) for name in options.only))
        and (not options.smoke or figure.smoke)
    ]


class Benchmark:
    """One run. Everything that it starts and stores is gone after `close`."""

    def __init__(self, options):
        programs = ROOT / "build/bench/bin"
        self.options, self.sizes = options, sizes(options)
        self.tools = worlds.Tools(programs, str(options.shale))
        seconds = options.seconds or (1 if options.quick or options.smoke else 3)
        self.load = load.Load(programs, seconds, options.profile)
        self.rounds = options.rounds or (1 if options.quick or options.smoke else 5)
        self.contestants = contestants.all_of(self.tools.shale, options.shale_flag, programs)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="run.", dir=options.data))
        self.worlds, self.fresh, self.notes = {}, None, set()
        if (busy := os.getloadavg()[0]) > 1:
            self.notes.add(f"the machine was busy with other things when this began: its load was {busy:.1f}")
        wanted = options.contestants.split(",") if options.contestants else list(self.contestants)
        if unknown := set(wanted) - set(self.contestants):
            sys.exit(f"there is no contestant {unknown}; there are " + ", ".join(self.contestants))
        self.wanted = {"shale", *wanted}

    def run(self):
        names = chosen(self.options)
        results = report.Results(names)
        began = time.monotonic()
        for turn in range(self.rounds):
            spent = (time.monotonic() - began) / 60
            if turn and self.options.minutes and spent * (turn + 1) / turn > self.options.minutes:
                self.rounds = turn
                break
            for figure in names:
                self.world(figure)  # filled before the clock of the first contestant runs
                taking_part = [name for name in figure.contestants if name in self.wanted]
                shift = turn % len(taking_part)
                for name in taking_part[shift:] + taking_part[:shift]:
                    self.load.figure = figure.name
                    metrics = self.measure(figure, name)
                    results.add(figure, name, metrics)
                    brief = ", ".join(report.shown(metrics[metric], metric) for metric in figure.metrics)
                    self.say(f"round {turn + 1}/{self.rounds}  {figure.name:34} {name:26} {brief}")
        return results

    def measure(self, figure, name):
        if figure.world:
            world = self.world(figure)
            return figure.measure(self.context(world.targets), world.servers[name])
        folder = self.folder / "fresh"
        self.fresh = Server(self.contestants[name], folder / "data", folder / "work")
        os.sync()  # what others left to be written is not this one's work
        self.fresh.start()
        try:
            return figure.measure(self.context({}), self.fresh)
        finally:
            self.fresh.stop()
            shutil.rmtree(folder)

    def context(self, targets):
        return Context(self.load, self.sizes, targets, self.notes)

    def world(self, figure):
        name = figure.world
        if name and name not in self.worlds:
            make = worlds.WORLDS[name]
            self.worlds[name] = make(self.contestants, self.wanted, self.tools, self.folder / name, self.sizes, self.say)
            self.worlds[name].start()
        return self.worlds.get(name)

    def say(self, line):
        print(line, file=sys.stderr, flush=True)

    def close(self):
        if self.fresh:
            self.fresh.stop()
        for world in self.worlds.values():
            world.stop()
        self.say("removing what was stored")
        shutil.rmtree(self.folder, ignore_errors=True)


def publish(benchmark, results):
    options = benchmark.options
    described = machine.describe(str(options.shale), benchmark.folder)
    described.append(("content", str(benchmark.sizes)))
    described.append(("rounds", f"{benchmark.rounds}, {benchmark.load.seconds} s for each rate"))
    notes = sorted(benchmark.notes) + list(report.busy_clients(results))
    told = (described, " ".join(sys.argv[1:]), results, notes)
    text = report.document(*told)
    print(text, flush=True)
    if options.json:
        found = {"machine": dict(described), "figures": results.as_json(), "notes": notes}
        pathlib.Path(options.json).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if options.results and options.only:
        page.write_groups(BENCH / "RESULTS.md", report.sections(*told))
    elif options.results:
        page.write(BENCH / "RESULTS.md", text)


def main():
    options = parse_arguments()
    if options.list:
        print("\n".join(f"{figure.name:34} {figure.title}" for figure in figures.FIGURES))
        return
    if not chosen(options):
        sys.exit("no figure has such a name; see --list")
    if options.results and not set(options.only) <= set(figures.GROUPS):
        sys.exit("--results takes whole groups: " + ", ".join(figures.GROUPS))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    benchmark = Benchmark(options)
    try:
        publish(benchmark, benchmark.run())
    finally:
        benchmark.close()


main()
