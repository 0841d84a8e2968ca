"""What a case may say about deliveries and connections: where it can't hold, closing with answers
under way, captures of another connection; and the memory that a slow reader costs."""

import re
from collections import Counter

import pytest
import tool
from sessions import BYSTANDER

NOOP = "c1 > noop opaque=3\nc1 < noop opaque=3"
MISS = 'c1 < get status=key_enoent value="Not found" opaque=2'


def test_a_case_is_not_played_under_what_it_names_and_the_summary_says_why(run, session, profile):
    case = session("a", BYSTANDER, head='spec  set\nnot-under crowd:* "counts its own clients"\n'
                                        'not-under pause "must not wait"\n')
    other = session("b", BYSTANDER)
    result = run("-s", profile(), "-d", "whole,pause,crowd:2,crowd:3", case, other)
    assert result.status == 0, result
    assert result.totals == Counter(passed=5, skipped=3), result
    assert {(id[-1], delivery) for (id, delivery, _), word in result.cases.items()
            if word == "skipped"} == {("a", "pause"), ("a", "crowd:2"), ("a", "crowd:3")}
    summary = result.out[result.out.index("\nskipped:\n"):]
    for delivery, why in (("pause", "must not wait"), ("crowd:2", "counts its own clients"),
                          ("crowd:3", "counts its own clients")):
        assert re.search(rf"\b1\b.*not under {delivery}: {why}", summary), result


def test_an_isolated_case_is_no_part_of_a_crowd(run, session, profile):
    case = session("a", BYSTANDER, head="spec  set\nisolated\n")
    result = run("-s", profile(), "-d", "whole,crowd:2", case)
    assert result.status == 0, result
    assert result.totals == Counter(passed=1, skipped=1), result
    assert "not under crowd:2: is isolated" in result.out


CLOSE = f"""
    repeat 5 {{
      c1 > get key="{{ns}}plant" opaque=2
      c1 close
      c1 connect
      {NOOP}
      c1 close
      c1 connect
    }}
    {NOOP}
"""


@pytest.mark.parametrize("plant", [None, "extra-byte", "answer-twice", "no-answer", "early-close"])
def test_a_close_drops_what_is_under_way_right_or_wrong(plant, run, session, profile):
    session("a", CLOSE)
    result = run("-s", profile(plant), "-d", "all", "-j", 4, session("a", CLOSE))
    assert result.status == 0, result


@pytest.mark.parametrize("plant", ["extra-byte", "answer-twice", "no-answer", "early-close"])
def test_and_an_answer_that_is_expected_before_it_is_judged(plant, run, session, profile):
    steps = CLOSE.replace("opaque=2\n", f"opaque=2\n{MISS}\nc1 > noop opaque=4\nc1 < noop opaque=4\n", 1)
    result = run("-s", profile(plant), "--timeout", 1, session("a", steps))
    assert result.status == 1, result


OVERTAKEN = """
    c1 > set key="{ns}plant" value="v" opaque=1
    c1 < set opaque=1 cas=*
    c1 > set key="{ns}other-plant" value="v" opaque=1
    c1 < set opaque=1 cas=*
    c2 > get key="{ns}plant" opaque=2
    c1 > get key="{ns}%s" opaque=3
    c2 < get value="v" opaque=2 cas=?b
    c1 < get value="v" opaque=3 cas=$b
"""


@pytest.mark.parametrize("key, kind", [("plant", None), ("other-plant", "nonconformance")])
@pytest.mark.parametrize("delivery", ["whole", "pipelined", "bytewise", "pause"])
def test_an_answer_waits_for_what_another_connection_captures(key, kind, delivery, run, session,
                                                              profile):
    result = run("-s", profile("overtaken"), "-d", delivery, "--transport", "unix",
                 session("a", OVERTAKEN % key))
    assert [f.kind for f in result.findings] == ([kind] if kind else []), result
    if kind:
        assert re.search(r"cas \(bytes 16-23", result.finding.text), result


def test_a_slow_reader_of_large_values_costs_bounded_memory(session, profile):
    """The largest process with forty such answers has hardly more than with four."""
    def steps(count):
        return f"""
            c1 > set key="{{ns}}k" value=repeat(4000000, "x") opaque=1
            c1 < set opaque=1 cas=*
            repeat {count} {{
              c1 > get key="{{ns}}k" opaque=2
              c1 < get value=*{{4000000}} opaque=2 cas=*
            }}
        """
    peaks = []
    for count in (4, 40):
        result, kib = tool.peak("run", "-s", profile(), "-j", 1, "-d", "slow-read",
                                session(f"a{count}", steps(count)))
        assert result.status == 0, result
        peaks.append(kib)
    assert tool.sanitized() or peaks[1] < peaks[0] + 16 * 1024, peaks
