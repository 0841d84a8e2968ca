"""The figures of ci/bench on the send paths and on replays: every server and every client is measured,
and what can't be measured is told."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
import tool
import wire

sys.path.insert(0, str(tool.ROOT / "ci/lib"))

import replay_rates  # noqa: E402  of ci/lib
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


def test_each_client_is_measured_beside_the_replay_of_its_capture():
    figures = replay_rates.measure(BINARIES, requests=4000, rounds=1)
    assert [f.client for f in figures] == list(replay_rates.CLIENTS)
    for figure in figures:
        assert figure.ratio == figure.replayed / figure.plain > 0, figure
        assert figure.cpu > 0 and figure.memory > 0, figure


class Storing(replay_rates.Client):
    """Adds an item: when that has been recorded once, another time is another answer."""

    def command(self, binaries, place, requests):
        client = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
        add = wire.request(wire.ADD, extras=bytes(8), key=b"k", value=b"v")
        return [sys.executable, "-c", client + f"s.sendall({add!r}); s.recv(24)", place]

    def rate(self, said):
        return 1.0


def test_a_replay_that_differs_gives_no_figure():
    with pytest.raises(replay_rates.Failed, match="DIFFERS"):
        replay_rates.measure(BINARIES, clients=[Storing("storing", 1)], requests=1, rounds=1)


def test_a_server_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(replay_rates, "memcached", lambda *_, megabytes: ["false"])
    with pytest.raises(replay_rates.Failed, match="does not listen on"):
        replay_rates.measure(BINARIES, requests=100, rounds=1)


@pytest.mark.parametrize("words", [[], ["s", "0", "100", "20"], ["s", "1", "9", "20"],
                                   ["s", "1", "100", "9"], ["s", "17", "1000", "20"]])
def test_wrong_words_for_the_counting_client_are_explained(words):
    done = subprocess.run([BINARIES / "count_answers", *words], capture_output=True, text=True)
    assert done.returncode == 2 and "usage: count_answers SOCKET CONNECTIONS" in done.stderr


def test_a_part_that_is_not_there_is_explained():
    done = subprocess.run([tool.ROOT / "ci/bench", "nothing"], capture_output=True, text=True)
    assert done.returncode == 2 and "nothing: should be of cases, everything, " in done.stderr


@pytest.mark.parametrize("met, words, red", [
    (True, [], 0), (False, [], 1), (True, ["--tell"], 0), (False, ["--tell"], 0),
])
def test_an_aim_that_is_missed_is_red_unless_it_is_only_told(
        met, words, red, tmp_path, monkeypatch, capsys):
    bench = tool.program("ci/bench")
    report = tmp_path / "bench.xml"
    row = bench.row("x", 2.0, "s", None, "<= 1", met)
    monkeypatch.setattr(bench, "build", lambda: None)
    monkeypatch.setattr(bench, "PARTS", {"a": lambda: [row]})
    monkeypatch.setattr("sys.argv", ["ci/bench", *words, "--junit", str(report)])
    assert bench.main() == red
    assert ElementTree.parse(report).find("testsuite").get("failures") == str(red)
    assert capsys.readouterr().out.split()[-1] == ("met" if met else "missed")


def test_what_cannot_be_measured_is_red_although_aims_are_only_told(monkeypatch):
    bench = tool.program("ci/bench")

    def fail():
        raise bench.Failed("nothing there")

    monkeypatch.setattr(bench, "build", lambda: None)
    monkeypatch.setattr(bench, "PARTS", {"a": fail})
    monkeypatch.setattr("sys.argv", ["ci/bench", "--tell"])
    with pytest.raises(SystemExit, match="nothing there"):
        bench.main()


def test_each_kind_of_work_on_a_frame_is_measured():
    done = subprocess.run([BINARIES / "frame_costs"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [tuple(words[:3]) for words in lines] == [
        (work, kind, size) for kind, size in (("text", "16"), ("text", "1024"), ("bytes", "1024"))
        for work in ("send", "match", "replay", "tell")]
    for _, _, _, cost, ns, rate, unit in lines:
        assert (float(cost) > 0, ns, float(rate) > 0, unit) == (True, "ns", True, "GB/s"), lines
