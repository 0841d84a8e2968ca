"""Interrupting a run, and killing any of its processes: the report is written, one case pays, and
no server stays behind."""

import os
import signal
import uuid

import processes
import pytest
import tool

SOUND = 'c1 > set key="{ns}k" value="v"\nc1 < set cas=*'
PLANTED = 'c1 > get key="{ns}plant"\nc1 < get status=key_enoent value="Not found"'


@pytest.fixture
def marker():
    """A text that stands in the command line of the driver, its workers and every server."""
    text = f"marker-{uuid.uuid4()}"
    yield text
    for pid in processes.marked(text):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def started(tmp_path, session, events, marker):
    """Starts a run of three cases of which the second meets the plant; waits for nothing."""
    running = []

    def start(plant, *args, cases=None):
        cases = cases or [session("a", SOUND), session("b", PLANTED), session("c", SOUND)]
        command = tool.stub_command(plant, tell=events.path, marker=marker)
        process = tool.start_run(tmp_path, "--command", command, "--timeout", 120, *args, *cases)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "ctrl-c"])
def test_an_interrupted_run_writes_its_report(how, started, events, marker, tmp_path):
    process = started("hang", "-j", 1)
    events.wait("trigger")
    if how == "ctrl-c":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.Signals[how])
    result = tool.finish_run(tmp_path, process)
    assert result.status == 3, result
    assert "interrupted after" in result.out
    assert [c.get("name") for c in result.report.iter("testcase")].count("run.interrupted") == 1
    assert result.totals["passed"] == 1 and result.totals["failed"] == 0, result
    assert all(f.kind == "interrupted" for f in result.findings), result
    assert processes.wait_until_gone(marker) == []


@pytest.mark.parametrize(
    "plant, event, passed",
    [("never-ready", "start", 0), (None, "request", 0), ("ignore-term", "term", 3)],
)
def test_a_run_can_be_interrupted_at_any_moment(
    plant, event, passed, started, events, marker, tmp_path
):
    """While a server starts, between a case's steps, and when all cases have been played."""
    process = started(plant, "-j", 1)
    events.wait(event)
    process.send_signal(signal.SIGTERM)
    result = tool.finish_run(tmp_path, process)
    assert result.status == 3, result
    assert "interrupted after" in result.out
    assert [c.get("name") for c in result.report.iter("testcase")].count("run.interrupted") == 1
    assert result.totals["passed"] >= passed and result.totals["failed"] == 0, result
    assert processes.wait_until_gone(marker) == []


MOMENTS = [
    (None, "start", 1),
    (None, "request", 1),
    (None, "request", 6),
    (None, "request", 25),
    (None, "start", 4),
    ("hang", "trigger", 1),
    ("ignore-term", "term", 1),
    ("offspring", "trigger", 1),
    ("never-ready", "start", 1),
    ("endless-log", "trigger", 1),
    ("endless-answers", "trigger", 1),
]


@pytest.mark.parametrize("per", ["case", "run"])
@pytest.mark.parametrize("plant, event, count", MOMENTS)
def test_nothing_outlives_a_driver_that_is_killed(
    plant, event, count, per, started, session, events, marker
):
    cases = [session(f"{i:02}", PLANTED if i % 3 == 2 else SOUND) for i in range(30)]
    if event == "start" and per == "run":
        count = min(count, 2)  # one for each worker
    # A server is stopped when all is done; but for that the run shall not end by itself before.
    repeat = 1 if event == "term" else 10000
    process = started(plant, "-j", 2, "--server-per", per, "--repeat", repeat, cases=cases)
    events.wait(event, count)
    assert processes.marked(marker)
    process.kill()
    process.wait()
    assert processes.wait_until_gone(marker) == []


def test_nothing_outlives_a_run_that_ends_by_itself(started, events, marker, tmp_path):
    result = tool.finish_run(tmp_path, started("offspring", "-j", 2))
    assert result.status == 0, result
    assert events.drain()
    assert processes.marked(marker) == []


def test_a_killed_worker_costs_its_case_and_no_other(started, events, marker, tmp_path):
    process = started("hang", "-j", 1)
    chain = processes.ancestors(events.wait("trigger"), process.pid)
    worker = chain[-2]  # below the driver
    os.kill(worker, signal.SIGKILL)
    result = tool.finish_run(tmp_path, process)
    assert result.status == 1, result
    assert (result.finding.word, result.finding.kind) == ("ERROR", "worker"), result
    assert result.finding.id.endswith("/b")
    assert "the driver's worker was killed by signal 9 (Killed)" in result.finding.text
    assert result.totals["passed"] == 2
    assert processes.wait_until_gone(marker) == []


def test_a_worker_that_dies_after_its_last_case_is_no_success(started, events, marker, tmp_path):
    """It has a server to stop, which may be a bad stop."""
    process = started("ignore-term", "-j", 1)
    worker = processes.ancestors(events.wait("term"), process.pid)[-2]
    os.kill(worker, signal.SIGKILL)
    result = tool.finish_run(tmp_path, process)
    assert result.status == 1, result
    assert result.totals["passed"] == 3
    finding = result.finding
    assert (finding.word, finding.id, finding.kind) == ("ERROR", "server", "worker"), result
    assert "the driver's worker was killed by signal 9 (Killed)" in finding.text
    assert processes.wait_until_gone(marker) == []


def test_a_killed_keeper_takes_its_server_along(started, events, marker, tmp_path):
    process = started("hang", "-j", 1)
    server = events.wait("trigger")
    os.kill(processes.parent(server), signal.SIGKILL)
    assert processes.wait_until_ended(server, 30)
    result = tool.finish_run(tmp_path, process)
    assert result.status == 1, result
    assert (result.finding.word, result.finding.kind) == ("ERROR", "server_crash"), result
    assert result.finding.id.endswith("/b"), result
    assert "the server lost its keeper, which was killed" in result.finding.text
    assert result.totals["passed"] == 2
    assert processes.wait_until_gone(marker) == []


def test_a_killed_server_is_a_crash_of_its_case(started, events, tmp_path):
    process = started("hang", "-j", 1)
    os.kill(events.wait("trigger"), signal.SIGKILL)
    result = tool.finish_run(tmp_path, process)
    assert result.status == 1
    assert result.finding.kind == "server_crash" and "signal 9" in result.finding.text, result
    assert result.totals["passed"] == 2
