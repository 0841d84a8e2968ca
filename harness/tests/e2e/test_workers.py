"""The same results whatever the number of workers, the life of servers and the order of cases."""

import pytest
from sessions import BYSTANDER, SESSIONS, WRONG


@pytest.fixture
def cases(session):
    """A folder with passing, failing and crashing cases."""
    for i in range(24):
        path = session(f"cases/sound-{i:02}", BYSTANDER)
    for i in range(8):
        session(f"cases/wrong-{i}", WRONG)
    for i in range(2):
        session(f"cases/planted-{i}", SESSIONS["last"])
    return path.parent


CRASHES = 2 * 2  # cases and deliveries


def played(run, profile, cases, *args):
    return run("-s", profile("crash"), "-d", "whole,bytewise", *args, cases)


@pytest.mark.parametrize(
    "args",
    [
        ("-j", 4),
        ("-j", 1, "--server-per", "case"),
        ("-j", 3, "--server-per", "case"),
        ("-j", 1, "--shuffle"),
        ("-j", 4, "--shuffle=7", "--server-per", "run"),
        ("-j", 2, "--shuffle=8", "--server-per", "case"),
    ],
    ids=lambda args: " ".join(map(str, args)),
)
def test_results_are_the_same(args, run, profile, cases):
    plain = played(run, profile, cases, "-j", 1, "--server-per", "run")
    assert plain.totals["passed"] == 48 and plain.totals["failed"] == 16, plain
    assert plain.totals["errors"] == CRASHES
    assert played(run, profile, cases, *args).verdicts() == plain.verdicts()


def test_a_shuffle_is_another_order_and_the_same_one_for_a_seed(run, profile, session):
    for i in range(20):
        folder = session(f"cases/{i:02}", WRONG).parent

    def order(*args):
        return [f.id for f in run("-s", profile(), "-j", 1, *args, folder).findings]

    plain, first, second = order(), order("--shuffle=1"), order("--shuffle=2")
    assert plain == sorted(plain)
    assert sorted(first) == plain and first != plain and first != second
    assert order("--shuffle=1") == first


def test_a_shuffle_without_a_seed_prints_the_one_it_took(run, profile, session):
    for i in range(10):
        folder = session(f"cases/{i:02}", WRONG).parent
    result = run("-s", profile(), "-j", 1, "--shuffle", folder)
    again = run("-s", profile(), "-j", 1, f"--shuffle={result.seed}", folder)
    assert [f.id for f in again.findings] == [f.id for f in result.findings]


def test_repetitions_are_runs_of_their_own(run, profile, session):
    result = run("-s", profile(), "--repeat", 5, session("sound", BYSTANDER))
    assert result.totals["passed"] == 5


def starts(events):
    return len({pid for name, pid in events.drain() if name == "start"})


def test_servers_live_as_long_as_they_are_told(run, profile, session, events):
    paths = [session(f"{i}", BYSTANDER) for i in range(6)]
    stub = profile(tell=events.path)
    run("-s", stub, "-j", 1, "--server-per", "run", *paths)
    shared = starts(events)
    run("-s", stub, "-j", 1, "--server-per", "case", *paths)
    assert shared == 1
    assert starts(events) - shared in (6, 7)  # one may have been started ahead for no case


def test_an_isolated_case_gets_a_fresh_server(run, profile, session, events):
    """It finds none of the others' items and leaves none, and the CAS starts anew."""
    head = "spec  set\nisolated\n"
    steps = """
        c1 > get key="k"
        c1 < get status=key_enoent value="Not found"
        c1 > set key="k" value="v"
        c1 < set cas=1
    """
    paths = [session(f"isolated-{i}", steps, head=head) for i in range(3)]
    paths += [session(f"sound-{i}", BYSTANDER) for i in range(3)]
    result = run("-s", profile(tell=events.path), "-j", 1, "--shuffle=3", "--repeat", 2, *paths)
    assert result.status == 0, result
    assert result.totals["passed"] == 12
    assert starts(events) >= 7


def test_a_server_that_failed_as_it_is_known_to_is_kept(run, profile, session, events, tmp_path):
    known = tmp_path / "known.yaml"
    paths = [session(f"{i}", WRONG) for i in range(4)]

    def started(kind):
        before = starts(events)
        known.write_text(f"- {{case: '*', kind: {kind}, why: so}}\n")
        result = run("-s", profile(tell=events.path), "-j", 1, "--known", known, *paths)
        return result.totals["xfailed"], starts(events) - before

    assert started("nonconformance") == (4, 1)
    assert started("leftover") == (0, 4)


def test_cases_on_one_server_have_key_spaces_of_their_own(run, profile, session):
    steps = """
        c1 > add key="{ns}k" value="v"
        c1 < add cas=*
    """
    folder = [session(f"cases/{i:02}", steps) for i in range(20)][0].parent
    result = run("-s", profile(), "-j", 1, "-d", "whole,bytewise,fields", "--repeat", 3, folder)
    assert result.totals["passed"] == 180, result
