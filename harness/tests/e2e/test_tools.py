"""--gdb, --rr, --valgrind, --strace: the server runs under the tool, is still known to be the right one,
and is still told to stop. The tools are real but for rr, which few virtual machines can run."""

import os
import re
import subprocess

import processes
import pytest
import tool
from sessions import BYSTANDER
from terminal import Terminal

GET = 'c1 > get key="{ns}k" opaque=1\nc1 < get status=key_enoent value=* opaque=1\n'


SOON = {"within": "100ms"}  # ten times that under a tool


@pytest.fixture(scope="session")
def faulty(tmp_path_factory):
    """The faulty server's command for --command: faulty("crash")."""
    program = tmp_path_factory.mktemp("faulty") / "faulty_server"
    subprocess.run(["cc", "-g", "-O0", "-D_GNU_SOURCE", "-pthread", "-o", program,
                    tool.HERE / "faulty_server.c"], check=True)
    return lambda mistake: f"{program} {{socket}} {mistake}"


@pytest.fixture
def fake(tmp_path):
    """Puts a shell script in the place of a tool; an environment that finds it first."""

    def write(name, script):
        (tmp_path / "bin").mkdir(exist_ok=True)
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return {"PATH": f"{path.parent}:{tool.MCREPLAY.parent}:{os.environ['PATH']}"}

    return write


def kept(finding):
    return tool.ROOT / re.search(r"^  kept  (.+)$", finding.text, re.M)[1]


@pytest.mark.parametrize("name, transports", [("strace", "unix,tcp"), ("gdb", "unix,tcp"),
                                              ("valgrind", "unix")])
def test_a_sound_server_passes(name, transports, tmp_path):
    """memcached ends on its stop signal with status 0, which says that the signal has come to it."""
    command = ["run", f"--{name}", "--transport", transports, "--keep", "none", "get/hit",
               "get/miss"]
    result = tool.command(*command, cwd=tmp_path, env={"MCREPLAY_DATA": str(tool.ROOT)})
    tool.read_console(result)
    assert result.status == 0, result
    assert result.totals["passed"] == 2 * len(transports.split(",")), result
    assert ", 1 worker, " in result.out


@pytest.mark.parametrize("name", ["strace", "gdb", "valgrind"])
def test_a_server_may_end_by_the_stop_signal(name, run, session, profile):
    result = run("-s", profile(), f"--{name}", session("a", BYSTANDER))
    assert (result.status, result.totals["passed"]) == (0, 1), result


@pytest.mark.parametrize("name", ["strace", "gdb"])
def test_the_server_itself_is_told_to_stop(name, session, profile, events):
    result = tool.command("run", "-s", profile("ignore-term", tell=events.path, stop=SOON),
                          f"--{name}", "--keep", "none", session("a", BYSTANDER))
    tool.read_console(result)
    server = events.wait("term")
    assert server == events.wait("start")
    assert result.totals["passed"] == 1 and result.totals["errors"] == 1, result
    assert "did not end within" in result.finding.text
    assert processes.wait_until_ended(server, 30)


@pytest.mark.parametrize("name", ["strace", "gdb", "valgrind"])
def test_nothing_outlives_an_interrupted_run(name, session, profile, events):
    marker = f"marker-of-{name}-{os.getpid()}"
    process = tool.start("run", "-s", profile("no-answer", tell=events.path, marker=marker),
                         f"--{name}", "--keep", "none", session("a", GET.replace("}k", "}plant")))
    events.wait("trigger")
    process.terminate()
    assert tool.finish(process).status == 3
    assert processes.wait_until_gone(marker) == []


def test_strace_tells_where_it_writes(session, profile, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    (here / "mcreplay-strace.txt").write_text("of an earlier run\n")
    command = ["run", "-s", profile(), "--keep", "none", session("a", BYSTANDER)]
    result = tool.command(*command, "--strace=-e 'trace=%network'", cwd=here)
    assert result.status == 0, result
    assert f"; strace writes to {here}/mcreplay-strace.txt\n" in result.out
    trace = (here / "mcreplay-strace.txt").read_text()
    assert "of an earlier run" not in trace
    assert re.search(r"^\d+ +[\d:.]+ accept4\(", trace, re.M) and "SIGTERM" in trace
    assert " read(" not in trace
    (here / "build").mkdir()
    tool.command(*command, "--strace", cwd=here)
    assert " read(" in (here / "build" / "report" / "strace.txt").read_text()


def test_gdb_tells_where_it_crashed(run, session, faulty):
    result = run("--command", faulty("crash"), "--gdb", session("a", GET))
    finding = result.finding
    assert (result.status, finding.word, finding.kind) == (1, "ERROR", "server_crash"), result
    assert "| Program received signal SIGSEGV, Segmentation fault.\n" in finding.text
    assert re.search(r"^  \| #0  .* in make_mistake .*faulty_server\.c:\d+$", finding.text, re.M)
    assert "make_mistake" in (kept(finding) / "server.log").read_text()
    assert " --gdb " in finding.reproduce
    assert "gdb -q -batch " in (kept(finding) / "server.txt").read_text()


def test_gdb_takes_breakpoints(run, session, faulty):
    result = run("--command", faulty("crash"), "--gdb=-ex 'break make_mistake'", session("a", GET))
    assert re.search(r"Breakpoint 1, make_mistake \(which=.*crash", result.finding.text), result


@pytest.mark.parametrize("mistake, words", [("crash", "Invalid write of size 1"),
                                            ("overrun", "bytes after a block of size ")])
def test_valgrind_s_report_is_the_case_s(mistake, words, run, session, faulty):
    result = run("--command", faulty(mistake), "--valgrind", session("a", GET))
    finding = result.finding
    assert (result.status, finding.word, finding.kind) == (1, "ERROR", "sanitizer_report"), result
    assert finding.text.startswith("  memcheck: invalid-"), finding.text
    assert re.search(r" in make_mistake at faulty_server\.c:\d+ \(first seen, confirmed alone\)",
                     finding.text.splitlines()[0])
    assert words in finding.text and "make_mistake (faulty_server.c:" in finding.text
    assert words in (kept(finding) / "sanitizer.txt").read_text()


def test_without_valgrind_the_overrun_is_not_noticed(run, session, faulty):
    """Its answer is wrong then, and that is all there is to see."""
    result = run("--command", faulty("overrun"), session("a", GET))
    assert (result.finding.word, result.finding.kind) == ("FAIL", "nonconformance"), result


def test_the_script_takes_a_tool(run, session, faulty):
    result = run("--command", faulty("crash"), session("a", GET))
    assert "make_mistake" not in result.finding.text
    done = subprocess.run([kept(result.finding) / "repro.sh", "--gdb"], env=tool.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=tool.PATIENCE)
    assert done.returncode == 1 and "make_mistake" in done.stdout, done.stdout + done.stderr


FAKE_RR = """
[ "$1" = record ] && shift
mkdir -p "$_RR_TRACE_DIR" && echo "$@" > "$_RR_TRACE_DIR/said"
[ "$1" = -h ] && shift
"$@" &
server=$!
trap 'echo "rr itself was told to stop"; kill $server; exit 1' TERM
wait $server
status=$?
[ $status = 143 ] && trap - TERM && kill $$
exit $status
"""


def test_rr_records_below_the_reports(fake, session, profile, tmp_path):
    (tmp_path / "here" / "build").mkdir(parents=True)
    result = tool.command("run", "-s", profile(), "--rr=-h", "--keep", "none",
                          session("a", BYSTANDER), cwd=tmp_path / "here", env=fake("rr", FAKE_RR))
    assert result.status == 0, result
    folder = tmp_path / "here" / "build" / "report" / "rr"
    assert f"; rr writes to {folder}\n" in result.out
    said = (folder / "said").read_text()
    assert said.startswith("-h /usr/bin/python3 -S ") and "--socket /" in said


def test_rr_runs_or_says_why_not(session, profile, tmp_path):
    result = tool.command("run", "-s", profile(), "--rr", "--keep", "none",
                          session("a", BYSTANDER), cwd=tmp_path)
    if result.status == 0:
        assert list((tmp_path / "mcreplay-rr").glob("*/version"))
    else:
        assert (result.status, result.out) == (3, "")
        assert result.err.startswith("mcreplay run: --rr: rr can't run a program here; it says:\n")


def test_a_tool_that_cannot_run(fake, session, profile):
    env = fake("strace", "echo strace: PTRACE_TRACEME: Operation not permitted >&2; exit 1")
    result = tool.command("run", "-s", profile(), "--strace", session("a", BYSTANDER), env=env)
    assert (result.status, result.out) == (3, "")
    assert result.err == ("mcreplay run: --strace: strace can't run a program here; it says:\n"
                          "strace: PTRACE_TRACEME: Operation not permitted\n")


def test_a_tool_that_is_not_installed(session, profile, tmp_path):
    (tmp_path / "empty").mkdir()
    result = tool.command("run", "-s", profile(), "--valgrind", session("a", BYSTANDER),
                          env={"PATH": str(tmp_path / "empty")})
    assert (result.status, result.out) == (3, "")
    assert result.err == ("mcreplay run: --valgrind: valgrind is not installed; install the Debian "
                          "package valgrind\n")


@pytest.mark.parametrize("words, complaint", [
    (["--strace", "--attach", "unix:/x"],
     "mcreplay run: --strace: a server that runs already can't be started under it; name its "
     "profile (-s) or its command (--command)\n"),
    (["--gdb=-ex 'run"], "--gdb:1:5: left open; close the quote or end with a character\n"),
])
def test_what_makes_no_sense(words, complaint, session):
    result = tool.command("run", *words, session("a", BYSTANDER))
    assert (result.status, result.out, result.err) == (2, "", complaint)


def test_a_run_under_a_tool_is_not_remembered(session, profile, tmp_path):
    """Its times are none to go by."""
    words = ["run", "-s", profile(), "--last", tmp_path / "last", "--keep", "none",
             session("a", BYSTANDER)]
    assert tool.command(*words, "--strace", cwd=tmp_path).status == 0
    assert not (tmp_path / "last").exists()
    assert tool.command(*words).status == 0
    assert (tmp_path / "last").exists()


def test_gdb_on_a_terminal(session, faulty):
    """Breakpoints first; then the case is played while gdb waits; then what gdb says of the server, which
    stays as it is; the run ends when gdb does."""
    argv = [tool.MCREPLAY, "run", "--command", faulty("overrun"), "--gdb", "--last", os.devnull,
            "--keep", "none", "--timeout", "1", session("a", GET)]
    terminal = Terminal(argv, tool.ROOT)
    terminal.wait("(gdb) ", "break make_mistake\n")
    terminal.wait("Breakpoint 1 at")
    terminal.wait("(gdb) ", "run\n")
    terminal.wait("Breakpoint 1, make_mistake")
    terminal.wait("(gdb) ", "backtrace\n")
    terminal.wait(" in serve (")
    terminal.wait("(gdb) ", "continue\n")
    terminal.wait("FAIL ")
    terminal.wait("reproduce", "\x03")  # reaches the server, not the run
    terminal.wait("received signal SIGINT")
    terminal.wait("(gdb) ", "kill\n")
    terminal.wait("(y or n)", "y\n")
    terminal.wait("(gdb) ", "quit\n")
    terminal.wait("0 passed, 1 failed, 0 errors")
    assert terminal.finish() == 1


def test_gdb_on_a_terminal_is_for_one_case_run(session, profile):
    argv = [tool.MCREPLAY, "run", "-s", profile(), "--gdb", session("a", BYSTANDER),
            session("b", BYSTANDER)]
    terminal = Terminal(argv, tool.ROOT)
    terminal.wait("--gdb on a terminal is for one case run, and 2 are selected; name one case and ")
    assert terminal.finish() == 2
