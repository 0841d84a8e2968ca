"""ci/faults: each planted defect of the reference server has a plan, a found one counts as found, and
a run that finds nothing, or finds something else, or is red without a defect, is told as that."""

from dataclasses import replace

import pytest
import tool

PLAIN = tool.MCREPLAY.parent / "refserver"


@pytest.fixture
def faults(monkeypatch):
    """The program as a module, with the driver under test and its reference server."""
    module = tool.program("ci/faults")
    monkeypatch.setattr(module, "MCREPLAY", tool.MCREPLAY)
    monkeypatch.setattr(module, "program", lambda build: PLAIN)
    monkeypatch.setattr(module, "build", lambda presets: None)
    return module


def play(faults, monkeypatch, *names):
    monkeypatch.setattr("sys.argv", ["ci/faults", *names])
    return faults.main()


def test_every_fault_has_a_plan(faults):
    names = faults.planted()
    assert len(names) == len(set(names)) >= 30
    assert sorted(names) == sorted(faults.PLANS)


def test_defects_of_each_family_are_found(faults, monkeypatch, capsys):
    names = ["byte-lost", "close-cuts-off", "cas-stale", "quiet-errors-silent", "sasl-state-kept"]
    for name in names:
        plan = faults.PLANS[name]
        monkeypatch.setitem(faults.PLANS, name, replace(plan, deliveries="whole"))
    status = play(faults, monkeypatch, *names)
    out = capsys.readouterr().out
    assert status == 0, out
    assert out.endswith("5 of 5 found, 2 of 2 runs without a fault green\n"), out


@pytest.mark.parametrize("change", [dict(kinds=("timeout",)), dict(says="no such words")])
def test_a_verdict_of_another_kind_is_a_miss(change, faults, monkeypatch, capsys):
    plan = replace(faults.PLANS["cas-stale"], deliveries="whole", **change)
    monkeypatch.setitem(faults.PLANS, "cas-stale", plan)
    assert play(faults, monkeypatch, "cas-stale") == 1
    out = capsys.readouterr().out
    assert "cas-stale              MISSED" in out
    assert "0 of 1 found, 1 of 1 runs without a fault green" in out


def test_a_defect_that_nothing_shows_is_a_miss(faults, monkeypatch, capsys):
    """Loses a byte after a partial write, and every write is whole."""
    plan = replace(faults.PLANS["byte-lost"], deliveries="whole", cases="cases/noop")
    monkeypatch.setitem(faults.PLANS, "byte-lost", plan)
    assert play(faults, monkeypatch, "byte-lost") == 1
    assert "nothing" in capsys.readouterr().out


def test_a_detector_that_is_switched_off_is_told_in_the_report(faults, monkeypatch, tmp_path, capsys):
    """The defect is there, and nothing notices, in a plain server as in one built with ASan."""
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    monkeypatch.setitem(faults.PLANS, "leak-of-item", replace(
        faults.PLANS["leak-of-item"], build="release", cases="cases/append"))
    assert play(faults, monkeypatch, "--junit", str(tmp_path / "r.xml"), "leak-of-item") == 1
    missed, control = tool.etree.parse(tmp_path / "r.xml").iter("testcase")
    assert missed.get("name") == "leak-of-item" and "MISSED" in missed.find("failure").get("message")
    assert control.find("failure") is None


def test_red_without_a_defect_is_told(faults, monkeypatch, capsys):
    plan = replace(faults.PLANS["cas-stale"], deliveries="whole", options=("--fault=key-limit",))
    monkeypatch.setitem(faults.PLANS, "cas-stale", plan)
    assert play(faults, monkeypatch, "cas-stale") == 1
    assert "1 of 1 found, 0 of 1 runs without a fault green" in capsys.readouterr().out


def test_a_fault_that_is_not_known_is_refused(faults, monkeypatch):
    with pytest.raises(SystemExit, match="no such fault: byte-loss"):
        play(faults, monkeypatch, "byte-loss")


def test_the_server_refuses_it_too():
    done = tool.subprocess.run([PLAIN, "-s", "x", "--fault=byte-loss"], capture_output=True,
                               text=True)
    assert done.returncode == 2
    assert "byte-loss: is no fault; --fault=list prints them" in done.stderr
