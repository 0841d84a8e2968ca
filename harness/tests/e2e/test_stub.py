"""The table of misbehaviours: what each must come to, in the console, the report and the exit
status. The stub server does everything right but the one thing that a row names."""

import re
from collections import Counter
from dataclasses import dataclass, field

import pytest
import tool
from sessions import BYSTANDER, SESSIONS, line_of


@dataclass(frozen=True)
class Row:
    plant: str
    steps: str = "last"  # the name of the session
    kind: str = None  # of the finding; None: all passes
    text: str = ""  # a pattern that the finding's text must hold
    at: str = None  # how the line begins that the finding names; None: none in particular
    delivery: str = "whole"
    args: tuple = ()
    settings: dict = field(default_factory=dict)
    word: str = "FAIL"
    status: int = 1
    bystanders: bool = True  # cases before and after it, which pass

    @property
    def name(self):
        return f"{self.plant or 'sound'}-{self.steps}-{self.delivery}"


PATIENT = ("--timeout", "1")
NOOP = "c1 < noop"
GET = "c1 < get"

NOTHING = r"no answer on c1 for 1\.0 s\n(.*\n)*  actual    nothing"
ABORTED = r"the server was killed by signal 6 \(Aborted\)"
LOG = r"\n  the server's log ends with\n  \| "

ROWS = [
    Row(None, status=0),
    Row(None, "middle", status=0),
    Row(None, "quit", status=0),
    Row(None, "stat", status=0),
    # Bytes too many or too few.
    Row("extra-byte", "last", "leftover", r"1 byte more than expected: raw hex\(00\)"),
    Row("extra-byte", "middle", "nonconformance", r"magic \(byte 0, stream 33\).*0x81.*0x00", NOOP),
    Row("missing-byte", "last", "timeout",
        r"the answer on c1 is incomplete after 1\.0 s\n(.*\n)*.*\(32 of 33 bytes\)", GET,
        args=PATIENT),
    Row("missing-byte", "middle", "nonconformance", r"value at 8 \(byte 32, stream 32\)", GET,
        delivery="pipelined"),
    Row("missing-byte", "middle", "timeout", r"incomplete after.*\n(.*\n)*.*\(32 of 33 bytes\)",
        GET, args=PATIENT),
    Row("missing-first-byte", "middle", "nonconformance",
        r"magic \(byte 0, stream 0\).*0x81.*0x00", GET),
    Row("answer-twice", "last", "leftover", r"33 bytes more than expected: get status=key_enoent"),
    Row("answer-twice", "middle", "nonconformance", r"opcode \(byte 1, .*noop.*get", NOOP),
    Row("no-answer", "last", "timeout", NOTHING, GET, args=PATIENT),
    Row("no-answer", "middle", "timeout", NOTHING, GET, args=PATIENT),
    Row("no-answer", "middle", "nonconformance", r"opcode \(byte 1, .*get.*noop", GET,
        delivery="pipelined"),
    Row("held-back", "last", "timeout", NOTHING, GET, args=PATIENT),
    Row("held-back", "last", "timeout", NOTHING, GET, args=PATIENT, delivery="pipelined"),
    Row("swapped", "middle", "nonconformance", r"opcode \(byte 1, .*get.*noop", GET,
        delivery="pipelined"),
    Row("swapped", "last", "timeout", NOTHING, GET, args=PATIENT),
    # Closing. A close with requests unread is a reset.
    Row("early-close", "last", "unexpected_close",
        r"the server (closed|reset) c1 instead of answering the driver's own noop"),
    Row("early-close", "middle", "unexpected_close",
        r"the server (closed|reset) c1 before its answer", NOOP),
    Row("early-close", "middle", "unexpected_close",
        r"the server (closed|reset) c1 before its answer", NOOP, delivery="pipelined"),
    Row("close-inside", "last", "unexpected_close",
        r"closed c1 in the middle of an answer\n(.*\n)*.*\(30 of 33 bytes\)", GET),
    Row("close-inside", "middle", "unexpected_close",
        r"closed c1 in the middle of an answer\n(.*\n)*.*\(30 of 33 bytes\)", GET),
    Row("no-close", "quit", "timeout", r"the server has not closed c1 for 1\.0 s", "c1 < closed",
        args=PATIENT, bystanders=False),
    Row("no-close", "last", "timeout", r"c1 has not ended for 1\.0 s after the client's half-close",
        args=PATIENT, bystanders=False),
    Row("reset", "last", "unexpected_close", r"the server reset c1 before its answer", GET),
    Row("reset", "middle", "unexpected_close", r"the server reset c1 before its answer", GET),
    # Time and amount.
    Row("hang", "last", "timeout", NOTHING, GET, args=PATIENT),
    Row("never-reads", "big", "timeout",
        r"the server reads no more: \d{6,} bytes of the request are unsent after 1\.0 s\n"
        r"  request   c1 > set key=", args=PATIENT),
    Row("endless-answers", "last", "leftover", r"\d+ bytes more than expected: get status=key_eno"),
    Row("endless-answers", "middle", "nonconformance", r"opcode \(byte 1, .*noop.*get", NOOP),
    Row("endless-answers", "stat", "nonconformance",
        r"this answer of the each has come before; each of its lines comes once", "c1 < stat opaq",
        bystanders=False),
    Row("endless-answers", "others", "nonconformance",
        r"more than 100000 further answers have come and not the one that ends the each",
        "c1 < stat opaq", bystanders=False),
    Row("endless-value", "middle", "nonconformance", r"want 9 bytes, got 4294967295", GET),
    Row("endless-value", "free", "nonconformance",
        r"value \(bytes 24-\d+, .*want at most 67108864 bytes, got 4294967295", GET),
    # What only a client that does not read brings to light; see below.
    Row("loses-a-byte-when-jammed", "flood", status=0),
    Row("never-resumes", "flood", status=0),
    # Starting.
    Row("slow-start", status=0),
    Row("never-ready", kind="setup", word="ERROR", status=3, bystanders=False,
        settings={"ready-within": "1500ms"},
        text=r"not ready within 1500 ms: `version` is not answered"),
    Row("wrong-version", kind="setup", word="ERROR", status=3, bystanders=False,
        text=r"expected a version that starts with \"stub-1\.0\", .* says \"other-9\.9\""),
    Row("wrong-protocol", kind="setup", word="ERROR", status=3, bystanders=False,
        text=r'what answers `version` does not speak the binary protocol; its answer begins '
             r'with "HTTP/1\.1 400 Bad Request\\r\\n'),
    Row("exit-at-once", kind="setup", word="ERROR", status=3, bystanders=False,
        text=r"exited with status 3 before it was ready" + LOG + r"stub: no such option"),
    Row("exit-at-once=0", kind="setup", word="ERROR", status=3, bystanders=False,
        text=r"exited with status 0 before it was ready" + LOG + r"stub: no such option"),
    Row("endless-log-at-start", kind="setup", word="ERROR", status=3, bystanders=False,
        settings={"log-limit": "1MiB"},
        text=r"wrote more than 1 MiB to its log" + LOG),
    # Dying.
    Row("crash", kind="server_crash", word="ERROR", text=ABORTED, at=GET),
    Row("crash", "middle", "server_crash", word="ERROR", text=ABORTED, at=GET),
    Row("crash-after-answer", kind="server_crash", word="ERROR", text=ABORTED),
    Row("exit-quietly", kind="server_crash", word="ERROR",
        text=r"the server exited with status 0", at=GET),
    Row("end-slowly", kind="server_crash", word="ERROR",
        text=r"the server exited with status 0", at=GET),
    Row("crash-between", kind="server_crash", word="ERROR", text=ABORTED),
    Row("garbage-and-crash", kind="server_crash", word="ERROR", text=ABORTED + r"\n(.*\n)*" + LOG[2:],
        at=GET),
    Row("gobble", kind="server_crash", word="ERROR", at=GET, settings={"memory-limit": "256MiB"},
        text=r"the server exited with status 1\n(.*\n)*  \| MemoryError"),
    # Stopping, and what it writes.
    Row("crash-stopping", kind="server_crash", word="ERROR", text=ABORTED + r" when told to stop"),
    Row("ignore-term", kind="server_limit", word="ERROR", settings={"stop": {"within": "300ms"}},
        text=r"the server did not end within 300 ms of SIGTERM"),
    Row("stderr-garbage", status=0),
    Row("endless-log", kind="server_limit", word="ERROR", settings={"log-limit": "1MiB"},
        text=r"the server wrote more than 1 MiB to its log\n(.*\n)*  \| stub: the same line", at=GET),
    Row("offspring", status=0),
]


@pytest.mark.parametrize("transport", ["unix", "tcp"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row, transport, run, session, profile):
    steps = SESSIONS[row.steps]
    cases = [session("b-planted", steps)]
    if row.bystanders:
        cases = [session("a-before", BYSTANDER), *cases, session("c-after", BYSTANDER)]
    result = run("-s", profile(row.plant, **row.settings), "--transport", transport,
                 "-d", row.delivery, "-j", 1, *row.args, *cases)
    assert result.status == row.status, result
    if row.kind is None:
        assert result.totals == Counter(passed=len(cases)), result
        return
    found = result.finding
    assert (found.word, found.kind) == (row.word, row.kind), result
    assert re.search(row.text, found.text), result
    if row.at:
        assert found.id.endswith("b-planted"), result
        assert found.line == line_of(steps, row.at), result
    # What the server wrote and sent is shown as text: no control byte reaches the terminal.
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", result.out), result
    if row.bystanders:
        for name in ("a-before", "c-after"):
            verdict = [v for (id, *_), v in result.cases.items() if id.endswith(name)]
            at_stop = not found.id.endswith("b-planted")
            assert verdict == ["passed"] or (at_stop and found.id.endswith(name)), result


def test_a_server_that_nothing_moves_costs_its_case_and_a_bad_stop(run, session, profile):
    stub = profile("hang-ignoring-term", stop={"within": "300ms"})
    cases = [session("a", BYSTANDER), session("b", SESSIONS["last"]), session("c", BYSTANDER)]
    result = run("-s", stub, "-j", 1, *PATIENT, *cases)
    assert result.status == 1, result
    assert result.totals["passed"] == 2, result
    (failed,) = (f for f in result.findings if f.word == "FAIL")
    assert (failed.kind, failed.id[-2:]) == ("timeout", "/b"), result
    # That server, and the one which took its place.
    stuck = [(f.word, f.kind, f.id) for f in result.findings if f is not failed]
    assert stuck == [("ERROR", "server_limit", "server")] * 2, result


@pytest.mark.parametrize("transport", ["unix", "tcp"])
@pytest.mark.parametrize(
    "plant, kind, text",
    [
        ("loses-a-byte-when-jammed", "nonconformance", r"\(bytes? .*, stream \d{6,}"),
        ("never-resumes", "timeout", r"the answer on c1 is incomplete after 1\.0 s"),
    ],    ids=["loses-a-byte", "never-resumes"],
)
def test_a_slow_reader_finds_what_a_quick_one_does_not(
    plant, kind, text, transport, run, session, profile
):
    """The driver starts to read when the server has done nothing for a moment, which a busy machine
    may bring about before the jam; hence more than one try."""
    result = run("-s", profile(plant), "-d", "slow-read", "--transport", transport,
                 "--repeat", 5, *PATIENT, session("a", SESSIONS["flood"]))
    assert result.status == 1, result
    assert 1 <= result.totals["failed"] == 5 - result.totals["passed"], result
    for finding in result.findings:
        assert finding.kind == kind and re.search(text, finding.text), result


def test_progress_without_end_is_bounded_by_the_time_for_a_whole_case(run, session, profile):
    """Sixty times the timeout. There is a byte each few milliseconds, so the timeout never passes,
    unless the machine stands still for as long."""
    result = run("-s", profile("drip"), "--timeout", "800ms", session("a", SESSIONS["free"]))
    assert result.status == 1, result
    assert result.finding.kind == "timeout"
    assert re.search(r"the answer on c1 is incomplete after 48\.0 s\n(.*\n)*.* of 1048600 bytes\)",
                     result.finding.text), result


BOUNDLESS = [
    ("endless-answers", "others"), ("endless-answers", "last"), ("endless-value", "free"),
    ("endless-log", "last"), ("never-reads", "big"),
]


@pytest.mark.parametrize("plant, steps", BOUNDLESS)
def test_a_server_without_bounds_costs_bounded_memory(plant, steps, session, profile, tmp_path):
    """Without a sanitizer, whose own memory counts otherwise."""
    path = session("a", SESSIONS[steps])
    result, kib = tool.peak("run", "-s", profile(plant), "-j", 1, "--keep", tmp_path / "kept", *PATIENT, path)
    assert result.status == 1, result
    assert tool.sanitized() or kib < 64 * 1024, f"{kib} KiB in the largest process"


def test_a_program_that_is_not_there(run, session):
    result = run("--command", "/nonexistent/server {socket}", "-j", 1, session("a", BYSTANDER))
    assert result.status == 3
    assert result.finding.kind == "setup"
    assert "/nonexistent/server" in result.finding.text
    assert "No such file or directory" in result.finding.text


def test_a_server_that_cannot_be_had_fails_every_case_the_same_way(run, session, profile):
    cases = [session(f"case-{i}", BYSTANDER) for i in range(4)]
    result = run("-s", profile("exit-at-once"), "-j", 2, *cases)
    assert result.status == 3
    assert [f.kind for f in result.findings] == ["setup"] * 4


def test_a_server_that_dies_now_and_then_costs_single_cases(run, session, profile):
    cases = [session(f"case-{i}", BYSTANDER) for i in range(12)]
    result = run("-s", profile("die-after=15"), "-j", 1, *cases)
    assert result.status == 1
    assert {f.kind for f in result.findings} == {"server_crash"}
    assert all("exited with status 1" in f.text for f in result.findings)
    # Fifteen requests are enough for two cases and the probes, and too few for twelve cases.
    assert 1 <= result.totals["errors"] <= 6, result
    assert result.totals["passed"] + result.totals["errors"] == 12


def test_a_crash_shows_the_end_of_the_log_in_console_and_report(run, session, profile):
    result = run("-s", profile("garbage-and-crash"), "-j", 1, session("a", SESSIONS["last"]))
    assert r"\x01" in result.finding.text
    (error,) = result.report.iter("error")
    assert error.get("type") == "server_crash"
    assert r"\x01" in error.text


def test_a_hang_does_not_outlast_its_timeout(run, session, profile):
    result = run("-s", profile("hang"), "--timeout", 1, session("a", SESSIONS["last"]))
    assert result.finding.kind == "timeout"
    assert 1 <= result.seconds < 30
