"""--pause-before: the play stands still before a step, as long as anybody likes, and goes on as if it had
not."""

import os
import re
import shlex
import subprocess
import time

import processes
import pytest
import tool
from sessions import BYSTANDER, SESSIONS
from terminal import Terminal

# A set, its answer, a get, its answer.
STEPS = SESSIONS["last"]


class Paused:
    """A run with its input in our hands, come to its pause."""

    def __init__(self, *args):
        argv = [tool.MCREPLAY, "run", "--last", os.devnull, "--keep", "none", *args]
        self.process = subprocess.Popen([str(a) for a in argv], cwd=tool.ROOT,
                                        env=tool.environment(), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.text = b""
        while not self.text.endswith(b"  Enter goes on\n"):
            line = self.process.stdout.readline()
            assert line, self.text + self.process.stderr.read()
            self.text += line

    def told(self, pattern):
        return re.search(pattern, self.text.decode(), re.M)

    def go(self, typed=b""):
        out, err = self.process.communicate(typed, timeout=tool.PATIENCE)
        result = tool.Result(self.process.args, self.process.returncode,
                             (self.text + out).decode(), err.decode())
        tool.read_console(result)
        return result


@pytest.mark.parametrize("delivery", ["whole", "pipelined", "bytewise", "slow-read", "half-close"])
@pytest.mark.parametrize("step, seen", [(1, []), (2, ["request"]), (3, ["request"]),
                                        (4, ["request", "trigger"])])
def test_all_before_the_step_has_been_done(step, seen, delivery, session, profile, events):
    case = session("a", STEPS)
    paused = Paused("-s", profile(tell=events.path), "-d", delivery, "--pause-before", step, case)
    line = case.read_text().splitlines()[step + 1].strip()
    assert paused.told(rf"^paused before step {step} of 4 of \S*/a  {case}:{step + 2}$")
    assert paused.told(rf"^  next    {re.escape(line)}$")
    server = events.wait("start")
    assert paused.told(rf"^  server  pid {server}; gdb -p {server}$")
    # Of the requests that the server has read, the first is the question whether it is ready. A
    # request whose answer has not been waited for may still be on its way.
    done = [name for name, _ in events.drain() if name in ("request", "trigger")][1:]
    if step % 2:
        assert done == seen
    else:
        assert done in (seen, seen[:-1])
    result = paused.go(b"\n")
    assert (result.status, result.totals["passed"]) == (0, 1), result


def test_nothing_runs_out_while_a_debugger_looks(session, profile):
    paused = Paused("-s", profile(), "--timeout", "500ms", "--pause-before", 4, session("a", STEPS))
    gdb = shlex.split(paused.told(r"; (gdb -p \d+)$")[1])
    end = time.monotonic() + 2
    while time.monotonic() < end:
        done = subprocess.run([*gdb, "-batch", "-ex", "backtrace"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=tool.PATIENCE)
        assert re.search(r"^#0 ", done.stdout, re.M), done.stdout + done.stderr
    result = paused.go()  # the end of its input will do
    assert (result.status, result.totals["passed"]) == (0, 1), result


def test_a_failure_behind_the_pause_is_the_same(session, profile):
    words = ["-s", profile("extra-byte"), session("a", STEPS)]
    plain = tool.command("run", "--keep", "none", *words)
    tool.read_console(plain)
    result = Paused("--pause-before", 3, *words).go(b"never mind\n")
    assert result.status == 1 and result.finding.signature == plain.finding.signature, result


def test_what_dies_in_the_pause_is_seen_behind_it(session, profile, events):
    paused = Paused("-s", profile(tell=events.path), "--pause-before", 3, session("a", STEPS))
    server = events.wait("start")
    os.kill(server, 9)
    assert processes.wait_until_ended(server, 30)
    result = paused.go(b"\n")
    assert (result.status, result.finding.kind) == (1, "server_crash"), result


def test_a_run_can_be_interrupted_in_its_pause(session, profile, events):
    marker = f"marker-of-pause-{os.getpid()}"
    paused = Paused("-s", profile(marker=marker), "--pause-before", 1, session("a", STEPS))
    paused.process.terminate()
    assert paused.process.wait(tool.PATIENCE) == 3
    assert processes.wait_until_gone(marker) == []


def test_without_input_it_goes_on_at_once(session, profile):
    """Nobody could tell it to."""
    result = tool.command("run", "-s", profile(), "--keep", "none", "--pause-before", 2,
                          session("a", STEPS))
    assert result.status == 0 and "paused before step 2 of 4" in result.out, result


def test_inside_a_loop_it_pauses_once(session, profile):
    case = session("a", "repeat 3 {\n" + BYSTANDER + "}\n")
    paused = Paused("-s", profile(), "--pause-before", 1, case)
    result = paused.go(b"\n")
    assert result.status == 0 and result.out.count("paused before") == 1, result


def test_enter_on_a_terminal(session, profile):
    terminal = Terminal([tool.MCREPLAY, "run", "-s", profile(), "--keep", "none", "--last",
                         os.devnull, "--pause-before", 2, session("a", STEPS)], tool.ROOT)
    terminal.wait("Enter goes on", "\n")
    terminal.wait("1 passed, 0 failed")
    assert terminal.finish() == 0


@pytest.mark.parametrize("words, complaint", [
    (["5"], r"--pause-before: \S+/a has 4 steps; name one from 1 to 4"),
    (["1", "-d", "whole,bytewise"], "--pause-before is for one case run, and 2 are selected; name "
     "one case, one delivery and one transport"),
    (["1", "-d", "crowd:2"], "--pause-before is for one player; name another delivery than crowd:2"),
    (["1", "--gdb"], "--pause-before and --gdb exclude each other; give one"),
])
def test_what_makes_no_sense(words, complaint, session, profile):
    result = tool.command("run", "-s", profile(), session("a", STEPS), "--pause-before", *words)
    assert (result.status, result.out) == (2, "")
    assert re.fullmatch(f"mcreplay run: {complaint}\n", result.err), result
