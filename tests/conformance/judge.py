"""Judges the conformance suite's JUnit report: every test passed, none failed, was skipped or went wrong.

Usage: judge.py junit.xml      Prints the counts, and every test that did not pass with the suite's own words.
"""

import sys
import xml.etree.ElementTree as ElementTree

LONGEST = 1500  # characters of a test's output that are shown ...
MOST = 25  # ... and tests that are


def main():
    suite = ElementTree.parse(sys.argv[1]).getroot().find("testsuite")
    tests = suite.findall("testcase")
    states = [test.get("status", "unknown") for test in tests]
    print("        " + ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states))))

    wrong = [test for test in tests if test.get("status") != "passed"]
    for test in wrong[:MOST]:
        print(f"{test.get('status')}: {test.get('name')}")
        for stream in ("system-out", "system-err"):
            print((test.findtext(stream) or "").strip()[:LONGEST])

    # The report's own counts are of the whole tree, so that a failure between the leaves shows too.
    counted = {name: int(suite.get(name, "0")) for name in ("failures", "errors", "skipped")}
    print("        " + ", ".join(f"{number} {name}" for name, number in counted.items()) + f" of {suite.get('tests')}")
    if wrong or any(counted.values()) or "passed" not in states:
        sys.exit(1)


main()
