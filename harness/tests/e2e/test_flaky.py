"""The list of what fails now and then: a failure that it names is told and is not red, a pass is a
pass, anything else is as it would be without the list."""

import pytest
import tool
import yaml
from sessions import BYSTANDER, SESSIONS, WRONG

KNOWN = tool.ROOT / "fixtures" / "known"


@pytest.fixture
def flaky(tmp_path):
    """Writes a list of one entry."""

    def write(kind="nonconformance", case="*/a"):
        path = tmp_path / "x.flaky.yaml"
        path.write_text(f"- case: '{case}'\n  kind: {kind}\n  why: it depends on the weather\n")
        return path

    return write


def test_nothing_is_known_to_be_flaky():
    assert yaml.safe_load((KNOWN / "memcached.flaky.yaml").read_text()) == []
    assert [p.name for p in KNOWN.glob("*.flaky.yaml")] == ["memcached.flaky.yaml"]


def test_a_flaky_failure_is_told_and_not_red(run, session, profile, flaky, tmp_path):
    a, b = session("a", WRONG), session("b", BYSTANDER)
    result = run("-s", profile(), "--flaky", flaky(), "-v", a, b)
    assert (result.status, result.totals["flaky"], result.totals["passed"]) == (0, 1, 1), result
    assert "\nFLAKY " in result.out and "  it depends on the weather (" in result.out
    (skipped,) = result.report.iter("skipped")
    assert skipped.get("message").startswith("flaky: it depends on the weather (")
    assert not tool.kept_path(tmp_path).exists()


def test_a_flaky_case_may_pass(run, session, profile, flaky):
    result = run("-s", profile(), "--flaky", flaky(), session("a", BYSTANDER))
    assert (result.status, result.totals["flaky"], result.totals["passed"]) == (0, 0, 1), result


def test_another_failure_of_a_flaky_case_is_red(run, session, profile, flaky):
    list_ = flaky()
    result = run("-s", profile("extra-byte"), "--flaky", list_, session("a", SESSIONS["last"]))
    assert (result.status, result.totals["failed"]) == (1, 1), result
    assert f" --flaky {list_} " in result.finding.reproduce


def test_the_server_s_name_leads_to_the_list(session, profile, tmp_path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "fixtures" / "known").mkdir(parents=True)
    (tmp_path / "fixtures" / "servers").mkdir()
    (tmp_path / "fixtures" / "known" / "stub.flaky.yaml").write_text(
        "- {case: a, kind: nonconformance, why: so}\n")
    session("cases/a", WRONG)
    words = ["run", "-s", profile(), "--keep", "none"]
    env = {"MCREPLAY_DATA": str(tmp_path)}
    result = tool.command(*words, cwd=tmp_path, env=env)
    assert result.status == 0 and " 1 flaky in " in result.out, result
    # Nothing in the list may be left over from a case that is gone.
    (tmp_path / "cases" / "a.session").rename(tmp_path / "cases" / "b.session")
    result = tool.command(*words, cwd=tmp_path, env=env)
    assert (result.status, result.out) == (2, "")
    assert result.err == ("fixtures/known/stub.flaky.yaml:1:3: no case fits \"a\"; remove the "
                          "entry or mend its pattern\n")


def test_an_entry_in_both_lists(session, profile, flaky, tmp_path):
    known = tmp_path / "known.yaml"
    known.write_text("# one\n- {case: '*/a', kind: timeout, why: so}\n")
    list_, a = flaky(), session("a", WRONG)
    result = tool.command("run", "-s", profile(), "--known", known, "--flaky", list_, a)
    assert (result.status, result.out) == (2, "")
    assert result.err == (f"{list_}:1:3: {a.with_suffix('')} is listed as a known deviation too, "
                          f"in {known}:2; keep one of the two\n")
