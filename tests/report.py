"""Prints which suites ran, how long each took, and what was left out and why.

Usage: report.py DIRECTORY      the outer CTest directory that tests/run makes
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

# What tests print about something they could not show here; see tests/e2e/lib.
MARKS = ("LEFT OUT:", "NOT SHOWN:")
OUTCOMES = {"0": "passed", "77": "left out"}  # by exit status


def left_out_of(suite, test):
    """The lines of one test that tell what it did not show; a skipped test always has one."""
    told = []
    for line in (test.findtext("system-out") or "").splitlines():
        # doctest puts the place in front.
        told += [f"{suite}: {test.get('name')}: {line[line.index(mark):]}" for mark in MARKS if mark in line]
    if test.find("skipped") is not None and not told:
        told = [f"{suite}: {test.get('name')}: skipped, and it did not say why"]
    return told


def main():
    directory = pathlib.Path(sys.argv[1])
    results = directory / "results"
    left_out = []
    listed = directory / "left-out"
    if listed.exists():
        left_out += listed.read_text(encoding="utf-8").splitlines()

    print(f"{'suite':<18}{'outcome':<10}{'seconds':>8}{'tests':>7}{'failed':>8}{'left out':>10}")
    for outcome in sorted(results.glob("*.outcome"), key=lambda path: path.stat().st_mtime):
        status, seconds = outcome.read_text(encoding="ascii").split()
        row = f"{outcome.stem:<18}{OUTCOMES.get(status, 'FAILED'):<10}{seconds:>8}"
        junit = outcome.with_suffix(".xml")
        if junit.exists():
            suite = ElementTree.parse(junit).getroot()
            row += f"{suite.get('tests'):>7}{suite.get('failures'):>8}{suite.get('skipped'):>10}"
            for test in suite.findall("testcase"):
                left_out += left_out_of(outcome.stem, test)
        print(row)

    print("\nLeft out:" if left_out else "\nNothing was left out.")
    for line in left_out:
        print(f"  {line}")


main()
