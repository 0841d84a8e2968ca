"""The table of misbehaviours: what each must come to, in the console, the report and the exit
status. The stub server does everything right but the one thing that a row names."""

import re
from collections import Counter
from dataclasses import dataclass, field

import pytest
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

ROWS = [
    Row(None, status=0),
    Row(None, "middle", status=0),
    Row(None, "quit", status=0),
    Row(None, "stat", status=0),
    # Bytes too many or too few.
    Row("extra-byte", "last", "leftover", r"more than expected"),
    Row("extra-byte", "middle", "nonconformance", r"magic \(byte 0, stream 33\).*0x81.*0x00", NOOP),
    Row("missing-byte", "last", "timeout", r"32 of 33 bytes came", GET, args=PATIENT),
    Row("missing-byte", "middle", "nonconformance", r"value at 8 \(byte 32, stream 32\)", GET,
        delivery="pipelined"),
    Row("missing-byte", "middle", "timeout", r"32 of 33 bytes came", GET, args=PATIENT),
    Row("missing-first-byte", "middle", "nonconformance",
        r"magic \(byte 0, stream 0\).*0x81.*0x00", GET),
    Row("answer-twice", "last", "leftover", r"more than expected: .*get"),
    Row("answer-twice", "middle", "nonconformance", r"opcode .*noop.*get", NOOP),
    Row("no-answer", "last", "timeout", r"nothing came", GET, args=PATIENT),
    Row("no-answer", "middle", "timeout", r"nothing came", GET, args=PATIENT),
    Row("no-answer", "middle", "nonconformance", r"opcode .*get.*noop", GET, delivery="pipelined"),
    Row("held-back", "last", "timeout", r"nothing came", GET, args=PATIENT),
    Row("held-back", "last", "timeout", r"nothing came", GET, args=PATIENT, delivery="pipelined"),
    Row("swapped", "middle", "nonconformance", r"opcode .*get.*noop", GET, delivery="pipelined"),
    Row("swapped", "last", "timeout", r"nothing came", GET, args=PATIENT),
    # Closing.
    Row("early-close", "last", "unexpected_close"),
    Row("early-close", "middle", "unexpected_close", r"", NOOP),
    Row("close-inside", "last", "unexpected_close", r"30 of 33 bytes came", GET),
    Row("close-inside", "middle", "unexpected_close", r"30 of 33 bytes came", GET),
    Row("no-close", "quit", "timeout", r"closed", "c1 < closed", args=PATIENT, bystanders=False),
    Row("no-close", "last", "timeout", r"end of", args=PATIENT, bystanders=False),
    Row("reset", "last", "unexpected_close", r"reset", GET),
    Row("reset", "middle", "unexpected_close", r"reset", GET),
    # Time and amount.
    Row("hang", "last", "timeout", r"nothing came", GET, args=PATIENT),
    Row("never-reads", "big", "timeout", r"", args=PATIENT),
    Row("endless-answers", "last", "leftover", args=PATIENT),
    Row("endless-answers", "middle", "nonconformance", r"opcode .*noop.*get", NOOP, args=PATIENT),
    Row("endless-answers", "stat", "timeout", args=PATIENT, bystanders=False),
    Row("endless-value", "middle", "nonconformance", r"bodylen .*4294967295|0xffffffff", GET),
    Row("endless-value", "free", "nonconformance", r"bodylen", GET),
    # Starting.
    Row("slow-start", status=0),
    Row("never-ready", kind="setup", word="ERROR", status=3, bystanders=False,
        settings={"ready-within": "500ms"}, text=r"500 ms"),
    Row("wrong-version", kind="setup", word="ERROR", status=3, bystanders=False,
        text=r"other-9\.9.*stub-1\.0|stub-1\.0.*other-9\.9"),
    Row("wrong-protocol", kind="setup", word="ERROR", status=3, bystanders=False, text=r"HTTP"),
    Row("exit-at-once", kind="setup", word="ERROR", status=3, bystanders=False,
        text=r"(?s)exited with status 3.*no such option"),
    Row("exit-at-once=0", kind="setup", word="ERROR", status=3, bystanders=False,
        text=r"exited with status 0"),
    # Dying.
    Row("crash", kind="server_crash", word="ERROR", text=r"signal 6 \(Aborted\)"),
    Row("crash", "middle", "server_crash", word="ERROR", text=r"signal 6 \(Aborted\)", at=GET),
    Row("crash-after-answer", kind="server_crash", word="ERROR", text=r"signal 6 \(Aborted\)"),
    Row("exit-quietly", kind="server_crash", word="ERROR", text=r"exited with status 0"),
    Row("crash-between", kind="server_crash", word="ERROR", text=r"signal 6 \(Aborted\)"),
    Row("garbage-and-crash", kind="server_crash", word="ERROR", text=r"signal 6 \(Aborted\)"),
    # Stopping, and what it writes.
    Row("crash-stopping", kind="server_crash", word="ERROR", text=r"signal 6 \(Aborted\)"),
    Row("ignore-term", kind="server_limit", word="ERROR", text=r"did not (end|stop)",
        settings={"stop": {"within": "300ms"}}),
    Row("stderr-garbage", status=0),
    Row("endless-log", kind="server_limit", word="ERROR", text=r"more than 1 MiB",
        settings={"log-limit": "1MiB"}),
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


def test_a_program_that_is_not_there(run, session):
    result = run("--command", "/nonexistent/server {socket}", "-j", 1, session("a", BYSTANDER))
    assert result.status == 3
    assert result.finding.kind == "setup"
    assert "/nonexistent/server" in result.finding.text
    assert "No such file or directory" in result.finding.text


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
    seconds = float(re.search(r" in ([\d.]+) s ", result.out.splitlines()[-1])[1])
    assert 1 <= seconds < 30
