"""The JUnit report: valid, complete and honest. Every run in these tests is checked against the
schema and the console by tool.run; here are the reports that are hard to write."""

import re

import pytest
import tool
from lxml import etree
from sessions import BYSTANDER, SESSIONS

BINARY = r"""
    c1 > set key="{ns}k" value="\x00\x01\x08\x0b\x1b\x7f\x80\xc3\xed\xa0\x80\xff\xfe<&>]]>"
    c1 < set cas=*
    c1 > get key="{ns}k"
    c1 < get value="something else" cas=*
"""


@pytest.mark.parametrize("locale", ["C", "de_DE.UTF-8", "en_US.ISO-8859-1"])
def test_binary_bytes_under_a_locale(locale, run, session, profile, tmp_path):
    cases = [session("binary", BINARY), session("sound", BYSTANDER),
             session("crash", SESSIONS["last"])]
    result = run("-s", profile("garbage-and-crash"), *cases,
                 env={"LC_ALL": locale, "LANG": locale, "LANGUAGE": "de"})
    assert result.totals["passed"] == result.totals["failed"] == result.totals["errors"] == 1
    text = tool.report_path(tmp_path).read_text(encoding="utf-8")
    times = re.findall(r'time="([^"]*)"', text)
    assert times and all(re.fullmatch(r"\d+\.\d{3}", time) for time in times), times
    (failure,) = result.report.iter("failure")
    assert "got hex(00 01 08 0b 1b 7f 80 c3 ed a0 80 ff).." in failure.text


def test_messages_and_bodies_are_bounded(run, session, profile):
    steps = """
        c1 > set key="{ns}k" value=random(1, 900000)
        c1 < set cas=*
        c1 > get key="{ns}k"
        c1 < get value=random(2, 900000) cas=*
    """
    result = run("-s", profile(), session("long", steps), session("binary", BINARY))
    bad = list(result.report.iter("failure", "error"))
    assert len(bad) == 2
    for element in bad:
        assert 0 < len(element.get("message").encode()) <= 200
        assert element.text.splitlines()[0] == element.get("message")
        assert len(element.text.encode()) <= 64 * 1024
        assert re.search(r"^reproduce  \S*/mcreplay run .*\.session$", element.text, re.M)


def test_names_and_classes_say_case_server_delivery_and_transport(run, session, profile):
    path = session("get/miss", BYSTANDER)
    result = run("-s", profile(), "-d", "whole,split:24", "--transport", "unix,tcp", path)
    seen = {(c.get("name"), c.get("classname")) for c in result.report.iter("testcase")}
    name = str(path.with_suffix(""))
    assert seen == {
        (name, f"mcreplay.stub.{delivery}.{transport}")
        for delivery in ("whole", "split:24")
        for transport in ("unix", "tcp")
    }


def test_a_skipped_case_says_why(run, session, profile):
    path = session("needy", BYSTANDER, head="spec  set, getk\nneeds  time-travel\n")
    result = run("-s", profile(), path, session("sound", BYSTANDER))
    assert result.status == 0 and result.totals["skipped"] == 1
    (skipped,) = result.report.iter("skipped")
    assert skipped.get("message") == "needs time-travel, which stub lacks"
    assert "skipped:\n  1  needs time-travel, which stub lacks\n" in result.out
    # A run that has tested nothing is no success.
    result = run("-s", profile(), path)
    assert result.status == 2 and result.totals["skipped"] == 1
    assert "nothing has been tested" in result.err


def test_an_old_report_is_replaced_whole_or_not_at_all(run, session, profile, tmp_path):
    path = tool.report_path(tmp_path)
    path.parent.mkdir()
    path.write_text("an old report")
    result = tool.command("run", "-s", profile(), "--junit", path, session("a", BYSTANDER))
    assert result.status == 0
    etree.parse(str(path))
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_report_that_cannot_be_written_is_an_error(run, session, profile, tmp_path):
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "junit.xml"
    result = tool.command("run", "-s", profile(), "--junit", target, session("a", BYSTANDER))
    assert result.status == 3, result
    assert str(target) in result.err
