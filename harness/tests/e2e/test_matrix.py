"""ci/matrix: what becomes of a leg when its steps end well, badly or not at all; how legs are chosen
and divided; that machines on which TSan can't run are told; that the pipeline files run its legs."""

import contextlib
import importlib
import json
import os
import re
import signal

import pytest
import tool
import yaml

REPORT = "<testsuite><testcase classname='x' name='y' time='0.1'/></testsuite>"
TROUBLE = "FATAL: ThreadSanitizer: unexpected memory mapping 0x7f1200000000-0x7f1200001000"


@pytest.fixture
def matrix(tmp_path, monkeypatch):
    """The program as a module, which builds nothing and reports elsewhere."""
    module = tool.program("ci/matrix")
    monkeypatch.setattr(module, "REPORTS", tmp_path)
    monkeypatch.setattr(module, "build_steps", lambda leg: [])
    return module


@pytest.fixture
def play(matrix, monkeypatch, tmp_path):
    """Runs a leg of shell commands: (name, command) or (name, command, report). Its leg.json, the exit
    status."""

    def call(*steps, **settings):
        tools = tuple((name, ("sh", "-c", command), *(report or [""]))
                      for name, command, *report in steps)
        leg = importlib.import_module("plan").Leg("a test", tools=tools, **settings)
        monkeypatch.setattr(matrix, "LEGS", {"leg": leg})
        monkeypatch.setattr("sys.argv", ["ci/matrix", "leg"])
        status = matrix.main()
        return json.loads((tmp_path / "leg/leg.json").read_text()), status

    return call


def report_step(report="r.xml"):
    return "tests", f"echo \"{REPORT}\" > {{report}}", report


def told(about, clock):
    """Of a leg the most, of a step the least that it took: what is told is rounded to milliseconds."""
    return about[clock] + (0.002 if "leg" in about else -0.001)


def test_a_leg_that_is_well(play, tmp_path, capfd):
    about, status = play(("hello", "echo said by the step"), report_step())
    assert (about["leg"], about["status"], status) == ("leg", "SUCCESS", 0)
    assert [(s["name"], s["status"], s.get("report")) for s in about["steps"]] == [
        ("hello", 0, None), ("tests", 0, "r.xml")]
    assert told(about, "seconds") >= sum(told(s, "seconds") for s in about["steps"])
    assert (tmp_path / "leg/hello.log").read_text() == "said by the step\n"
    assert "said by the step\n" in capfd.readouterr().out


def test_the_summary_takes_it(play, tmp_path, monkeypatch):
    play(report_step())
    monkeypatch.syspath_prepend(str(tool.ROOT / "ci/lib"))
    legs = tool.program("ci/lib/legs.py")
    (leg,) = legs.read(tmp_path, tool.ROOT)
    assert (leg.name, leg.status, leg.counts["tests"]) == ("leg", "SUCCESS", 1)


def test_processor_time_is_told_apart_from_waiting(play, capfd):
    about, _ = play(("spins", "python3 -c 'while __import__(\"time\").process_time() < 0.2: pass'"),
                    ("waits", "sleep 0.2"), report_step())
    spins, waits, _ = about["steps"]
    assert spins["cpu"] >= 0.2 and waits["seconds"] >= 0.2 > waits["cpu"]
    assert told(about, "cpu") >= told(spins, "cpu") + told(waits, "cpu")
    assert re.search(r"^leg +SUCCESS +[\d.]+ s +[\d.]+ s CPU$", capfd.readouterr().out, re.M)


@pytest.mark.parametrize("steps, statuses, verdict, end", [
    ([("a", "exit 1"), ("b", "exit 0")], [1, 0], "FAILURE", 1),
    ([("a", "exit 3"), ("b", "exit 0")], [3, 0], "INFRA", 3),
    ([("a", "exit 3"), ("b", "exit 2")], [3, 2], "FAILURE", 1),
    ([("a", "exit 0", "none.xml")], [0], "FAILURE", 1),
    ([("a", "exit 3", "none.xml")], [3], "INFRA", 3),
    ([("a", "kill -SEGV $$")], [-11], "FAILURE", 1),
], ids=["fails", "can't run", "both", "no report", "can't run, no report", "crashes"])
def test_a_leg_that_is_not(steps, statuses, verdict, end, play):
    about, status = play(*steps)
    assert [s["status"] for s in about["steps"]] == statuses
    assert (about["status"], status) == (verdict, end)


def test_a_step_that_hangs_is_ended_with_all_that_it_started(matrix, play, monkeypatch):
    monkeypatch.setattr(matrix, "ENOUGH", 0.2)
    about, status = play(("hangs", "sleep 1000 | cat"))
    assert (about["steps"][0]["status"], about["status"], status) == (matrix.HUNG, "FAILURE", 1)


def test_steps_side_by_side(matrix, tmp_path):
    """Each waits for a word of the other; what they say, and how they end, is each one's own."""
    os.mkfifo(tmp_path / "fifo")
    steps = [matrix.Step("reads", ["sh", "-c", f"cat {tmp_path}/fifo"]),
             matrix.Step("writes", ["sh", "-c", f"echo a word >{tmp_path}/fifo; exit 3"], beside=True),
             matrix.Step("later", ["false"])]
    assert matrix.together(steps) == [steps[:2], steps[2:]]
    assert [r["status"] for r in matrix.run_steps(steps[:2], tmp_path)] == [0, 3]
    assert (tmp_path / "reads.log").read_text() == "a word\n"
    assert (tmp_path / "writes.log").read_text() == ""


def test_who_interrupts_ends_all_that_runs(matrix, monkeypatch, tmp_path):
    """While another step runs that has begun beside one that has ended."""
    wait, awaited = matrix.Job.wait, []

    def interrupted(job):
        wait(job)
        awaited.append(job)
        if len(awaited) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(matrix.Job, "wait", interrupted)
    steps = [matrix.Step("ends", ["true"]), matrix.Step("runs", ["sleep", "1000"])]
    with pytest.raises(KeyboardInterrupt):
        matrix.run_steps(steps, tmp_path)
    assert [job.process.returncode for job in awaited[1:]] == [0, -signal.SIGTERM]


def test_a_console_that_goes_away_ends_all_that_runs(matrix, monkeypatch, tmp_path):
    """As behind `ci/matrix | head`. Else the step would wait for somebody to read what it says."""
    ended, wait = [], matrix.Job.wait
    monkeypatch.setattr(matrix.Job, "wait", lambda job: (wait(job), ended.append(job)))
    closed, console = os.pipe()
    os.close(closed)
    with open(console, "w") as console:
        monkeypatch.setattr("sys.stdout", console)
        with pytest.raises(BrokenPipeError):
            matrix.run_steps([matrix.Step("talks", ["yes"])], tmp_path)
        monkeypatch.undo()
        with contextlib.suppress(BrokenPipeError):
            console.close()
    assert [job.process.returncode for job in ended] == [-signal.SIGTERM]


def test_nothing_is_tested_when_the_build_breaks(matrix, play, monkeypatch):
    monkeypatch.setattr(matrix, "build_steps",
                        lambda leg: [matrix.Step("build", ["false"], needed=True)])
    about, status = play(report_step())
    assert [s["name"] for s in about["steps"]] == ["build"]
    assert (about["status"], status) == ("FAILURE", 1)


def test_what_an_earlier_run_left_counts_for_nothing(play):
    play(report_step())
    about, status = play(("tests", "true", "r.xml"))
    assert (about["status"], status) == ("FAILURE", 1)


def test_a_command_that_is_not_there_is_the_infrastructure_s_fault(matrix, tmp_path):
    step = matrix.Step("a", ["/no/such/program"])
    (record,) = matrix.run_steps([step], tmp_path)
    assert record["status"] == 3
    assert "/no/such/program" in (tmp_path / "a.log").read_text()


def test_the_first_report_ends_a_test_but_no_server(matrix, tmp_path):
    """memcached has races that are known."""
    assert not any("halt_on_error" in value for value in matrix.ENVIRONMENT.values())
    for step in matrix.steps_of(matrix.LEGS["tsan"], tmp_path, None):
        halts = any(str(word).startswith("TSAN_OPTIONS=") for word in step.command)
        assert halts == (step.name in ("unit tests", "end-to-end tests")), step


@pytest.mark.parametrize("leg, words", [("tsan", ["30s"]), ("plain-gcc", [])])
def test_a_server_that_is_slow_is_waited_for(leg, words, matrix, tmp_path):
    steps = matrix.steps_of(matrix.LEGS[leg], tmp_path, None)
    for command in (step.command for step in steps if step.name.startswith("suite")):
        assert [b for a, b in zip(command, command[1:]) if a == "--timeout"] == words


# ---- canaries

@pytest.mark.parametrize("leg, defects", [
    ("asan-ubsan", {"heap-overflow", "leak-of-item", "signed-overflow"}),
    ("tsan", {"race-on-item"}),
    ("valgrind", {"heap-overflow", "leak-of-item"}),
])
def test_a_detector_is_tried_before_the_suite(leg, defects, matrix, tmp_path):
    steps = matrix.steps_of(matrix.LEGS[leg], tmp_path, None)
    names = [step.name for step in steps]
    canary = steps[names.index("canary")]
    assert defects <= set(canary.command)
    assert names.index("canary") < min(names.index(n) for n in names if n.startswith("suite"))


def test_a_file_that_a_checker_finds_something_in_is_looked_at_again(matrix, tmp_path):
    steps = matrix.steps_of(matrix.LEGS["clang-tidy"], tmp_path, None)
    assert [step.again for step in steps if step.report] == ["ci/check clang-tidy"]


# ---- choosing and dividing

def test_the_legs_are_listed():
    done = tool.subprocess.run([tool.ROOT / "ci/matrix", "--list"], text=True, check=True,
                               capture_output=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "plain-gcc", "plain-clang", "asan-ubsan", "tsan", "valgrind", "clang-tidy",
        "clang-format", "cppcheck", "coverage", "bench"]


@pytest.mark.parametrize("words, complaint", [
    (["no-such-leg"], "there is no leg no-such-leg; there are plain-gcc, plain-clang, "),
    (["tsan.3of2"], "there is no leg tsan.3of2"),
    (["--shard", "3/2"], '"3/2" should be I/N'),
    (["--shard", "0/2"], '"0/2" should be I/N'),
    (["--shard", "1/2", "clang-format"], "clang-format can't be divided"),
])
def test_words_that_are_wrong(words, complaint):
    done = tool.subprocess.run([tool.ROOT / "ci/matrix", *words], text=True, capture_output=True)
    assert done.returncode == 2 and complaint in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("words", [["--shard", "2/3", "tsan"], ["tsan.2of3"]])
def test_a_part_has_a_name(words, matrix, monkeypatch):
    ran = []
    monkeypatch.setattr(matrix, "run_leg", lambda *leg: ran.append(leg) or
                        {"leg": leg[0], "status": "SUCCESS", "seconds": 0.0, "cpu": 0.0})
    monkeypatch.setattr("sys.argv", ["ci/matrix", *words])
    assert matrix.main() == 0
    assert ran == [("tsan.2of3", matrix.LEGS["tsan"], (2, 3))]


def test_parts_are_disjoint_and_together_everything(matrix, tmp_path):
    leg = matrix.LEGS["plain-gcc"]
    parts = [matrix.e2e_files(leg, (i, 3)) for i in (1, 2, 3)]
    assert sorted(sum(parts, [])) == sorted(matrix.E2E.glob("test_*.py"))
    assert sum(map(len, parts)) == len(matrix.e2e_files(leg, None))
    steps = matrix.steps_of(leg, tmp_path, (2, 3))
    suites = [step.command for step in steps if step.name.startswith("suite")]
    assert suites and all(c[c.index("--shard") + 1] == "2/3" for c in suites)
    (unit,) = (step.command for step in steps if step.name == "unit tests")
    assert unit[unit.index("-I") + 1] == "2,,3"


def test_every_file_that_a_leg_names_is_there(matrix):
    for name, leg in matrix.LEGS.items():
        for pattern in leg.e2e:
            assert any(re.search(pattern, path.stem) for path in matrix.E2E.glob("test_*.py")), name


def test_what_a_leg_leaves_out_is_there(matrix, tmp_path):
    left_out = {name: leg.e2e_but for name, leg in matrix.LEGS.items() if leg.e2e_but}
    assert "plain-gcc" in left_out
    for name, pattern in left_out.items():
        files = matrix.e2e_files(matrix.LEGS[name], None)
        assert any(re.search(rf"def test_\w*{pattern}", path.read_text()) for path in files), name
        (e2e,) = matrix.e2e_steps(matrix.LEGS[name], tmp_path, None)
        assert e2e.command[e2e.command.index("-k") + 1] == f"not {pattern}"


# ---- the preflight

def stub(text):
    """Stands for a program built with TSan."""

    def make(folder):
        path = folder / "nothing"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return make


# Its own addresses stand still: the first bits of its personality.
FIXED = "grep -q '^0*0040000$' /proc/$$/personality"


def test_where_tsan_runs_nothing_is_done(matrix):
    assert matrix.preflight(stub("exit 0")) == []


def test_where_addresses_are_in_its_way_they_are_fixed(matrix):
    assert matrix.preflight(stub(f"{FIXED} || {{ echo '{TROUBLE}'; exit 66; }}")) == [
        "setarch", "-R"]


@pytest.mark.parametrize("text, why", [
    (f"echo '{TROUBLE}'; exit 66", "set vm.mmap_rnd_bits to 28"),
    ("echo another trouble; exit 1", "does not run:\nanother trouble"),
])
def test_where_nothing_helps_it_is_told(text, why, matrix):
    with pytest.raises(matrix.Unfit, match=re.escape(why)):
        matrix.preflight(stub(text))


def test_a_leg_on_such_a_machine_is_infra(matrix, play, monkeypatch, capfd):
    make = stub(f"echo '{TROUBLE}'; exit 66")
    monkeypatch.setattr(matrix, "preflight", lambda: tool.program("ci/matrix", "m2").preflight(make))
    monkeypatch.setattr(matrix, "Unfit", Exception)
    about, status = play(report_step(), threads=True)
    assert (about["status"], status) == ("INFRA", 3)
    assert [(s["name"], s["status"]) for s in about["steps"]] == [("preflight", 3)]
    assert "vm.mmap_rnd_bits" in capfd.readouterr().out


def test_every_step_of_a_leg_runs_with_fixed_addresses(matrix, play, monkeypatch, tmp_path):
    monkeypatch.setattr(matrix, "preflight", lambda: ["setarch", "-R"])
    about, _ = play(("fixed", FIXED), threads=True)
    assert about["status"] == "SUCCESS"


# ---- the pipeline files

def undivided(legs):
    """The names of the legs, and that each is there once and whole."""
    parts = {}
    for name in legs:
        m = re.fullmatch(r"(.+?)(?:\.(\d+)of(\d+))?", name)
        parts.setdefault(m[1], []).append((int(m[2] or 1), int(m[3] or 1)))
    for name, has in parts.items():
        assert has == [(i, len(has)) for i in range(1, len(has) + 1)], name
    return list(parts)


def expected(text):
    return re.search(r"--expect\s+(\S+)", text)[1].split(",")


def github():
    jobs = yaml.safe_load((tool.ROOT / ".github/workflows/mcreplay.yml").read_text())["jobs"]
    legs = jobs["leg"]["strategy"]["matrix"]["leg"]
    assert any("ci/matrix ${{ matrix.leg }}" == step.get("run") for step in jobs["leg"]["steps"])
    assert jobs["summary"]["needs"] == "leg" and jobs["summary"]["if"] == "always()"
    return legs, expected(jobs["summary"]["steps"][-1]["run"])


def gitlab():
    jobs = yaml.safe_load((tool.ROOT / ".gitlab-ci.yml").read_text())
    (choice,) = jobs["leg"]["parallel"]["matrix"]
    assert jobs["leg"]["script"] == ['ci/matrix "$LEG"']
    assert jobs["leg"]["artifacts"]["when"] == jobs["summary"]["when"] == "always"
    return choice["LEG"], expected(jobs["summary"]["script"][0])


def jenkins():
    text = (tool.ROOT / "ci/Jenkinsfile").read_text()
    assert text.count("{") == text.count("}") and 'ci/matrix "$LEG"' in text
    lists = [re.findall(r"'([^']+)'", m) for m in
             (re.search(r"values ([^}]*)\}", text)[1], re.search(r"legs = \[([^]]*)\]", text)[1])]
    assert "--expect ${legs.join(',')}" in text
    return lists


@pytest.mark.parametrize("pipeline", [github, gitlab, jenkins])
def test_a_pipeline_runs_every_leg_and_expects_it(pipeline, matrix):
    legs, awaited = pipeline()
    assert legs == awaited
    assert undivided(legs) == list(matrix.LEGS)
    assert all(matrix.LEGS[name.split(".")[0]].parts for name in legs if "." in name)
