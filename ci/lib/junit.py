"""Reads the JUnit reports of mcreplay, ctest, pytest and ci/lib/report.py as cases of one form.

A unit test program counts with the checks that it says it made, each failed one being a case of its
own. What ctest calls skipped because it could not be started has failed.
"""

import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

# Kinds of mcreplay's errors that say nothing of the server under test.
INFRASTRUCTURE = ("setup", "interrupted")
# The lines of mcreplay's text that are not for people alone; harness/report/junit.h tells of them.
BODY = re.compile(r"\A.*\n(?:(?P<file>.+?)(?::(?P<line>\d{1,9}))?(?:  step \d+ of \d+)?\n)?"
                  r"reproduce  (?P<reproduce>.+)$", re.M)
CHECKS = re.compile(r"Checks: (?P<checks>\d+), Failures: (?P<failures>\d+), Errors: (?P<errors>\d+)")
CHECK = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d{1,9}):[FE]:[^:\n]*:(?P<test>[^:\n]*):-?\d+: "
                   r"(?P<why>.*)$", re.M)
SANITIZER = re.compile(r"SUMMARY: (?P<why>\w+Sanitizer: .*)")
TRACEBACK = re.compile(r"^(?P<file>[^\s:]+\.py):(?P<line>\d{1,9}): ", re.M)
CHECKER = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d{1,9}):(?:\d+:)? "
                     r"(?P<why>(?:fatal )?(?:error|warning|performance|portability): .*)$", re.M)


class Invalid(Exception):
    """What is wrong with a report, to be read behind its name."""


@dataclass(frozen=True)
class Case:
    suite: str  # with `name` what tells it from all others of its report
    name: str
    outcome: str = "passed"  # or failed, skipped, xfailed, flaky
    count: int = 1  # checks that one program passed
    title: str = ""  # what a reader calls it
    place: str = ""  # delivery, transport and server
    ms: int = 0
    kind: str = ""  # of mcreplay's verdicts
    why: str = ""
    file: str = ""  # below the root where it is there, else as the report says it
    line: int = 0  # 0: unknown
    reproduce: str = ""  # a command line
    select: str = ""  # else what chooses this test, behind the words that run its step's tests

    @property
    def infrastructure(self):
        return self.kind in INFRASTRUCTURE


def located(root, file):
    """The path below `root` of a file that a report names, which may come from another machine or
    be seen from a build folder; as it is when there is no such file."""
    parts = [part for part in file.split("/") if part not in ("", ".", "..")]
    tails = ["/".join(parts[i:]) for i in range(len(parts) - 1)]  # a name alone says too little
    return next((tail for tail in [*tails, file] if is_below(root, tail)), file)


def is_below(root, path):
    return not path.startswith(("/", "../")) and os.path.isfile(root / path)


def said(case):
    return case.findtext("system-out") or ""


def first_line(*texts):
    """The first line of all these that says something."""
    return next((line for text in texts for line in (text or "").splitlines() if line.strip()),
                "failed and said nothing")


def millis(case):
    try:
        return round(float(case.get("time", 0)) * 1000)
    except (ValueError, OverflowError):
        return 0


def ending(case):
    """The element that says how it ended; None when it passed. The worst of several counts."""
    found = (case.find(tag) for tag in ("error", "failure", "skipped"))
    return next((element for element in found if element is not None), None)


def spared(end):
    """The outcome of a case whose end is no failure."""
    message = end.get("message") or ""
    if end.get("type") == "pytest.xfail" or message.startswith("xfail: "):
        return "xfailed"
    return "flaky" if message.startswith("flaky: ") else "skipped"


def mcreplay_cases(root, properties, case, end):
    key = {"suite": case.get("classname"), "name": case.get("name")}
    body = BODY.search(end.text or "")
    place = (properties.get(name) for name in ("delivery", "transport", "server"))
    return [Case(**key, outcome="failed", title=key["name"], place=" ".join(filter(None, place)),
                 ms=millis(case), kind=end.get("type") or "", why=first_line(end.get("message")),
                 file=located(root, body["file"]) if body and body["file"] else "",
                 line=int(body["line"] or 0) if body else 0,
                 reproduce=body["reproduce"] if body else "")]


def ctest_cases(root, case):
    """A test of ctest's; its `status` is run, fail, notrun or disabled."""
    program, status, skipped = case.get("name"), case.get("status"), case.find("skipped")
    if status == "disabled" or (skipped is not None
                                and (skipped.get("message") or "").startswith("SKIP_")):
        return [Case(program, "", "skipped")]
    output, cases = said(case), []
    checks = CHECKS.search(output)
    if status != "run":
        common = {"outcome": "failed", "ms": millis(case),
                  "select": f"^{re.escape(program)}$"}
        cases = [Case(program, m["test"], title=f"{program} {m['test']}", why=m["why"],
                      file=located(root, m["file"]), line=int(m["line"]), **common)
                 for m in CHECK.finditer(output)]
        if not cases:
            report = SANITIZER.search(output)
            why = report["why"] if report else first_line("\n".join(reversed(output.splitlines())))
            cases = [Case(program, "", title=program, why=why, **common)]
    passed = 0 if status != "run" else 1
    if checks:
        passed = int(checks["checks"]) - int(checks["failures"]) - int(checks["errors"])
    return cases + ([Case(program, "", count=passed)] if passed > 0 else [])


def pytest_node(root, case):
    """What pytest calls the test: path, classes and name."""
    classname, name = case.get("classname"), case.get("name")
    parts = (classname or name).split(".")
    for n in range(len(parts), 0, -1):
        path = "/".join(parts[:n]) + ".py"
        if is_below(root, path):
            return "::".join([path, *parts[n:], *([name] if classname else [])])
    return f"{classname}::{name}" if classname else name


def pytest_cases(root, case, end):
    key = {"suite": case.get("classname") or "", "name": case.get("name")}
    text = end.text or ""
    traces = list(TRACEBACK.finditer(text))
    node = pytest_node(root, case)
    return [Case(**key, outcome="failed", title=node.rsplit("/", 1)[-1], ms=millis(case),
                 why=first_line(end.get("message"), text),
                 file=located(root, traces[-1]["file"]) if traces else "",
                 line=int(traces[-1]["line"]) if traces else 0,
                 select=node if is_below(root, node.split("::")[0]) else "")]


def other_cases(root, case, end):
    """Of a tool that looks at files, or any other writer."""
    key = {"suite": case.get("classname") or "", "name": case.get("name")}
    found = CHECKER.search(end.text or "")
    return [Case(**key, outcome="failed", title=" ".join(filter(None, key.values())),
                 ms=millis(case), select=key["name"],
                 why=found["why"] if found else first_line(end.get("message"), end.text, said(case)),
                 file=located(root, found["file"]) if found else "",
                 line=int(found["line"]) if found else 0)]


def read(path, root):
    """All cases of a report, in its order; raises Invalid unless it says that something has been
    tested."""
    try:
        document = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        raise Invalid("is not there") from None
    except OSError as e:
        raise Invalid(f"can't be read: {e.strerror}") from None
    except (ElementTree.ParseError, LookupError, ValueError) as e:
        raise Invalid(f"is no XML: {e}") from None
    if document.tag not in ("testsuites", "testsuite"):
        raise Invalid(f"is no JUnit report, but <{document.tag}>")
    cases = []
    for suite in document.iter("testsuite"):
        properties = {p.get("name"): p.get("value") for p in suite.iterfind("properties/property")}
        for case in suite.iterfind("testcase"):
            if not case.get("name"):
                raise Invalid("has a test without a name")
            end = ending(case)
            if case.get("status"):
                cases += ctest_cases(root, case)
            elif end is None or end.tag == "skipped":
                outcome = "passed" if end is None else spared(end)
                cases.append(Case(case.get("classname") or "", case.get("name"), outcome))
            elif (case.get("classname") or "").startswith("mcreplay."):
                cases += mcreplay_cases(root, properties, case, end)
            elif suite.get("name") == "pytest":
                cases += pytest_cases(root, case, end)
            else:
                cases += other_cases(root, case, end)
    if not cases:
        raise Invalid("holds no test")
    if all(case.outcome == "skipped" for case in cases):
        raise Invalid("says that all tests were skipped")
    return cases
