"""Parts of a run, what failed last, stopping at a failure; and that a choice changes no seed."""

import json
import os
import subprocess

import pytest
import tool
from sessions import BYSTANDER, WRONG

EVERYWHERE = ("-d", "whole,bytewise", "--transport", "unix,tcp")


@pytest.fixture
def last(tmp_path):
    return tmp_path / "memory" / "last.json"


def remembered(last):
    """All case runs in the file: (id, delivery, transport) -> what is kept of it."""
    cases = json.loads(last.read_text())["cases"]
    return {(id, *way.split()): run for id, ways in cases.items() for way, run in ways.items()}


def change(last, change_run):
    """Rewrites the file: change_run(id, delivery, transport, kept) for each case run."""
    document = json.loads(last.read_text())
    for id, ways in document["cases"].items():
        for way, run in ways.items():
            change_run(id, *way.split(), run)
    last.write_text(json.dumps(document))


@pytest.fixture
def folder(session):
    for i in range(9):
        path = session(f"cases/{i}", BYSTANDER)
    return path.parent


def test_parts_are_disjoint_and_whole_and_the_same_each_time(run, profile, folder, last):
    def part(choice):
        return run("-s", profile(), "--last", last, "--shard", choice, *EVERYWHERE, folder)

    everything = run("-s", profile(), "--last", last, *EVERYWHERE, folder)
    assert len(everything.cases) == 36, everything
    kept = remembered(last)
    parts = [set(part(f"{i}/3").cases) for i in (1, 2, 3)]
    assert [set(part(f"{i}/3").cases) for i in (1, 2, 3)] == parts
    assert sum(map(len, parts)) == 36 and set.union(*parts) == set(everything.cases)
    assert remembered(last) == kept, "a part changes no times"


def test_parts_without_a_last_run_are_equal_in_number(run, profile, folder, last):
    parts = [run("-s", profile(), "--last", last, "--shard", f"{i}/4", *EVERYWHERE, folder)
             for i in (1, 2, 3, 4)]
    assert [len(part.cases) for part in parts] == [9] * 4
    assert len(set().union(*(part.cases for part in parts))) == 36
    assert "; part 4 of 4" in parts[-1].out


def test_repetitions_stay_in_their_part(run, profile, folder, last):
    result = run("-s", profile(), "--last", last, "--shard", "2/3", "--repeat", 4, folder)
    assert len({id.partition("#")[0].strip() for id, *_ in result.cases}) == 3
    assert result.totals["passed"] == 12


def test_a_long_case_run_has_a_part_for_itself(run, profile, folder, last):
    run("-s", profile(), "--last", last, *EVERYWHERE, folder)
    long = (f"{folder}/4", "bytewise", "tcp")
    change(last, lambda *way: way[-1].update(us=10**9 if way[:3] == long else 1000))
    result = run("-s", profile(), "--last", last, "--shard", "1/2", *EVERYWHERE, folder)
    assert list(result.cases) == [long]


def test_an_empty_part_is_refused(session, last):
    result = tool.command("run", "--last", last, "--shard", "2/2", session("a", BYSTANDER))
    assert result.status == 2, result
    assert "part 2 is empty" in result.err and not last.exists()


def test_what_failed_last_is_played_again_as_it_was(run, profile, session, last):
    wrong = session("cases/wrong", WRONG)
    cases = session("cases/sound", BYSTANDER).parent
    first = run("-s", profile(), "--last", last, "--seed", 5, *EVERYWHERE, cases)
    assert first.totals["failed"] == 4, first
    red = {way for way, kept in remembered(last).items() if kept.get("red")}
    assert red == {way for way, word in first.cases.items() if word == "failure"}

    # One of the four, as if the others had passed: neither its delivery nor its transport is named.
    one = first.findings[0].id, "bytewise", "tcp"
    change(last, lambda *way: way[:3] == one or way[-1].pop("red", None))
    again = run("-s", profile(), "--last", last, "--last-failed", cases)
    assert list(again.cases) == [one] and again.status == 1
    assert again.seed == 5
    assert "what failed in the last run" in again.out

    wrong.write_text("case  right now\nspec  noop\n" + BYSTANDER.strip() + "\n")
    mended = run("-s", profile(), "--last", last, "--last-failed", cases)
    assert list(mended.cases) == [one] and mended.status == 0, mended
    nothing = tool.command("run", "-s", profile(), "--last", last, "--last-failed", cases)
    assert nothing.status == 2 and "nothing failed in the last run" in nothing.err, nothing


def test_what_was_never_run_has_not_failed(session, last):
    result = tool.command("run", "--last", last, "--last-failed", session("a", BYSTANDER))
    assert result.status == 2 and f"no run has been recorded in {last}" in result.err, result


@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_stops_at_the_first_failure(workers, run, profile, session):
    for i in range(20):
        folder = session(f"cases/{i:02}", WRONG).parent
    result = run("-s", profile(), "--until-fail", "-j", workers, folder)
    assert result.status == 1, result
    assert 1 <= len(result.cases) <= workers
    assert f"stopped at the first failure, after {len(result.cases)} of 20 case runs" in result.out


def test_repetitions_go_on_until_one_fails(run, profile, session):
    steady = ("--until-fail", "--repeat", 100, "-j", 1, session("a", BYSTANDER))
    result = run("-s", profile("die-after=40"), *steady)
    assert result.status == 1, result
    assert result.totals["errors"] == 1 and 1 <= result.totals["passed"] < 99
    sound = run("-s", profile(), *steady)
    assert (sound.status, sound.totals["passed"]) == (0, 100)
    assert "stopped" not in sound.out


def test_only_cases_with_a_need_are_played(run, profile, session):
    session("cases/plain", BYSTANDER)
    folder = session("cases/needy", BYSTANDER, head="spec  noop\nneeds flush\n").parent
    result = run("-s", profile(capabilities=["flush"]), "--needs", "flush", folder)
    assert [id for id, *_ in result.cases] == [f"{folder}/needy"]


def test_the_seed_is_printed_even_quietly(run, profile, session):
    result = run("-s", profile(), "-q", session("a", BYSTANDER))
    assert len(result.out.splitlines()) == 1 and result.seed >= 0, result


LONG = """
    c1 > set key="{ns}NAME" value=random(1, 20000)
    c1 < set cas=*
"""


def test_cuts_are_the_same_alone_and_among_others(run, profile, session, tmp_path):
    log = tmp_path / "sizes"
    for i in range(6):
        path = session(f"cases/{i}", LONG.replace("NAME", f"case-{i}"))

    def sizes(seed, *args):
        log.unlink(missing_ok=True)
        result = run("-s", profile(f"sizes={log}"), "-d", "random:1", "--seed", seed, *args)
        assert result.status == 0, result
        lines = [line.split() for line in log.read_text().splitlines()]
        return next(words for words in lines if words[0] == "case-5")

    among = sizes(7, "-j", 1, path.parent)
    assert len(among) > 10
    assert sizes(7, path) == among
    assert sizes(7, "--shuffle=3", "-j", 2, path.parent) == among
    assert sizes(8, path) != among


def test_a_terminal_gets_a_sample_of_the_deliveries(profile, session, tmp_path):
    report = tool.report_path(tmp_path)
    argv = [tool.MCREPLAY, "run", "--last", os.devnull, "--junit", report, "-s", profile(),
            session("a", BYSTANDER)]
    outer, inner = os.openpty()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=inner, env=tool.environment())
    os.close(inner)
    text = b""
    try:
        while data := os.read(outer, 65536):
            text += data
    except OSError:  # the other end is closed
        pass
    os.close(outer)
    assert process.wait(tool.PATIENCE) == 0, text
    assert b"a sample of the deliveries; -d all plays all" in text
    played = tool.etree.parse(str(report)).iter("testcase")
    names = [case.get("classname").split(".")[-2] for case in played]
    assert sorted(names) == ["bytewise", "random:1", "slow-read", "whole"]


def test_a_run_is_remembered_where_it_is_played(run, profile, session, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    words = ("run", "-s", profile(), session("a", BYSTANDER))
    plain = subprocess.run([tool.MCREPLAY, *words], cwd=place, env=tool.environment(), check=True,
                           stdin=subprocess.DEVNULL, capture_output=True)
    assert plain.stderr == b""
    assert len(remembered(place / ".mcreplay-last.json")) == 1


def test_a_run_that_tested_nothing_is_not_remembered(run, profile, session, last):
    result = run("-s", profile("exit-at-once"), "--last", last, session("a", BYSTANDER))
    assert result.status == 3
    assert not last.exists()


def test_a_broken_memory_is_a_warning(run, profile, session, last):
    last.parent.mkdir()
    last.write_text("{")
    result = run("-s", profile(), "--last", last, session("a", BYSTANDER))
    assert result.status == 0
    assert result.err.startswith(f"mcreplay run: warning: {last} is ignored: it is no JSON")
    assert len(remembered(last)) == 1
