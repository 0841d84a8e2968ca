"""The results of a matrix's legs: folders with a leg.json and the JUnit reports that it names.

leg.json: {"leg": NAME, "status": "SUCCESS" | "FAILURE" | "INFRA", "seconds": N, "steps": [STEP..]}
STEP: {"name": .., "status": EXIT STATUS, "report": FILE or "reports": [FILE..], "again": WORDS}
A step without reports is one that has none, such as a build. `again` are the shell words that run
one of its tests again when the test's name stands behind them. ci/matrix also writes how long each
step took, and the processor time of the leg and of each step as "cpu".

A leg is never better than its reports: a red case makes it FAILURE whatever leg.json says, and a
report that is not there, broken, or without a test makes it INFRA at least.
"""

import json
import shlex
from collections import Counter
from dataclasses import dataclass, field

import junit

SUCCESS, FAILURE, INFRA = "SUCCESS", "FAILURE", "INFRA"
INFRASTRUCTURE_STATUS = 3  # of mcreplay and of the scripts in ci/
# What runs by hand leave where a matrix puts its legs.
NO_LEGS = {"failures", "differences", "rr"}


class Invalid(Exception):
    """What is wrong with a leg."""


@dataclass
class Finding:
    """Something red: a case, a step, or a report that is none."""

    leg: str
    report: str  # "": no report
    case: junit.Case
    infrastructure: bool
    reproduce: str
    number: int = 0
    mark: str = ""  # NEW or STILL, when there is a baseline

    @property
    def key(self):
        return self.leg, self.report, self.case.suite, self.case.name


@dataclass
class Leg:
    name: str
    status: str = SUCCESS
    seconds: float = 0.0
    counts: Counter = field(default_factory=Counter)  # by outcome, and "tests"
    findings: list = field(default_factory=list)
    passed: set = field(default_factory=set)  # keys

    def add(self, report, case, infrastructure, again=""):
        """What is red, and how to see it again: the case's own line, else its step's words with its
        name, else the whole leg."""
        line = f"{again} {shlex.quote(case.select)}" if again and case.select else ""
        self.findings.append(Finding(self.name, report, case, infrastructure,
                                     case.reproduce or line or f"ci/matrix {self.name}"))

    def add_own(self, suite, name, why, infrastructure):
        """What is red and no case of a report."""
        title = f"{suite} {name}".strip()
        self.add("", junit.Case(suite, name, "failed", title=title, why=why), infrastructure)

    def passes(self, suite, name, report=""):
        self.passed.add((self.name, report, suite, name))


def described(folder):
    """The folder's leg.json, when it has the form above."""
    try:
        leg = json.loads((folder / "leg.json").read_bytes())
    except FileNotFoundError:
        raise Invalid("is not there: the leg did not come to its end") from None
    except OSError as e:
        raise Invalid(f"can't be read: {e.strerror}") from None
    except (ValueError, RecursionError) as e:
        raise Invalid(f"is no JSON: {e}") from None
    if not isinstance(leg, dict):
        raise Invalid("holds no object")
    steps, seconds = leg.get("steps"), leg.get("seconds")
    if leg.get("leg") != folder.name:
        raise Invalid(f"is of the leg {leg.get('leg')!r}")
    if leg.get("status") not in (SUCCESS, FAILURE, INFRA):
        raise Invalid(f"has the status {leg.get('status')!r}")
    if not is_number(seconds) or not 0 <= seconds < 1e9:
        raise Invalid(f"took {seconds!r} seconds")
    if not isinstance(steps, list) or not steps or not all(map(is_step, steps)):
        raise Invalid("has no list of steps, each with a name and an exit status")
    return leg


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_step(step):
    return (isinstance(step, dict) and isinstance(step.get("name"), str)
            and isinstance(step.get("status"), int) and isinstance(step.get("again", ""), str)
            and isinstance(step.get("reports", []), list)
            and all(isinstance(name, str) for name in reports_of(step)))


def reports_of(step):
    return ([step["report"]] if "report" in step else []) + step.get("reports", [])


def read_step(leg, folder, root, step):
    """Adds what the step's reports say, and the step itself when it failed and they do not say
    why."""
    before = len(leg.findings)
    for name in reports_of(step):
        try:
            cases = junit.read(folder / name, root)
        except junit.Invalid as e:
            leg.add_own("report", name, f"{e}; step {step['name']} ended with {step['status']}",
                        True)
            continue
        leg.passes("report", name)
        for case in cases:
            leg.counts["tests"] += case.count
            leg.counts[case.outcome] += case.count
            if case.outcome == "failed":
                leg.add(name, case, case.infrastructure, step.get("again", ""))
            elif case.outcome == "passed":
                leg.passes(case.suite, case.name, name)
    if step["status"] == 0:
        leg.passes("step", step["name"])
    elif len(leg.findings) == before:
        leg.add_own("step", step["name"], f"ended with {step['status']}",
                    step["status"] == INFRASTRUCTURE_STATUS)


def read_leg(folder, root):
    leg = Leg(folder.name)
    try:
        about = described(folder)
    except Invalid as e:
        leg.add_own("leg.json", "", str(e), True)
        leg.status = INFRA
        return leg
    leg.passes("leg.json", "")
    leg.seconds = about["seconds"]
    for step in about["steps"]:
        read_step(leg, folder, root, step)
    if not leg.findings and about["status"] != SUCCESS:
        leg.add_own("leg", leg.name, f"ended with {about['status']}, and no step says why",
                    about["status"] == INFRA)
    if not leg.findings and not leg.counts["tests"]:
        leg.add_own("leg", leg.name, "no step has a report", True)
    if leg.findings:
        leg.status = INFRA if all(f.infrastructure for f in leg.findings) else FAILURE
    return leg


def absent_leg(name):
    leg = Leg(name, INFRA)
    leg.add_own("leg.json", "", "is not there: the leg is expected, and has left nothing", True)
    return leg


def read(folder, root, expected=()):
    """All legs of a folder and all that are expected, by name; their findings have numbers."""
    there = {path.name for path in folder.iterdir() if path.is_dir()} - (NO_LEGS - set(expected))
    legs = [read_leg(folder / name, root) if name in there else absent_leg(name)
            for name in sorted(there | set(expected))]
    for number, finding in enumerate((f for leg in legs for f in leg.findings), 1):
        finding.number = number
    return legs


def compare(legs, baseline):
    """Marks each finding as NEW or STILL, and returns what the baseline found that is FIXED, which
    is what passes now; what does not run any more is not."""
    red = {finding.key: finding for leg in baseline for finding in leg.findings}
    passed = set().union(*(leg.passed for leg in legs))
    now = set()
    for finding in (f for leg in legs for f in leg.findings):
        finding.mark = "STILL" if finding.key in red else "NEW"
        now.add(finding.key)
    return [f for key, f in red.items() if key not in now and
            # A unit test program tells its passed checks without their names.
            (key in passed or (*key[:-1], "") in passed)]
