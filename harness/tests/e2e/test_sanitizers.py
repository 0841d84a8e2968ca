"""What sanitizers report turns a run red: at the case that ran, or as a case of its own; unless the
baseline knows it. The server is built with each of them here."""

import os
import re
import subprocess

import pytest
import tool

NOOP = "c1 > noop opaque=1\nc1 < noop opaque=1\n"
MISTAKE = f'{NOOP}c1 > delete key="{{ns}}k" opaque=2\nc1 < delete opaque=2\n'
# Those that the tests themselves may be run with are about the driver.
NO_OPTIONS = {f"{name}_OPTIONS": "" for name in ("ASAN", "LSAN", "TSAN", "UBSAN")}
OWN = ("sanitizer", "none", "none")


@pytest.fixture(scope="session")
def faulty(tmp_path_factory):
    """A server with a mistake, built with sanitizers, for --command: faulty("address", "leak")."""
    folder = tmp_path_factory.mktemp("sanitized")

    def command(sanitizer, mistake):
        program = folder / f"faulty_server-{sanitizer}"
        if not program.exists():
            flags = [f"-fsanitize={sanitizer}"] if sanitizer else []
            subprocess.run(["cc", "-g", "-O0", "-D_GNU_SOURCE", "-pthread", *flags, "-o", program,
                            tool.HERE / "faulty_server.c"], check=True)
        return f"{program} {{socket}} {mistake}"

    return command


@pytest.fixture
def play(run, session, faulty, tmp_path):
    """Runs a case that meets the mistake between two that don't, on one server."""

    def played(sanitizer, mistake, *args, cases=(("a", NOOP), ("b", MISTAKE), ("c", NOOP)),
               env=None):
        paths = [session(name, steps) for name, steps in cases]
        # Where another user can't come, no folder of ours is of use to the server.
        tmp = "/tmp" if mistake.endswith("-as-nobody") else str(tmp_path)
        return run("--command", faulty(sanitizer, mistake), "-j1", "-d", "whole", *args, *paths,
                   env={"TMPDIR": tmp, **NO_OPTIONS, **(env or {})})

    return played


@pytest.fixture
def baseline(tmp_path):
    def write(text):
        path = tmp_path / "known.sanitizers.yaml"
        path.write_text(text)
        return ["--sanitizers", path]

    return write


def kept(finding):
    return tool.ROOT / re.search(r"^  kept  (.+)$", finding.text, re.M)[1]


def entry(tool_name, kind, function="make_mistake", why="it is only a test"):
    return f"- tool: {tool_name}\n  function: {function}\n  kind: {kind}\n  why: {why}\n"


ROWS = [
    ("address", "overrun", "AddressSanitizer", "heap-buffer-overflow", "make_mistake"),
    ("address", "use-after-free", "AddressSanitizer", "heap-use-after-free", "make_mistake"),
    ("address", "crash", "AddressSanitizer", "SEGV", "make_mistake"),
    ("undefined", "undefined", "UndefinedBehaviorSanitizer", "signed-integer-overflow",
     "make_mistake"),
    ("thread", "race", "ThreadSanitizer", "data race", "count_up"),
    # The report is there although the server has become somebody else.
    ("address", "overrun-as-nobody", "AddressSanitizer", "heap-buffer-overflow", "make_mistake"),
    # The server writes it to standard error, whatever it was told.
    ("address", "overrun-on-stderr", "AddressSanitizer", "heap-buffer-overflow", "make_mistake"),
]
rows = pytest.mark.parametrize("sanitizer, mistake, name, kind, function", ROWS,
                               ids=[row[1] for row in ROWS])


@rows
def test_a_report_is_the_case_s_that_ran(sanitizer, mistake, name, kind, function, play):
    result = play(sanitizer, mistake)
    finding = result.finding
    assert (result.status, result.totals["passed"], result.totals["errors"]) == (1, 2, 1), result
    assert (finding.id.split("/")[-1], finding.word, finding.kind) == (
        "b", "ERROR", "sanitizer_report")
    line = finding.text.splitlines()[0].strip()
    assert re.fullmatch(rf"{name}: {kind} in {function} at faulty_server\.c:\d+ "
                        r"\(first seen, confirmed alone\)", line), finding.text
    error = result.report.find(".//error")
    assert error.get("type") == "sanitizer_report" and error.get("message") == line
    text = (kept(finding) / "sanitizer.txt").read_text()
    assert function in text and "faulty_server.c:" in text
    assert f"  {line.split(' (')[0]}: 1 case run, first {finding.id} [whole unix]\n" in result.out


@rows
def test_what_the_baseline_knows_is_counted_and_not_red(sanitizer, mistake, name, kind, function,
                                                        play, baseline):
    result = play(sanitizer, mistake, *baseline(entry(name, kind, function)))
    assert f"known sanitizer reports:\n  {name}: {kind} in {function}: 1 time (it is only a test)\n" \
        in result.out
    if sanitizer == "address":  # which ends the server: the case can't be judged
        assert (result.status, result.finding.kind) == (1, "server_crash"), result
    else:
        assert (result.status, result.totals["passed"]) == (0, 3), result


def test_a_leak_belongs_to_no_case(play):
    result = play("address", "leak")
    finding = result.finding
    assert (result.status, result.totals["passed"], result.totals["errors"]) == (1, 3, 1), result
    assert (finding.id, finding.delivery, finding.transport) == OWN
    assert re.match(r"  LeakSanitizer: leak in make_mistake at faulty_server\.c:\d+ "
                    r"\(when it was told to stop\)\n", finding.text)
    assert result.cases[OWN] == "error"
    assert "make_mistake" in (kept(finding) / "diff.txt").read_text()


def test_a_leak_can_be_known(play, baseline):
    known = entry("LeakSanitizer", "leak")
    result = play("address", "leak", *baseline(known))
    assert (result.status, result.totals["passed"]) == (0, 3), result
    assert "LeakSanitizer: leak in make_mistake: 1 time (it is only a test)\n" in result.out
    other = known.replace("make_mistake", "make_another")
    result = play("address", "leak", *baseline(known + other))
    assert result.status == 0, result
    assert "LeakSanitizer: leak in make_another: not seen in this run\n" in result.out
    assert play("address", "leak", *baseline(other)).status == 1


def test_the_check_for_leaks_must_take_place(play):
    result = play("address", "leak-unchecked")
    assert (result.status, result.finding.kind) == (3, "setup"), result
    assert "has not been checked for leaks" in result.finding.text
    result = play("address", "leak-unchecked", env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert (result.status, result.totals["passed"]) == (0, 3), result
    assert play(None, "leak-unchecked").status == 0


def test_the_status_tells_when_no_report_can_be_read(play):
    result = play(None, "status-97")
    assert (result.status, result.finding.kind) == (1, "sanitizer_report"), result
    assert "exited with status 97 when told to stop" in result.finding.text


@pytest.mark.parametrize("variable", ["ASAN_OPTIONS", "LSAN_OPTIONS"])
def test_the_caller_s_options_stay(variable, play, tmp_path):
    """But for where reports go. The runtimes make a folder that is not there, also the driver's own."""
    other = f"log_path={tmp_path}/other/report"
    result = play("address", "leak", env={variable: f"detect_leaks=0:{other}"})
    assert (result.status, result.totals["passed"]) == (0, 3), result
    result = play("address", "overrun", env={variable: other})
    assert result.finding.kind == "sanitizer_report", result
    assert not list(tmp_path.glob("other/*"))


def test_what_another_case_is_needed_for_is_not_seen_alone(play):
    result = play("address", "overrun-later", cases=[("a", MISTAKE), ("b", MISTAKE), ("c", NOOP)])
    assert (result.status, result.totals["passed"]) == (1, 2), result
    assert result.finding.id.endswith("b")
    assert "(first seen, not seen alone)\n" in result.finding.text


def test_on_a_server_of_its_own_a_case_is_alone(play):
    result = play("address", "overrun", "--server-per", "case")
    assert "(first seen, alone on its server)\n" in result.finding.text


def test_the_same_report_of_several_cases_is_one_in_the_summary(play):
    result = play("thread", "race", cases=[("a", MISTAKE), ("b", MISTAKE), ("c", NOOP)])
    assert [f.kind for f in result.findings] == ["sanitizer_report"] * 2
    summary = result.out[result.out.index("sanitizer reports:\n"):].splitlines()
    assert re.match(r"  ThreadSanitizer: data race in count_up at \S+: 2 case runs, first \S*a \[",
                    summary[1])
    assert not summary[2].startswith("  "), result


def test_valgrind_finds_a_leak_and_goes_on_after_an_error(play, baseline):
    result = play(None, "leak", "--valgrind")
    assert (result.status, result.finding.id) == (1, "sanitizer"), result
    assert result.finding.text.startswith("  memcheck: leak in make_mistake at faulty_server.c:")
    result = play(None, "overrun", "--valgrind", *baseline(entry("memcheck", "invalid-write")))
    assert (result.status, result.totals["passed"]) == (0, 3), result
    assert "memcheck: invalid-write in make_mistake: 1 time (it is only a test)\n" in result.out


@rows
def test_shrink_keeps_the_report(sanitizer, mistake, name, kind, function, faulty, session,
                                 tmp_path):
    """Whether the server goes on, so that the case is met, or is ended by it."""
    case, out = session("long", 3 * NOOP + MISTAKE + NOOP), tmp_path / "short.session"
    words = ["--command", faulty(sanitizer, mistake)]
    env = {"TMPDIR": "/tmp" if mistake.endswith("-as-nobody") else str(tmp_path), **NO_OPTIONS}
    result = tool.command("shrink", *words, "-o", out, case, env=env)
    assert result.status == 0, result
    assert re.search(rf"  sanitizer_report: {name}: {kind} in {function}\n  from  6 requests, .*\n"
                     r"  to    1 request, ", result.out), result
    assert [line.split()[2] for line in out.read_text().splitlines() if line.startswith("c1 >")] \
        == ["delete"]
    known = tmp_path / "known.yaml"
    known.write_text(entry(name, kind, function))
    result = tool.command("shrink", *words, "--sanitizers", known, "-o", out, "-f", case, env=env)
    if sanitizer == "address":
        assert (result.status, "  server_crash: the server " in result.out) == (0, True), result
    else:
        assert (result.status, "there is nothing to shrink" in result.out) == (1, True), result


def test_nothing_is_left_behind(play, tmp_path):
    play("address", "overrun")
    play("address", "leak")
    assert [p for p in os.listdir(tmp_path) if p.startswith("mcreplay.")] == []


@pytest.mark.parametrize("text, place, complaint", [
    (entry("ThreadSanitizer", "data race").replace("  why: it is only a test\n", ""), "1:3", "why"),
    (entry("ThreadSanitizer", "data race", why='" "'), "4:8", "no reason is given"),
    (entry("HeapSanitizer", "leak"), "1:9", "unknown tool"),
    ("- tool: memcheck\n  why: so\n", "1:3", "function"),
])
def test_a_bad_baseline(text, place, complaint, session, baseline):
    option, path = baseline(text)
    result = tool.command("run", "-s", "refserver", option, path, session("a", NOOP))
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"{path}:{place}: ") and complaint in result.err, result


def test_known_deviations_are_no_place_for_reports(session, tmp_path):
    known = tmp_path / "known.yaml"
    known.write_text("- case: a\n  kind: sanitizer_report\n  why: so\n")
    result = tool.command("run", "-s", "refserver", "--known", known, session("a", NOOP))
    assert (result.status, result.out) == (2, "")
    assert f"{known}:2:9: unknown kind" in result.err
