"""The real thing: every case against memcached, and a session of a million frames in little memory.
"""

import getpass
import json
import shutil

import pytest
import tool
from processes import served

FRAMES = 1_000_000
RESIDENT_KIB = 64 * 1024

@pytest.fixture
def memcached(tmp_path):
    """The address of a memcached that listens on a Unix socket."""
    program = shutil.which("memcached")
    assert program, "needs memcached"
    path = str(tmp_path / "memcached.sock")
    with served([program, "-u", getpass.getuser(), "-t", "1", "-s", path]):
        yield f"unix:{path}"


@pytest.mark.parametrize("transport", ["unix", "tcp", "tls"])
def test_every_case_passes(transport, run):
    result = run("--transport", transport, "--min", 120)
    assert result.status == 0, result
    assert result.totals["failed"] == result.totals["errors"] == 0


def test_every_case_of_the_project_is_listed():
    listed = {case["id"] for case in json.loads(tool.command("list", "--json").out)}
    folder = tool.ROOT / "cases"
    files = {str(p.relative_to(folder).with_suffix("")) for p in folder.rglob("*.session")}
    assert listed == files


# What proto_bin.c dispatches; verbosity, which the protocol has, is not among them.
DISPATCHED = """
    get getq getk getkq set setq add addq replace replaceq delete deleteq
    increment incrementq decrement decrementq append appendq prepend prependq
    touch gat gatq gatk gatkq flush flushq noop version stat quit quitq
    sasl_list_mechs sasl_auth sasl_step
""".split()


def test_every_command_that_memcached_dispatches_has_cases():
    assert len(DISPATCHED) == 35
    cases = json.loads(tool.command("list", "--json").out)
    assert len(cases) >= 120
    covered = {command for case in cases for command in case["spec"]}
    assert sorted(set(DISPATCHED) - covered) == []


@pytest.mark.parametrize("delivery", ["whole", "pipelined"])
def test_a_million_frames_in_little_memory(delivery, memcached, session, tmp_path):
    """Driver and worker each count with the larger one's peak, which is more than the tree's."""
    steps = f"""
        c1 > set key="{{ns}}k" value=repeat(100, "v") opaque=1
        c1 < set opaque=1 cas=*
        repeat {FRAMES} as i {{
          c1 > get key="{{ns}}k" opaque=$i
          c1 < get value=repeat(100, "v") opaque=$i cas=*
        }}
    """
    path = session("million", steps)
    result, peak = tool.peak("run", "--attach", memcached, "-d", delivery, "-j", 1, path)
    assert result.status == 0, result
    assert 2 * peak < RESIDENT_KIB, f"{peak} KiB in the largest process"
