"""The figures of ci/bench on the send paths: every server is measured, under both kinds of reader,
and what can't be measured is told."""

import subprocess
import sys

import pytest
import tool

sys.path.insert(0, str(tool.ROOT / "ci/lib"))

import send_paths  # noqa: E402  of ci/lib

BINARIES = tool.MCREPLAY.parent
LOADS = [send_paths.Load("large", 300_000, 20), send_paths.Load("slow", 5_000, 500, slow=True)]
SERVERS = ["memcached", "sendmsg", "copy", "reference"]


def test_each_send_path_is_measured_beside_memcached():
    figures = send_paths.measure(BINARIES, loads=LOADS, rounds=1)
    assert [(f.load, f.server) for f in figures] == [(l, s) for l in LOADS for s in SERVERS]
    for figure in figures:
        assert figure.gets > 0 and figure.memory > 0, figure
        basis = figures[0 if figure.load is LOADS[0] else len(SERVERS)]
        assert figure.gets_ratio == figure.gets / basis.gets, figure
        assert figure.memory_ratio == figure.memory / basis.memory, figure


def test_a_value_that_no_server_takes_is_told():
    with pytest.raises(send_paths.Failed, match="get_values: "):
        send_paths.measure(BINARIES, loads=[send_paths.Load("too large", 3 << 20, 1)], rounds=1)


def test_a_server_that_does_not_start_is_told(tmp_path):
    with pytest.raises(send_paths.Failed, match="does not listen on"):
        with send_paths.serving(["false"], str(tmp_path / "socket")):
            pass


@pytest.mark.parametrize("words", [[], ["s", "0", "1"], ["s", "1", "x"], ["s", "1", "1", "fast"]])
def test_wrong_words_for_the_client_are_explained(words):
    done = subprocess.run([BINARIES / "get_values", *words], capture_output=True, text=True)
    assert done.returncode == 2 and "usage: get_values SOCKET BYTES TIMES" in done.stderr
