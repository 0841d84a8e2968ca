"""The printed reproduce line, given to a shell in the project's root, fails in the same way."""

import subprocess

import pytest
import tool
from sessions import SESSIONS, WRONG


def repeated(finding, cwd=tool.ROOT):
    """Runs a finding's reproduce line, which is to leave nothing; the finding that it gives."""
    line = finding.reproduce + " --keep none"
    done = subprocess.run(["sh", "-c", line], cwd=cwd, env=tool.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=tool.PATIENCE)
    result = tool.Result([line], done.returncode, done.stdout.decode(), done.stderr.decode())
    tool.read_console(result)
    return result, result.finding


def same(finding, again):
    return again.signature == finding.signature


@pytest.mark.parametrize(
    "delivery",
    ["whole", "pipelined", "bytewise", "split:24", "fields", "random:99", "half-close", "slow-read",
     "slow-read-last", "pause", "crowd:3"],
)
@pytest.mark.parametrize("transport", ["unix", "tcp", "tls"])
def test_of_a_failure_under_a_delivery(delivery, transport, run, session, profile):
    result = run("-s", profile(), "-d", delivery, "--transport", transport, session("a", WRONG))
    again, finding = repeated(result.finding)
    assert again.status == result.status == 1
    assert same(result.finding, finding), again


@pytest.mark.parametrize(
    "plant, args, status",
    [
        ("crash", (), 1),
        ("extra-byte", (), 1),
        ("close-inside", (), 1),
        ("no-answer", ("--timeout", 1), 1),
        ("exit-at-once", (), 3),
    ],
)
def test_of_a_misbehaviour(plant, args, status, run, session, profile):
    result = run("-s", profile(plant), *args, session("a", SESSIONS["last"]))
    again, finding = repeated(result.finding)
    assert again.status == result.status == status
    assert same(result.finding, finding), again


def test_of_a_command_with_quotes_and_blanks(run, session):
    command = tool.stub_command("extra-byte", marker="it's \"a\" $HOME `text` \\ with * blanks")
    result = run("--command", command, session("it", SESSIONS["last"]))
    again, finding = repeated(result.finding)
    assert again.status == 1
    assert same(result.finding, finding), again


def test_of_a_failure_that_depends_on_the_seed(run, session, profile):
    """The line holds the run's seed, so that random cuts are the same ones."""
    result = run("-s", profile(), "-d", "random:5", "--seed", 1234, session("a", WRONG))
    assert result.seed == 1234
    again, _ = repeated(result.finding)
    assert again.seed == 1234


def test_of_a_run_with_repetitions_and_known_ones(run, session, profile):
    """Each repetition that fails has a line of its own, for the one case."""
    result = run("-s", profile(), "--repeat", 3, "--shuffle=4", session("a", WRONG))
    assert result.totals["failed"] == 3
    for finding in result.findings:
        again, found = repeated(finding)
        assert again.totals["failed"] == 1
        assert same(finding, found), again


def test_of_another_program_in_the_profile_s_place(tmp_path, run, session, profile):
    """The profile's own answers well, and the program that takes its place does not."""

    def program(name, plant=None):
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\nexec {tool.shlex.join(tool.stub_argv(plant))} "$@"\n')
        path.chmod(0o755)
        return str(path)

    server = profile(command=[program("sound")])
    path = session("it", SESSIONS["last"])
    assert run("-s", server, path).status == 0
    result = run("-s", server, "--binary", program("it's another", "extra-byte"), path)
    again, finding = repeated(result.finding)
    assert again.status == result.status == 1
    assert same(result.finding, finding), again


@pytest.mark.parametrize("words", [["--command", "x {socket}"], ["--attach", "unix:x"]])
def test_another_program_needs_a_profile(words):
    done = tool.command("run", *words, "--binary", "x")
    assert done.status == 2
    assert "--binary takes the place of a profile's program" in done.err
