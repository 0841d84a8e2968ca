"""Runs the built mcreplay and reads what it says: console and JUnit XML, held against each other.
"""

import importlib.machinery
import importlib.util
import json
import os
import py_compile
import re
import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
MCREPLAY = Path(os.environ.get("MCREPLAY", ROOT / "build/release/bin/mcreplay")).resolve()
PYTHON = "/usr/bin/python3"
STUB = ROOT / "build/stub/stub_server.pyc"
SCHEMA = HERE / "junit.xsd"

# A run in these tests takes seconds; one that takes this long hangs.
PATIENCE = 300

TOTALS = re.compile(
    r"^(?P<passed>\d+) passed, (?P<failed>\d+) failed, (?P<errors>\d+) errors, "
    r"(?P<skipped>\d+) skipped, (?P<xfailed>\d+) xfailed, (?P<xpassed>\d+) xpassed, "
    r"(?P<flaky>\d+) flaky in (?P<seconds>[\d.]+) s \(seed (?P<seed>\d+)\)$"
)
HEAD = re.compile(
    r"^(?P<word>FAIL|ERROR|XPASS) +(?P<id>\S+)(?: #(?P<again>\d+))?"
    r"(?: \[(?P<delivery>\S+) (?P<transport>\S+)\])? "
    r"(?P<server>\S+)(?:  (?P<file>\S+?)(?::(?P<line>\d+))?)?"
    r"(?:  step (?P<step>\d+) of (?P<steps>\d+))?  \(\d+ ms\)(?:  (?P<kind>[a-z_]+))?$"
)
# A row of the window of bytes around what differs; the first row shown may be a later one.
ROW = re.compile(
    r"^  (?:want|got ) (?P<bytes>(?:[ ><](?:[0-9a-f]{2}|--|\.\.))+)<?"
    r"(?:  bytes? (?P<from>\d+)(?:-\d+)?)?$", re.M
)
FIELD = re.compile(
    r"\(bytes? (?P<from>\d+)(?:-(?P<to>\d+))?, stream (?P<sfrom>\d+)(?:-(?P<sto>\d+))?\)"
)


def program(path, name=None):
    """A program of the project, as a module of that name or of its own."""
    name = name or Path(path).stem.replace("-", "_")
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module  # where dataclasses look it up
    loader.exec_module(module)
    return module


@dataclass
class Finding:
    """A failure or error as the console prints it."""

    word: str
    id: str
    delivery: str
    transport: str
    file: str
    line: int
    step: int
    kind: str
    text: str = ""  # the indented lines

    @property
    def signature(self):
        return self.word, self.id, self.delivery, self.transport, self.line, self.step, self.kind

    @property
    def reproduce(self):
        return re.search(r"^  reproduce  (.+)$", self.text, re.M)[1]

    @property
    def fields(self):
        """For each field that differs: the range of its bytes in the stream, both ends included."""
        return [
            (int(m["sfrom"]), int(m["sto"] or m["sfrom"])) for m in FIELD.finditer(self.text)
        ]


    @property
    def mark(self):
        """The first byte that is marked as different: its place in the frame, wanted, got."""
        rows = list(ROW.finditer(self.text))
        for want, got in zip(rows[::2], rows[1::2]):
            at = want["bytes"].find(">")
            if at >= 0:
                pair = (row["bytes"][at + 1 : at + 3] for row in (want, got))
                return int(want["from"] or 0) + at // 3, *pair
        return None


@dataclass
class Result:
    """What a command came to."""

    argv: list
    status: int
    out: str
    err: str
    totals: Counter = field(default_factory=Counter)
    seed: int = -1
    seconds: float = 0.0
    findings: list = field(default_factory=list)
    cases: dict = field(default_factory=dict)  # (id, delivery, transport) -> verdict word
    report: etree._Element = None

    def __str__(self):
        return f"$ {shlex.join(map(str, self.argv))}\n{self.out}{self.err}exit {self.status}"

    @property
    def finding(self):
        assert len(self.findings) == 1, f"one finding expected\n{self}"
        return self.findings[0]

    def verdicts(self):
        """All that a second run must agree on."""
        return dict(self.cases), sorted(f.signature for f in self.findings)


def environment(changes=None):
    env = {**os.environ, "PATH": f"{MCREPLAY.parent}:{os.environ['PATH']}"}
    env.pop("CI", None)
    return {**env, **(changes or {})}


def command(*args, cwd=ROOT, env=None):
    """Runs mcreplay with any arguments; standard output and error are pipes."""
    return finish(start(*args, cwd=cwd, env=env))


def command_line(args):
    """A run is remembered, and earlier ones are, only where a test says so."""
    if args and args[0] in ("run", "compare") and "--last" not in args:
        args = [args[0], "--last", os.devnull, *args[1:]]
    return [str(MCREPLAY), *map(str, args)]


def start(*args, cwd=ROOT, env=None):
    """Starts it in a process group of its own."""
    return subprocess.Popen(command_line(args), cwd=cwd, env=environment(env), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def finish(process):
    """Waits for its end. Bytes that are no UTF-8 come back as \\xNN."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    out, err = (text.decode(errors="backslashreplace") for text in (out, err))
    return Result(process.args, process.returncode, out, err)


def read_console(result):
    """Takes totals, seed and findings out of the console's text."""
    lines = result.out.splitlines()
    last = TOTALS.match(lines[-1]) if lines else None
    assert last, f"the last line has no totals\n{result}"
    result.seed = int(last["seed"])
    result.seconds = float(last["seconds"])
    for name in ("passed", "failed", "errors", "skipped", "xfailed", "xpassed", "flaky"):
        result.totals[name] = int(last[name])
    inside = False
    for line in lines:
        head = HEAD.match(line)
        if head:
            result.findings.append(Finding(
                head["word"], head["id"], head["delivery"], head["transport"], head["file"],
                int(head["line"] or 0), int(head["step"] or 0), head["kind"]))
        elif inside and line.startswith("  "):
            result.findings[-1].text += line + "\n"
        inside = bool(head) or (inside and line.startswith("  "))


def read_report(result, path):
    """Takes the verdict of every case out of a report that must be valid and agree with the
    console."""
    document = etree.parse(str(path))
    etree.XMLSchema(etree.parse(str(SCHEMA))).assertValid(document)
    result.report = document.getroot()
    counted = Counter()
    for case in result.report.iter("testcase"):
        word = case[0].tag if len(case) and case[0].tag != "system-out" else "passed"
        if word == "skipped" and case[0].get("message").startswith("xfail"):
            word = "xfailed"
        if word == "skipped" and case[0].get("message").startswith("flaky"):
            word = "flaky"
        if word == "failure" and case[0].get("type") == "xpass":
            word = "xpassed"
        counted[word] += 1
        if case.get("name") == "run.interrupted":
            counted["interrupted"] += 1
            continue
        place = case.get("classname").split(".")
        result.cases[case.get("name"), *place[-2:]] = word
    said = result.totals
    assert counted["passed"] == said["passed"], result
    assert counted["failure"] == said["failed"], result
    assert counted["error"] - counted["interrupted"] == said["errors"], result
    assert counted["skipped"] == said["skipped"], result
    assert counted["xfailed"] == said["xfailed"], result
    assert counted["xpassed"] == said["xpassed"], result
    assert counted["flaky"] == said["flaky"], result
    roots = result.report
    assert int(roots.get("tests")) == sum(1 for _ in roots.iter("testcase"))
    assert int(roots.get("failures")) == counted["failure"] + counted["xpassed"]
    assert int(roots.get("errors")) == counted["error"]


def sanitized():
    """Whether the tool was built with a sanitizer."""
    return b"__asan_init" in MCREPLAY.read_bytes() or b"__tsan_init" in MCREPLAY.read_bytes()


# Runs a command and tells the largest resident set among the processes that it waited for. It is a
# process of its own because a child's figure starts with what its parent had.
PEAK = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print("peak", usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak(*args):
    """A command, and the KiB that its largest process had resident: driver, worker or server."""
    argv = command_line(args)
    done = subprocess.run([PYTHON, "-S", "-c", PEAK, *argv], cwd=ROOT, env=environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE)
    return Result(argv, done.returncode, done.stdout, done.stderr), int(done.stderr.split()[-1])


def run(folder, *args, **keywords):
    """`mcreplay run` with a report, which is checked; for runs that get as far as playing cases."""
    return finish_run(folder, start_run(folder, *args, **keywords))


def compare(folder, *args, **keywords):
    """`mcreplay compare`, likewise."""
    return finish_run(folder, start_run(folder, *args, command="compare", **keywords))


def start_run(folder, *args, command="run", **keywords):
    path = report_path(folder)
    path.unlink(missing_ok=True)
    return start(command, "--junit", path, "--keep", kept_path(folder), *args, **keywords)


def finish_run(folder, process):
    result = finish(process)
    read_console(result)
    read_report(result, report_path(folder))
    return result


def kept_path(folder):
    """Where runs keep their failures; an option of their own comes later and wins."""
    return Path(folder) / "kept"


def report_path(folder):
    return Path(folder) / "report" / "junit.xml"


def compile_stub():
    """Makes STUB. Stub servers are started thousands of times, and would compile themselves each
    time."""
    for path in (*HERE.glob("stub_*.py"), HERE / "wire.py"):
        py_compile.compile(str(path), str(STUB.with_name(f"{path.stem}.pyc")), doraise=True)


def stub_argv(plant=None, **options):
    """The stub server's command as a list, but for where it listens."""
    argv = [PYTHON, "-S", str(STUB)]
    for name, value in dict(options, plant=plant).items():
        if value is not None:
            argv += [f"--{name}", str(value)]
    return argv


def stub_command(plant=None, address="--socket {socket}", **options):
    """The same for --command."""
    return f"{shlex.join(stub_argv(plant, **options))} {address}"


def stub_profile(path, plant=None, tell=None, marker=None, **settings):
    """Writes a server profile for the stub server, with further settings. JSON is YAML."""
    profile = {
        "name": "stub",
        "command": stub_argv(plant, tell=tell, marker=marker),
        "transports": {
            "unix": {"args": ["--socket", "{socket}"]},
            "tcp": {"args": ["--port", "{port}"]},
            "tls": {"args": ["--port", "{port}", "--cert", "{cert}", "--key", "{key}"]},
        },
        "version": "stub-1.0",
        **settings,
    }
    path.write_text(json.dumps(profile, indent=2))
    return path
